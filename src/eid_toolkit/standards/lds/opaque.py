"""Data groups that are passed through without being looked into (DG5 to DG10, DG16): tag and content."""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.standards.codec import tlv


@dataclass(frozen=True, slots=True)
class OpaqueFile:
    """A file of one data object."""

    tag: int
    content: bytes

    @classmethod
    def parse(cls, data: bytes) -> OpaqueFile:
        """The whole file; raises :class:`BadInput` if it is more or less than one data object."""
        data_object = tlv.parse(data)
        return cls(data_object.tag, data_object.value)

    def encode(self) -> bytes:
        """The whole file."""
        return tlv.encode(self.tag, self.content)
