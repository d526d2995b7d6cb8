"""Cards that answer command APDUs: in a PC/SC reader, made of software, or behind any object of the caller's."""

from __future__ import annotations

import os
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from eid_toolkit.api.passwords import Can, Mrz
from eid_toolkit.cards.transport.interface import PassingTransport, Transport
from eid_toolkit.ground.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from eid_toolkit.api.trust import Trust
    from eid_toolkit.work.cardspec import SpecimenCard

_SPEC = "spec:"
_SPEC_SUFFIXES = (".toml", ".yaml", ".yml")


class CardLike(Protocol):
    """What is taken for a card: a command APDU in, the whole response APDU out, status word included.

    If it has ``reset()``, that is called where a failed protocol has to be begun anew; ``reader`` and ``atr`` are
    noted in the evidence.
    """

    def process(self, command: bytes, /) -> bytes:
        """Answer one command APDU."""
        ...


class Card(PassingTransport):
    """A powered card, until it is closed: ``process(bytes) -> bytes``, ``reset()``, ``reader`` and ``atr``."""

    def __enter__(self) -> Card:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class EmulatedCard(Card):
    """A card made of software, and what its holder, its issuer and its inspector know of it."""

    def __init__(self, made: SpecimenCard) -> None:
        from eid_toolkit.cards.transport.inprocess import InProcessTransport

        super().__init__(InProcessTransport(made.card, "emulated"))
        self._made = made

    def __enter__(self) -> EmulatedCard:
        return self

    @property
    def can(self) -> Can:
        """What is printed on it; raises :class:`UsageError` for a blank, which has nothing printed on it."""
        return Can(self._made.can or _blank())

    @property
    def mrz(self) -> Mrz:
        """The MRZ that is printed on it; raises :class:`UsageError` for a blank."""
        return Mrz((self._made.mrz or _blank()).text)

    @property
    def trust(self) -> Trust:
        """What believes it: its own specimen authority's CSCA certificate and revocation list."""
        from eid_toolkit.api.trust import Trust

        return Trust(self._made.trust)

    @property
    def now(self) -> datetime:
        """The card's own time: that of its issue where the spec has ``at``, else the machine's."""
        return self._made.clock.now()


def open_reader(spec: str | int | os.PathLike[str], *, wait: float = 0.0) -> Card:
    """Open the card in a reader, for this program alone; a context manager that powers the card off at its end.

    ``spec`` is a PC/SC reader by its name, a part of the name that fits just one, or its number (from 1). A path to a
    card spec, or ``spec:`` and what :func:`emulate` takes, is an emulated card. ``wait`` is how many seconds a card is
    waited for.

    Raises :class:`NoReaderError`, :class:`CardAbsent`, and :class:`ReaderAway` where no PC/SC service answers or
    another program holds the card.
    """
    if isinstance(spec, os.PathLike):
        return emulate(spec)
    text = str(spec)
    if text.startswith(_SPEC) or text.endswith(_SPEC_SUFFIXES):
        return emulate(text.removeprefix(_SPEC))
    from eid_toolkit.cards.transport.pcsc import PcscTransport, resolve_reader

    return Card(PcscTransport(resolve_reader(text), wait))


def emulate(spec: str | os.PathLike[str] | Mapping[str, Any] = "utopia-id", /, **fields: Any) -> EmulatedCard:
    """A card made of software: ``with emulate("utopia-id") as card: card.process(apdu)``. Specimens only.

    ``spec`` is the name of a shipped card spec (``utopia-id``, ``vietnam``, ``clone``) or of a document profile
    (``vn-cccd``, ``sgp-id``, ``td2``, ``passport``), the path of a card spec, or its fields in a mapping; ``fields``
    take the place of the spec's own (``forgery="clone"``, ``faults=[{"fault": "power-lost", "at": 12}]``):
    docs/card-spec.md has them all.

    Raises :class:`BadInput` for a spec that is none, or asks for what cannot be.
    """
    from eid_toolkit.work.cardspec.making import make
    from eid_toolkit.work.cardspec.shipped_specs import is_name, shipped_specs

    if isinstance(spec, str) and is_name(spec) and spec not in shipped_specs():
        return EmulatedCard(make({"profile": spec}, fields))
    return EmulatedCard(make(spec, fields))


def transport_of(card: CardLike) -> Transport:
    """The card as what drives it wants it."""
    if isinstance(card, PassingTransport):
        return card
    return _Wrapped(card)


class _Wrapped:
    """An object of the caller's that has ``process``; the rest where it has it."""

    def __init__(self, card: CardLike) -> None:
        if not callable(getattr(card, "process", None)):
            raise TypeError(f"a card has process(bytes) -> bytes, which {type(card).__name__} has not")
        self._card = card

    @property
    def reader(self) -> str:
        return str(getattr(self._card, "reader", type(self._card).__name__))

    @property
    def atr(self) -> bytes:
        return bytes(getattr(self._card, "atr", b""))

    def process(self, command: bytes, /) -> bytes:
        return bytes(self._card.process(command))

    def reset(self) -> None:
        reset = getattr(self._card, "reset", None)
        if callable(reset):  # without one, the next command in plain ends the session (9303-11 9.8.3)
            reset()

    def close(self) -> None:
        """It is the caller's."""


def _blank() -> Any:
    raise UsageError("emulated-card-blank")
