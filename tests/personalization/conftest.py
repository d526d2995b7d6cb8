"""The bureau that these tests work in."""

from support.bureau import bureau

__all__ = ["bureau"]
