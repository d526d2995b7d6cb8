"""Command and response APDUs in short and extended form (ISO/IEC 7816-3 12.1, 7816-4 5.1)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from eid_toolkit.ground.errors import BadInput

MAX_SHORT_NC = 255
MAX_SHORT_NE = 256
MAX_EXTENDED_NC = 65535
MAX_EXTENDED_NE = 65536


@dataclass(frozen=True, slots=True)
class CommandApdu:
    """One command: four header bytes, up to 65535 data bytes, and ``ne``, the most bytes expected back.

    ``ne`` is 0 where no Le field is sent. ``extended`` asks for the long form even where the short one would do;
    a command whose data or ``ne`` do not fit the short form is always long.
    """

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    ne: int = 0
    extended: bool = False

    def __post_init__(self) -> None:
        for name in ("cla", "ins", "p1", "p2"):
            if not 0 <= getattr(self, name) <= 0xFF:
                raise BadInput("apdu-header-range", field=name)
        if len(self.data) > MAX_EXTENDED_NC or not 0 <= self.ne <= MAX_EXTENDED_NE:
            raise BadInput("apdu-too-long", nc=len(self.data), ne=self.ne)

    @property
    def header(self) -> bytes:
        """CLA, INS, P1 and P2."""
        return bytes((self.cla, self.ins, self.p1, self.p2))

    @property
    def is_extended(self) -> bool:
        """Whether :meth:`encode` uses the long form."""
        return self.extended or len(self.data) > MAX_SHORT_NC or self.ne > MAX_SHORT_NE

    @property
    def chained(self) -> bool:
        """Whether more parts of this command follow (7816-4 5.4.1)."""
        return bool(self.cla & 0x10) and not self.cla & 0x40

    def encode(self) -> bytes:
        """The bytes on the line."""
        long = self.is_extended
        body = b""
        if self.data:
            lc = b"\x00" + len(self.data).to_bytes(2, "big") if long else bytes((len(self.data),))
            body = lc + self.data
        if self.ne:
            if not long:
                body += bytes((self.ne & 0xFF,))
            else:
                body += (b"" if self.data else b"\x00") + (self.ne & 0xFFFF).to_bytes(2, "big")
        return self.header + body

    @classmethod
    def decode(cls, raw: bytes) -> CommandApdu:
        """Reads the seven forms of 7816-3 table 12; raises :class:`BadInput` if ``raw`` is none of them."""
        if len(raw) < 4:
            raise BadInput("apdu-truncated", length=len(raw))
        cla, ins, p1, p2 = raw[:4]
        body = raw[4:]
        command = cls(cla, ins, p1, p2)
        if not body:
            return command
        if len(body) == 1:
            return replace(command, ne=body[0] or MAX_SHORT_NE)
        if body[0]:
            data, tail = body[1 : 1 + body[0]], body[1 + body[0] :]
            if len(data) != body[0] or len(tail) > 1:
                raise BadInput("apdu-length-mismatch", length=len(raw))
            return replace(command, data=data, ne=(tail[0] or MAX_SHORT_NE) if tail else 0)
        if len(body) == 3:
            ne = int.from_bytes(body[1:], "big") or MAX_EXTENDED_NE
            return replace(command, ne=ne, extended=True)
        nc = int.from_bytes(body[1:3], "big")
        data, tail = body[3 : 3 + nc], body[3 + nc :]
        if nc == 0 or len(data) != nc or len(tail) not in (0, 2):
            raise BadInput("apdu-length-mismatch", length=len(raw))
        ne = (int.from_bytes(tail, "big") or MAX_EXTENDED_NE) if tail else 0
        return replace(command, data=data, ne=ne, extended=True)


@dataclass(frozen=True, slots=True)
class ResponseApdu:
    """One answer: data and the status word."""

    data: bytes
    sw: int

    @property
    def ok(self) -> bool:
        """Whether the status word is 9000."""
        return self.sw == 0x9000

    def encode(self) -> bytes:
        """The bytes on the line."""
        return self.data + self.sw.to_bytes(2, "big")

    @classmethod
    def decode(cls, raw: bytes) -> ResponseApdu:
        """Splits off the status word; raises :class:`BadInput` if there is none."""
        if len(raw) < 2:
            raise BadInput("apdu-response-truncated", length=len(raw))
        return cls(raw[:-2], int.from_bytes(raw[-2:], "big"))
