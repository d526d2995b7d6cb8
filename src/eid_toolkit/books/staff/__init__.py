"""Operators with their roles, and decisions by two of them."""
