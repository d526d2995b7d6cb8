"""EF.DIR: the applications on the card (ICAO Doc 9303-10 3.11.2, ISO/IEC 7816-4 12.3.2)."""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.iso7816.files import EMRTD_AID

_APPLICATION_TEMPLATE = 0x61
_AID = 0x4F


@dataclass(frozen=True, slots=True)
class EfDir:
    """The application templates, each as the objects in it."""

    templates: tuple[tuple[Tlv, ...], ...] = ((Tlv(_AID, EMRTD_AID),),)

    @classmethod
    def parse(cls, data: bytes) -> EfDir:
        """The whole file; raises :class:`BadInput` if it holds anything but application templates."""
        templates = []
        for item in tlv.iterate(data):
            templates.append(tlv.parse(item.encode(), _APPLICATION_TEMPLATE).children())
        return cls(tuple(templates))

    def encode(self) -> bytes:
        """The whole file."""
        return b"".join(
            tlv.encode(_APPLICATION_TEMPLATE, *(item.encode() for item in template)) for template in self.templates
        )

    @property
    def applications(self) -> tuple[bytes, ...]:
        """The application identifiers, in the file's order."""
        return tuple(item.value for template in self.templates for item in template if item.tag == _AID)
