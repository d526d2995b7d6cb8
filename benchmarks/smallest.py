"""The smallest possible number of APDUs, from buffer sizes, file sizes and protocol rounds: docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.protocols.secure_messaging import capacity

_AES_BLOCK = 16
_STATUS_WORD = 2
_EXTENDED_FRAME = 4 + 3 + 2
"""Header, long Lc and long Le."""
_SCP_MAC = 8
_CREATE, _PART, _ACCESS, _COMPLETE = 9, 10, 4, 3 + 32
"""Data groupings: creating a file, the frame around a part of one, the access protocols, the last with its digest."""

_PACE_ROUNDS = 1 + 4
_OPEN_SCP03 = 2


def inspection(files: Mapping[ElementaryFile, bytes], response_buffer: int) -> int:
    """EF.ATR/INFO and EF.CardAccess, PACE, SELECT, the files of the application, Chip and Active Authentication."""
    room = capacity(response_buffer - _STATUS_WORD, _AES_BLOCK)
    reads = sum(ceil(len(content) / room) for file, content in files.items() if file.in_application)
    return 2 + _PACE_ROUNDS + 1 + reads + 2 + 1


def read_back(files: Mapping[ElementaryFile, bytes], response_buffer: int) -> int:
    """One inspection, EF.DIR, and PACE once more with the MRZ."""
    return inspection(files, response_buffer) + 1 + _PACE_ROUNDS


def writing(files: Mapping[ElementaryFile, bytes], command_buffer: int) -> int:
    """From the blank to the locked card with its locks proved.

    EF.ATR/INFO; SELECT and the chip's identity; SCP03; two states; PUT KEY; SCP03 with the new keys; INSTALL; the
    secrets in one STORE DATA, files and last grouping in as few as they fill; SET STATUS; five attempts to write, the
    last of which needs the application selected.
    """
    return 1 + 2 + _OPEN_SCP03 + 2 + 1 + _OPEN_SCP03 + 1 + 1 + store_data(files, command_buffer) + 1 + 5 + 1


def store_data(files: Mapping[ElementaryFile, bytes], command_buffer: int) -> int:
    """The fewest STORE DATA that carry all files: each filled to the last byte, and every file in one piece."""
    room = (command_buffer - _EXTENDED_FRAME - _SCP_MAC) // _AES_BLOCK * _AES_BLOCK - 1
    data = sum(_CREATE + _PART + len(content) for content in files.values()) + _ACCESS + _COMPLETE
    return ceil(data / room)
