"""The tamper-evident log of every change of state."""
