"""Keeping the register: back-ups, erasure and statistics."""
