"""A small reader program, as written by somebody who has never heard of eid-toolkit: BAC, then EF.COM and DG1.

It talks to a card through any function that takes a command APDU and returns the response. On the command line it
takes the name of a PC/SC reader and the three MRZ fields that open the card:

    python reader.py "Virtual PCD 00 00" U00000001 740812 361119
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

Transmit = Callable[[bytes], bytes]
AID = bytes.fromhex("A0000002471001")


class CardError(Exception):
    """The card refused a command, or its response is wrong."""


def check_digit(text: str) -> str:
    values = (int(c) if c.isdigit() else 0 if c == "<" else ord(c) - 55 for c in text)
    return str(sum(value * (7, 3, 1)[place % 3] for place, value in enumerate(values)) % 10)


def tdes(key: bytes, data: bytes, *, encrypt: bool) -> bytes:
    cipher = Cipher(TripleDES(key + key[:8]), modes.CBC(bytes(8)))
    worker = cipher.encryptor() if encrypt else cipher.decryptor()
    return worker.update(data) + worker.finalize()


def pad(data: bytes) -> bytes:
    return data + b"\x80" + bytes(7 - len(data) % 8)


def retail_mac(key: bytes, padded: bytes) -> bytes:
    first, second = key[:8], key[8:]
    state = Cipher(TripleDES(first * 3), modes.CBC(bytes(8))).encryptor().update(padded)[-8:]
    state = Cipher(TripleDES(second * 3), modes.ECB()).decryptor().update(state)
    return Cipher(TripleDES(first * 3), modes.ECB()).encryptor().update(state)


def derive(seed: bytes, counter: int) -> bytes:
    return hashlib.sha1(seed + counter.to_bytes(4, "big")).digest()[:16]


class Reader:
    def __init__(self, transmit: Transmit) -> None:
        self.transmit = transmit

    def plain(self, command: str, data: bytes = b"", le: int | None = None) -> bytes:
        apdu = bytes.fromhex(command) + (bytes((len(data),)) + data if data else b"")
        answer = self.transmit(apdu + (b"" if le is None else bytes((le & 0xFF,))))
        if answer[-2:] != b"\x90\x00":
            raise CardError(f"{command} answered {answer[-2:].hex()}")
        return answer[:-2]

    def open(self, number: str, birth: str, expiry: str) -> None:
        """Basic Access Control with document number, date of birth and date of expiry (YYMMDD)."""
        number = number.ljust(9, "<")
        fields = "".join(field + check_digit(field) for field in (number, birth, expiry))
        seed = hashlib.sha1(fields.encode()).digest()[:16]
        enc, mac = derive(seed, 1), derive(seed, 2)
        self.plain("00A4040C", AID)
        challenge = self.plain("00840000", le=8)
        nonce, own_key = os.urandom(8), os.urandom(16)
        cryptogram = tdes(enc, nonce + challenge + own_key, encrypt=True)
        message = cryptogram + retail_mac(mac, pad(cryptogram))
        answer = self.plain("00820000", message, le=40)
        if retail_mac(mac, pad(answer[:32])) != answer[32:]:
            raise CardError("the card's answer to BAC does not verify")
        content = tdes(enc, answer[:32], encrypt=False)
        if content[:8] != challenge or content[8:16] != nonce:
            raise CardError("the card answered another challenge")
        shared = bytes(a ^ b for a, b in zip(own_key, content[16:], strict=True))
        self.enc, self.mac = derive(shared, 1), derive(shared, 2)
        self.counter = int.from_bytes(challenge[-4:] + nonce[-4:], "big")

    def secure(self, header: bytes, data: bytes = b"", le: int | None = None) -> bytes:
        """Send one command under secure messaging and return the response data."""
        objects = b""
        if data:
            encrypted = b"\x01" + tdes(self.enc, pad(data), encrypt=True)
            objects = b"\x87" + bytes((len(encrypted),)) + encrypted
        if le is not None:
            objects += b"\x97\x01" + bytes((le & 0xFF,))
        checksum = self._checksum(pad(header) + objects)
        body = objects + b"\x8e\x08" + checksum
        answer = self.transmit(header + bytes((len(body),)) + body + b"\x00")
        return self._opened(answer)

    def _checksum(self, covered: bytes) -> bytes:
        self.counter += 1
        return retail_mac(self.mac, pad(self.counter.to_bytes(8, "big") + covered))

    def _opened(self, answer: bytes) -> bytes:
        body, status = answer[:-2], answer[-2:]
        if len(body) < 10 or self._checksum(body[:-10]) != body[-8:]:
            raise CardError(f"an answer does not verify ({status.hex()})")
        if status != b"\x90\x00":
            raise CardError(f"the card refused ({status.hex()})")
        if body[0] != 0x87:
            return b""
        start = 3 if body[1] == 0x81 else 2
        length = body[start - 1]
        plain = tdes(self.enc, body[start + 1 : start + length], encrypt=False)
        return plain[: plain.rindex(b"\x80")]

    def read(self, short_identifier: int) -> bytes:
        """Read a file of less than 128 bytes, such as EF.COM or DG1."""
        select_and_read = bytes((0x0C, 0xB0, 0x80 | short_identifier, 0))
        head = self.secure(select_and_read, le=2)
        return head + self.secure(bytes((0x0C, 0xB0, 0, 2)), le=head[1])


def mrz_of(transmit: Transmit, number: str, birth: str, expiry: str) -> str:
    """Return the MRZ in DG1."""
    reader = Reader(transmit)
    reader.open(number, birth, expiry)
    dg1 = reader.read(1)
    return dg1[dg1.index(b"\x5f\x1f") + 3 :].decode("ascii")


def transmit_of(name: str) -> tuple[Transmit, Callable[[], None]]:
    """Return a function that talks to the card in a PC/SC reader, and one that releases the card."""
    from smartcard.System import readers

    connection = next(reader for reader in readers() if str(reader) == name).createConnection()
    connection.connect()

    def transmit(command: bytes) -> bytes:
        data, sw1, sw2 = connection.transmit(list(command))
        return bytes((*data, sw1, sw2))

    return transmit, connection.disconnect


if __name__ == "__main__":
    transmit, release = transmit_of(sys.argv[1])
    try:
        print(mrz_of(transmit, *sys.argv[2:5]))
    finally:
        release()
