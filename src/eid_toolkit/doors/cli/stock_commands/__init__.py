"""The commands of `eid stock`."""
