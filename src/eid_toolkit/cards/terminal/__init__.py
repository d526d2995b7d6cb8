"""Drives a card: sessions, chip access, reading, authentication, and the issuer security domain."""
