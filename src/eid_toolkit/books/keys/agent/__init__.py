"""The agent: one process that holds one operator's keys for a limited time, and does with them what it is asked for."""
