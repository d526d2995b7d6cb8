"""How a file was written: the encoding of its objects, and the words to judge it by (X.690 8.1 and 10.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.work.conformance.case import Condition
from eid_toolkit.work.conformance.facts import Facts
from eid_toolkit.work.conformance.outcomes import NotConforming
from eid_toolkit.work.conformance.probe import Probe

T = TypeVar("T")


def has(*files: ElementaryFile) -> Condition:
    """The condition that the files could be read."""

    def condition(facts: Facts) -> str | None:
        missing = [file.label for file in files if not facts.has(file)]
        return f"{', '.join(missing)} could not be read" if missing else None

    return condition


def read(probe: Probe, file: ElementaryFile, parse: Callable[[bytes], T]) -> T:
    """A file as it was read before the cases; fails the case where it is not there or does not parse."""
    content = probe.facts.files.get(file)
    if content is None:
        raise NotConforming(f"{file.label} could not be read")
    return parsed(content, file.label, parse)


def parsed(content: bytes, what: str, parse: Callable[[bytes], T]) -> T:
    """What ``parse`` makes of the bytes; fails the case where they are malformed."""
    try:
        return parse(content)
    except BadInput as error:
        raise NotConforming(f"{what} is malformed ({error})") from None


def shortest(data: bytes) -> bytes:
    """The same objects with every length in its shortest form; raises :class:`BadInput` for what are no objects."""
    return b"".join(
        tlv.encode(item.tag, shortest(item.value) if item.constructed else item.value) for item in tlv.iterate(data)
    )


def is_shortest(data: bytes) -> bool:
    """Whether every length is written in its shortest form, as DER asks."""
    return shortest(data) == data
