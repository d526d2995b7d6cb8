"""Every test here that has a home runs on both databases."""

from support.homes import both_backends

__all__ = ["both_backends"]
