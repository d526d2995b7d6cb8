"""Agencies that may look into the register, and the notices that they are sent."""
