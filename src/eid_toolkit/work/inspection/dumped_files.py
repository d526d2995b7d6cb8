"""Files of a chip that another tool has dumped, as evidence: told from one another by their tags, or by their names.

Nobody saw a chip here, so nothing is said of how it was opened, or whether it is the one that was issued.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.iso7816.files import MAX_EF_SIZE, ElementaryFile
from eid_toolkit.work.inspection.evidence import FROM_FILES, AccessEvidence, Evidence, FileEvidence, FileState

MAX_FILES = 64
"""How many files of one chip are looked at; one has some twenty."""
MAX_FILE = MAX_EF_SIZE
"""The largest file in bytes."""

_BY_TAG = {file.tag: file for file in ElementaryFile if file.tag is not None}
_BY_NAME = {re.sub("[^a-z]", "", file.label.lower()): file for file in ElementaryFile if file.tag is None}
_MRZ = b"\x5f\x1f"
_SERIES = (ElementaryFile.ATR_INFO, ElementaryFile.DIR)
"""Files of several data objects, one behind another."""


def whole_object(content: bytes) -> bytes | None:
    """The data object that a file of a chip is, without what fills the file up behind it; None if it is none.

    A reader takes as many bytes as the object has, while there are tools that dump the whole of a file as the chip
    keeps it. Behind an object nothing but 00 or FF can be that; other texts begin with such tags by chance.
    """
    try:
        _, start, length = tlv.read_header(content)
    except BadInput:
        return None
    end = start + length
    return content[:end] if end <= len(content) and not content[end:].strip(b"\x00\xff") else None


def recognized(name: str, content: bytes) -> ElementaryFile | None:
    """Which file of a chip this is: those without a tag of their own by their names, all others by their tags."""
    letters = re.sub("[^a-z]", "", name.lower().partition(".bin")[0])
    for label, file in _BY_NAME.items():
        if letters.endswith((label, label.removeprefix("ef"))):
            return file
    try:
        tag, start, _ = tlv.read_header(content)
    except BadInput:
        return None
    if tag == ElementaryFile.DG1.tag and content[start : start + 2] != _MRZ:
        return None  # EF.DIR has templates of the same tag
    return _BY_TAG.get(tag)


def evidence_of(files: Iterable[tuple[str, bytes]], now: datetime) -> tuple[Evidence, tuple[str, ...]]:
    """Evidence of files by name and content, and the names of those that are no files of a chip.

    Raises :class:`BadInput` where two are the same file with different contents, and where no EF.SOD is among them.
    """
    by_file: dict[ElementaryFile, FileEvidence] = {}
    strange = []
    for name, content in files:
        file = recognized(name, content) if len(content) <= MAX_FILE else None
        whole = content if file in _SERIES else whole_object(content)
        if file is None or whole is None:
            strange.append(name)
            continue
        content = whole
        if file in by_file and by_file[file].content != content:
            raise BadInput("dumped-file-twice", file=file.label, name=name)
        by_file[file] = FileEvidence(FileState.READ, content)
    if ElementaryFile.SOD not in by_file:
        raise BadInput("dumped-files-without-sod")
    return Evidence(now, 0.0, "", b"", AccessEvidence(FROM_FILES), by_file), tuple(strange)
