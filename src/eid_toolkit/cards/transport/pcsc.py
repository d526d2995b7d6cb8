"""Cards in PC/SC readers, through pyscard's binding of pcsc-lite.

pyscard's own classes raise from three unrelated exception trees; here its C binding is called and each result
code becomes one of our errors in a single table.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from eid_toolkit.cards.transport.bounded import BoundedCalls
from eid_toolkit.ground.errors import (
    CardAbsent,
    CardRemoved,
    EidError,
    NoCardError,
    NoReaderError,
    ReaderAway,
    ServiceAway,
)

ANSWER_LIMIT = 60.0
"""Seconds that a card may take for one command: those that delay an answer after wrong passwords take some."""
_CLOSING_LIMIT = 5.0
"""Seconds that powering off may take; it goes on without being waited for."""
_UNSIGNED = 0xFFFFFFFF
"""Results come as signed or unsigned numbers of 32 bits."""
_POLL = 0.1
"""Seconds between two looks for a card; waiting inside PC/SC would not hear Ctrl-C."""

_ERRORS: dict[str, tuple[type[EidError], str]] = {
    "SCARD_E_NO_SERVICE": (ReaderAway, "pcsc-service-away"),
    "SCARD_E_SERVICE_STOPPED": (ReaderAway, "pcsc-service-away"),
    "SCARD_E_INVALID_HANDLE": (ReaderAway, "pcsc-service-away"),  # pcscd was restarted
    "SCARD_F_COMM_ERROR": (ReaderAway, "pcsc-service-away"),  # pcscd was killed
    "SCARD_W_SECURITY_VIOLATION": (ServiceAway, "pcsc-not-permitted"),  # polkit said no
    "SCARD_E_SHARING_VIOLATION": (ReaderAway, "reader-busy"),
    "SCARD_E_UNKNOWN_READER": (NoReaderError, "reader-gone"),
    "SCARD_E_READER_UNAVAILABLE": (NoReaderError, "reader-gone"),
    "SCARD_E_NO_SMARTCARD": (CardAbsent, "no-card"),
    "SCARD_W_REMOVED_CARD": (CardRemoved, "card-removed"),
    "SCARD_E_NOT_TRANSACTED": (CardRemoved, "card-removed"),  # pulled within an exchange
    "SCARD_W_RESET_CARD": (CardRemoved, "card-reset"),  # another program did
    "SCARD_W_UNRESPONSIVE_CARD": (NoCardError, "card-unresponsive"),
    "SCARD_W_UNPOWERED_CARD": (NoCardError, "card-unresponsive"),
    "SCARD_E_PROTO_MISMATCH": (NoCardError, "card-unresponsive"),
}
"""What each result means here, by the name that pyscard has for it."""


@dataclass(frozen=True, slots=True)
class ReaderStatus:
    """One reader: its full name and the ATR of the card in it, or None where it is empty."""

    name: str
    atr: bytes | None
    events: int
    """How often pcscd has noticed that a card came or went (pcsc-lite, SCardGetStatusChange)."""

    @property
    def is_left(self) -> bool:
        """Whether pcscd has noticed that the last card is gone.

        An ATR of None does not say so. If a program ends its connection to a card that was just pulled, pcscd tells
        of an empty reader before the thread has noticed that watches the reader; a card that is put in before it
        looks again is to this thread the one that was there, and PC/SC never sees it.
        """
        return self.events % 2 == 0


def list_readers() -> tuple[ReaderStatus, ...]:
    """The readers that pcscd knows, in its order. Raises :class:`ServiceAway` where no pcscd answers."""
    with _context() as context:
        return tuple(_status(context, name) for name in _names(context))


def find_reader(reader: str, names: Sequence[str]) -> str:
    """The reader meant by its full name, its number (from 1) or a part that fits just one, whatever the case.

    Raises :class:`NoCardError` if there is none or more than one.
    """
    if reader in names:
        return reader
    if reader.isdecimal() and not reader.startswith("0") and int(reader) <= len(names):
        return names[int(reader) - 1]
    fitting = [name for name in names if reader.casefold() in name.casefold()]
    if len(fitting) > 1:
        raise NoReaderError("reader-ambiguous", reader=reader, readers=", ".join(fitting))
    if not fitting:
        raise NoReaderError("reader-not-found", reader=reader, readers=", ".join(names) or "none")
    return fitting[0]


def resolve_reader(reader: str) -> str:
    """The full name of the reader meant, of those that there are now; see :func:`find_reader`."""
    return find_reader(reader, [status.name for status in list_readers()])


def has_card(reader: str) -> bool:
    """Whether a card is in the reader now."""
    return status_of(reader).atr is not None


def status_of(reader: str) -> ReaderStatus:
    """The reader of this full name as it is now."""
    with _context() as context:
        return _status(context, reader)


def wait_for_removal(reader: str, events: int | None = None) -> None:
    """Returns when the card is gone that was in the reader at this count of :attr:`ReaderStatus.events`, or is now.

    Another card may be in the reader by then.
    """
    with _context() as context:
        status = _status(context, reader)
        counted = status.events if events is None else events
        while status.atr is not None and status.events == counted:
            time.sleep(_POLL)
            status = _status(context, reader)


class PcscTransport:
    """A card in the reader called ``reader``, for this program alone.

    The connection is exclusive: another program's commands in between would break secure messaging, or worse,
    a personalization. Raises :class:`NoCardError` if no card comes within ``wait`` seconds, and
    :class:`ServiceAway` if pcscd is away or another program holds the card. A card that does not answer within
    ``limit`` seconds is given up with :class:`NoCardError`, ``card-silent``; PC/SC gives its reader free when the card
    has answered or is gone.
    """

    def __init__(self, reader: str, wait: float = 0.0, limit: float | None = None) -> None:
        scard = _scard()
        self._reader, self._limit = reader, ANSWER_LIMIT if limit is None else limit
        self._handle: int | None = None
        self._disposition = scard.SCARD_UNPOWER_CARD
        self._context: int | None = _establish()
        self._calls = BoundedCalls(f"pcsc {reader}")
        try:
            self._wait_for_card(wait)
            result, self._handle, self._protocol = self._bounded(
                scard.SCardConnect,
                self._context,
                reader,
                scard.SCARD_SHARE_EXCLUSIVE,
                scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1,
            )
            if result != scard.SCARD_S_SUCCESS:
                self._handle = None
                raise _error(result, reader)
            self._atr = self._read_atr()
        except BaseException:
            self.close()
            raise

    @property
    def reader(self) -> str:
        return self._reader

    @property
    def atr(self) -> bytes:
        return self._atr

    def process(self, command: bytes, /) -> bytes:
        scard = _scard()
        header = scard.SCARD_PCI_T0 if self._protocol == scard.SCARD_PROTOCOL_T0 else scard.SCARD_PCI_T1
        result, response = self._bounded(scard.SCardTransmit, self._connected(), header, list(command))
        if result == scard.SCARD_S_SUCCESS and len(response) >= 2:
            return bytes(response)
        # To power down a card that was pulled would make pcscd miss the next one in some readers.
        self._disposition = scard.SCARD_LEAVE_CARD
        if result != scard.SCARD_S_SUCCESS:
            raise _error(result, self._reader)
        # So vpcd tells of a card pulled within an exchange: "success" without a status word.
        raise CardRemoved("card-removed", reader=self._reader)

    def reset(self) -> None:
        scard = _scard()
        self._read_atr()  # SCardReconnect would go on with the next card in the place of one that was pulled
        result, self._protocol = self._bounded(
            scard.SCardReconnect,
            self._connected(),
            scard.SCARD_SHARE_EXCLUSIVE,
            scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1,
            scard.SCARD_RESET_CARD,
        )
        if result != scard.SCARD_S_SUCCESS:
            raise _error(result, self._reader)

    def close(self) -> None:
        if self._context is not None:
            self._calls.leave(partial(_let_go, self._context, self._handle, self._disposition), _CLOSING_LIMIT)
            self._context = self._handle = None

    def _bounded(self, call: Callable[..., Any], *arguments: object) -> Any:
        try:
            return self._calls.run(partial(call, *arguments), self._limit)
        except TimeoutError:
            raise NoCardError("card-silent", reader=self._reader, seconds=f"{self._limit:g}") from None

    def _connected(self) -> int:
        if self._handle is None:
            raise CardAbsent("no-card", reader=self._reader)
        return self._handle

    def _read_atr(self) -> bytes:
        scard = _scard()
        result, _reader, _state, _protocol, atr = self._bounded(scard.SCardStatus, self._connected())
        if result != scard.SCARD_S_SUCCESS:
            raise _error(result, self._reader)
        return bytes(atr)

    def _wait_for_card(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while _status(self._context, self._reader).atr is None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise CardAbsent("no-card", reader=self._reader)
            time.sleep(min(_POLL, left))


def _let_go(context: int, handle: int | None, disposition: int) -> None:
    scard = _scard()
    if handle is not None:
        scard.SCardDisconnect(handle, disposition)
    scard.SCardReleaseContext(context)


def _scard() -> Any:
    """pyscard's C binding, loaded when first used. Raises :class:`ServiceAway` where it does not load."""
    try:
        from smartcard import scard
    except ImportError as error:
        raise ServiceAway("pcsc-library-missing", cause=str(error)) from None
    return scard


def _error(result: int, reader: str) -> EidError:
    scard, code = _scard(), result & _UNSIGNED
    by_code = {getattr(scard, constant) & _UNSIGNED: meant for constant, meant in _ERRORS.items()}
    kind, name = by_code.get(code, (ServiceAway, "pcsc-failed"))
    return kind(name, reader=reader, result=f"{code:08X}", meaning=scard.SCardGetErrorMessage(result))


def _is_closed(result: int) -> bool:
    """Whether pcscd closed the connection: what the library then tells is that it is not allowed."""
    return result & _UNSIGNED == int(_scard().SCARD_W_SECURITY_VIOLATION) & _UNSIGNED


def _of_admitted(result: int) -> int:
    """What a result means to somebody whom pcscd had admitted before."""
    return int(_scard().SCARD_E_NO_SERVICE) if _is_closed(result) else result


def _establish() -> int:
    scard = _scard()
    result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    if _is_closed(result):  # a pcscd that ended just then is away the second time, one that admits nobody is not
        time.sleep(_POLL)
        result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    if result != scard.SCARD_S_SUCCESS:
        raise _error(result, "")
    return int(context)


@contextmanager
def _context() -> Iterator[int]:
    context = _establish()
    try:
        yield context
    finally:
        _scard().SCardReleaseContext(context)


def _names(context: int) -> list[str]:
    scard = _scard()
    result, names = scard.SCardListReaders(context, [])
    if result == scard.SCARD_E_NO_READERS_AVAILABLE:
        return []
    if result != scard.SCARD_S_SUCCESS:
        raise _error(_of_admitted(result), "")
    return list(names)


def _status(context: int | None, name: str) -> ReaderStatus:
    scard = _scard()
    result, states = scard.SCardGetStatusChange(context, 0, [(name, scard.SCARD_STATE_UNAWARE)])
    if result != scard.SCARD_S_SUCCESS:
        raise _error(_of_admitted(result), name)
    _name, state, atr = states[0]
    return ReaderStatus(name, bytes(atr) if state & scard.SCARD_STATE_PRESENT else None, state >> 16 & 0xFFFF)
