"""The groups of `eid pki`."""
