"""What ends a case before its last step."""

from __future__ import annotations


class NotConforming(Exception):
    """The chip did something else than the case expects; the message says what."""


class NotAtHand(Exception):
    """The case needs something of the chip that an ordinary reading did not bring; the message says what."""
