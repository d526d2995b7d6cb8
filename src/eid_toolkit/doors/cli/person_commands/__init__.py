"""The commands of `eid person`."""
