"""EF.COM: versions and the list of data groups (ICAO Doc 9303-10 4.6.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.tag_list import TAG_LIST, read_tag_list, write_tag_list

_TAG = 0x60
_LDS_VERSION = 0x5F01
_UNICODE_VERSION = 0x5F36
_NUMBER_OF_TAG = {
    file.tag: file.data_group for file in ElementaryFile if file.tag is not None and file.data_group is not None
}


@dataclass(frozen=True, slots=True)
class Com:
    """Versions in digits (``0107``, ``040000``) and the tags of the data groups, in the file's order."""

    tags: tuple[int, ...]
    lds_version: str = "0108"
    unicode_version: str = "040000"

    @classmethod
    def of_data_groups(cls, numbers: Iterable[int]) -> Com:
        """The file for a card with these data groups; version 1.8 goes with version 1 of EF.SOD (9303-10 4.6.2)."""
        files = map(ElementaryFile.of_data_group, sorted(numbers))
        return cls(tuple(file.tag for file in files if file.tag is not None))

    @classmethod
    def parse(cls, data: bytes) -> Com:
        """The whole file; raises :class:`BadInput` if one of its three objects is missing or malformed."""
        objects = tlv.parse(data, _TAG).children()
        if tuple(item.tag for item in objects) != (_LDS_VERSION, _UNICODE_VERSION, TAG_LIST):
            raise BadInput("com-malformed")
        lds_version, unicode_version, tags = (item.value for item in objects)
        if not (lds_version + unicode_version).isdigit():
            raise BadInput("com-malformed")
        return cls(read_tag_list(tags), lds_version.decode("ascii"), unicode_version.decode("ascii"))

    def encode(self) -> bytes:
        """The whole file."""
        return tlv.encode(
            _TAG,
            tlv.encode(_LDS_VERSION, self.lds_version.encode("ascii")),
            tlv.encode(_UNICODE_VERSION, self.unicode_version.encode("ascii")),
            tlv.encode(TAG_LIST, write_tag_list(self.tags)),
        )

    @property
    def data_groups(self) -> tuple[int, ...]:
        """The numbers of the data groups listed; tags that belong to none are left out."""
        return tuple(_NUMBER_OF_TAG[tag] for tag in self.tags if tag in _NUMBER_OF_TAG)
