"""The seam between whoever drives a card and whatever is the card."""

from __future__ import annotations

from typing import Protocol


class Transport(Protocol):
    """A powered card at the end of a line.

    Every method raises :class:`~eid_toolkit.ground.errors.NoCardError` once the card is gone, and
    :class:`~eid_toolkit.ground.errors.ServiceAway` if what lies between is gone.
    """

    @property
    def reader(self) -> str:
        """The reader's name, for a person."""
        ...

    @property
    def atr(self) -> bytes:
        """The card's answer to reset (or what the reader makes up for a contactless card)."""
        ...

    def process(self, command: bytes, /) -> bytes:
        """Send one command APDU; the whole response APDU, status word included."""
        ...

    def reset(self) -> None:
        """Reset the card: every security status is lost."""
        ...

    def close(self) -> None:
        """Power the card off and let the reader go; may be called twice."""
        ...


class PassingTransport:
    """A transport that passes everything on to another: the base of those that listen in."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner

    @property
    def reader(self) -> str:
        """The reader's name, for a person."""
        return self._inner.reader

    @property
    def atr(self) -> bytes:
        """The card's answer to reset."""
        return self._inner.atr

    def process(self, command: bytes, /) -> bytes:
        """Send one command APDU; the whole response APDU, status word included."""
        return self._inner.process(command)

    def reset(self) -> None:
        """Reset the card: every security status is lost."""
        self._inner.reset()

    def close(self) -> None:
        """Power the card off."""
        self._inner.close()


class Card(Protocol):
    """A card made of software."""

    @property
    def atr(self) -> bytes:
        """The answer to reset, 2 to 33 bytes."""
        ...

    def process(self, command: bytes, /) -> bytes:
        """Answer one command APDU; NoCardError if the card loses its power meanwhile."""
        ...

    def reset(self) -> None:
        """Power on, or reset while powered."""
        ...

    def power_off(self) -> None:
        """Lose power."""
        ...
