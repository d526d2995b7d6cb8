"""The eMRTD application of the emulated card."""
