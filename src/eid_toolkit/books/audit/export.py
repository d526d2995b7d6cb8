"""An export of the audit log: JSON Lines that can be verified without the register, the home and any passphrase.

The lines, in this order:

- ``{"schema": "eid-audit-key/1", "pem": …}``: the public key of the checkpoints; missing where nothing is signed yet;
- beside the key, ``foundation``: the home's identifier, whether it is a demo, and the staff key, which endorses people;
- a line for each row, without ``schema``: ``position``, ``time``, ``operator``, ``action``, ``subject``, ``detail``
  (an object), ``previous`` and ``hash``; the hash is SHA-256 over the canonical JSON (sorted keys, no blanks, NFC) of
  the other keys, with ``detail`` as its own canonical JSON in a string;
  a row that puts a state there has ``kind``, ``version`` and ``state`` too, and one from since there are several
  chains ``chain`` and ``number``, in the line and in what is hashed;
- before the first signature in it, each session: ``{"schema": "eid-audit-session/1", "id": …, "statement": …,
  "signature": …}``, and behind the last row that it covers, each signature: ``{"schema": "eid-audit-signature/1",
  "chain": …, "last": …, "first": …, "position": …, "session": …, "signature": …}``;
- behind the row that it signs, each checkpoint: ``{"schema": "eid-audit-checkpoint/1", …}`` as
  :mod:`eid_toolkit.books.audit.statements` describes it;
- ``{"schema": "eid-audit-export-end/1", "rows": …, "head": …, "heads": …}``: the position of the last row, the head of
  all chains, and number and hash of each chain's newest row; an export without it was cut off by accident.

The last line binds nothing: who takes rows away at the end writes another one. Up to a checkpoint that was kept
elsewhere nothing is missing; whether rows behind the last one are, an export cannot tell.

A row that this software cannot have written is exported as far as JSON has it, and is found by its hash: text that is
not UTF-8 with a lone surrogate for each byte, bytes as ``{"hex": …}``, a detail that is not canonical JSON as a string.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, BinaryIO

from eid_toolkit.books.audit.log_head import Heads, root
from eid_toolkit.books.audit.rows import OFFICE, PLACE, TOLD, StoredRow, as_text, is_text
from eid_toolkit.books.audit.sessions import Voucher, read_voucher
from eid_toolkit.books.audit.signed_walk import SignedRun
from eid_toolkit.books.audit.statements import SCHEMA as CHECKPOINT_SCHEMA
from eid_toolkit.books.audit.statements import AuditKey, Checkpoint
from eid_toolkit.books.audit.walk import AuditResult, Item, begin
from eid_toolkit.books.keys.foundation import Foundation
from eid_toolkit.books.ledger.canonical import canonical
from eid_toolkit.ground.errors import BadInput, IntegrityBroken
from eid_toolkit.ground.plain_values import from_plain, parse_json, to_plain

KEY_SCHEMA, END_SCHEMA = "eid-audit-key/1", "eid-audit-export-end/1"
SESSION_SCHEMA, SIGNATURE_SCHEMA = "eid-audit-session/1", "eid-audit-signature/1"
_LINE_LIMIT = 1 << 20


class Exporting:
    """An export that is written while its rows and checkpoints pass on to whoever judges them."""

    def __init__(
        self,
        items: Iterable[Item],
        key: AuditKey | None,
        foundation: Foundation,
        write: Callable[[str], object],
    ) -> None:
        self._items = items
        self._key = key
        self._foundation = foundation
        self._write = write
        self.whole = False
        """Whether it is written to its end."""

    def items(self) -> Iterator[Item]:
        """Each item, when its line is written; the last line follows when all are taken."""
        position, heads = 0, dict[str, tuple[int, str]]()
        if self._key is not None:
            pem = self._key.to_pem().decode()
            self._write(_line({"schema": KEY_SCHEMA, "pem": pem, "foundation": to_plain(self._foundation)}))
        for item in self._items:
            match item:
                case Checkpoint():
                    self._write(_line(item.to_json()))
                case StoredRow():
                    position = item.position
                    chain, number = item.place
                    heads[chain] = (number, as_text(item.hash))
                    values = item._asdict()
                    told, place = (
                        {name: values[name] for name in names}
                        if any(values[name] is not None for name in names)
                        else {}
                        for names in (TOLD, PLACE)
                    )
                    plain = {name: value for name, value in values.items() if name not in (*TOLD, *PLACE)}
                    self._write(_line({**plain, "detail": _detail(item.detail), **told, **place}))
                case SignedRun():
                    self._write(_line({"schema": SIGNATURE_SCHEMA, **to_plain(item)}))
                case (identifier, voucher):
                    stored = {"id": identifier, "statement": voucher.statement}
                    self._write(_line({"schema": SESSION_SCHEMA, **stored, "signature": voucher.signature.hex()}))
            yield item
        ends = {chain: list(end) for chain, end in sorted(heads.items())}
        self._write(_line({"schema": END_SCHEMA, "rows": position, "head": root(heads), "heads": ends}))
        self.whole = True


def verify_export(
    stream: BinaryIO,
    key: AuditKey | None = None,
    kept: Checkpoint | None = None,
    processes: int = 1,
    tell: Callable[[], object] | None = None,
) -> tuple[AuditResult, AuditKey | None]:
    """Judge an export by ``key``, else by its own, which then is not proved itself; the key is returned.

    ``kept`` is a checkpoint of the log that was kept elsewhere; ``tell`` is called now and then. Raises
    :class:`BadInput` for a file that is no export, :class:`IntegrityBroken` for a line that cannot be read, and if the
    key has not signed what was kept.
    """
    reading = _Reading(stream)
    own = reading.key()
    from eid_toolkit.books.audit.verifying import judge

    key = key or own
    if kept is not None:
        check_kept(kept, key)
    seen = () if kept is None else (kept,)
    state = begin(key, seen=seen, foundation=reading.foundation)
    return judge(state, reading.items(), lambda: reading.end, processes, tell), key


def check_kept(kept: Checkpoint, key: AuditKey | None) -> None:
    """Raises :class:`IntegrityBroken` if a checkpoint that was kept elsewhere was not signed by the key, or none is."""
    if key is None:
        raise IntegrityBroken("audit-key-missing")
    if not kept.is_signed_by(key):
        raise IntegrityBroken("audit-kept-foreign", row=kept.position)


class _Reading:
    """The lines of an export, one after the other."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._number = 0
        self._waiting: dict[str, Any] | None = None
        self.end: tuple[int, Heads] | None = None
        self.foundation: Foundation | None = None

    def key(self) -> AuditKey | None:
        """The export's own key, from its first line."""
        try:
            first = self._next()
        except IntegrityBroken:
            raise BadInput("audit-export-none") from None
        match first:
            case {"schema": "eid-audit-key/1", "pem": str(pem)}:
                try:
                    if first is not None and "foundation" in first:
                        self.foundation = from_plain(Foundation, first["foundation"], strict=True)
                    return AuditKey.read(pem.encode())
                except (BadInput, ValueError):
                    raise self._damaged() from None
            case {"position": int(), "hash": str()}:
                self._waiting = first
                return None
        raise BadInput("audit-export-none")

    def items(self) -> Iterator[Item]:
        """Rows, signatures and checkpoints up to the end."""
        while (values := self._take()) is not None:
            if self.end is not None:
                raise self._damaged()
            match values:
                case {"schema": str(schema)} if schema == CHECKPOINT_SCHEMA:
                    try:
                        yield from_plain(Checkpoint, values)
                    except ValueError:
                        raise self._damaged() from None
                case {"schema": str(schema)} if schema == SIGNATURE_SCHEMA:
                    try:
                        yield from_plain(SignedRun, _without_schema(values), strict=True)
                    except ValueError:
                        raise self._damaged() from None
                case {"schema": str(schema), "id": str(identifier)} if schema == SESSION_SCHEMA:
                    voucher = _voucher(identifier, values)
                    if voucher is None:
                        raise self._damaged()
                    yield identifier, voucher
                case {"schema": str(schema), "rows": int(rows), "head": str(head)} if schema == END_SCHEMA:
                    self.end = (rows, _heads(values.get("heads", {OFFICE: [rows, head]})))
                case _:
                    yield self._row(values)

    def _row(self, values: dict[str, Any]) -> StoredRow:
        without = [part for part in (TOLD, PLACE) if not values.keys() & set(part)]
        names = set(StoredRow._fields).difference(*without)
        if values.keys() != names or not isinstance(values["position"], int):
            raise self._damaged()
        try:
            detail = canonical(values["detail"])
        except (ValueError, RecursionError):
            raise self._damaged() from None
        return StoredRow(**{**values, "detail": detail})

    def _take(self) -> dict[str, Any] | None:
        if self._waiting is not None:
            values, self._waiting = self._waiting, None
            return values
        return self._next()

    def _next(self) -> dict[str, Any] | None:
        line = self._stream.readline(_LINE_LIMIT + 1)
        if not line:
            return None
        self._number += 1
        try:
            values = parse_json(line) if len(line) <= _LINE_LIMIT else None
        except ValueError:
            values = None
        if not isinstance(values, dict):
            raise self._damaged()
        return values

    def _damaged(self) -> IntegrityBroken:
        return IntegrityBroken("audit-export-damaged", line=self._number)


def _detail(text: Any) -> Any:
    """The object that the text is; text that is not its canonical JSON stays text, else it would be made good again."""
    try:
        value = parse_json(text)
        return value if canonical(value) == text else text
    except (ValueError, TypeError, RecursionError):
        return text


def _line(values: dict[str, Any]) -> str:
    line = json.dumps(values, ensure_ascii=False, default=_odd)
    return (line if is_text(line) else json.dumps(values, default=_odd)) + "\n"


def _odd(value: object) -> object:
    return {"hex": value.hex()} if isinstance(value, (bytes, memoryview)) else repr(value)


def _heads(values: object) -> Heads:
    """The heads that an export ends with; none for anything else, which the walk tells."""
    with suppress(ValueError, TypeError, AttributeError):
        return {str(chain): (int(number), str(newest)) for chain, (number, newest) in values.items()}  # type: ignore[attr-defined]
    return {}


def _without_schema(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "schema"}


def _voucher(identifier: str, values: dict[str, Any]) -> Voucher | None:
    try:
        return read_voucher(identifier, values["statement"], bytes.fromhex(values["signature"]))
    except (ValueError, TypeError, KeyError):
        return None
