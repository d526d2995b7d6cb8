"""The files of an eMRTD and where they stand (ICAO Doc 9303-10 3.6 and 4, tables 38 and 39).

The identifiers 011C and 011D and the short identifiers 1C to 1E name different files in the master file and in
the application, so a file is always named by its enum member and never by its number alone.
"""

from __future__ import annotations

from enum import Enum

EMRTD_AID = bytes.fromhex("A0000002471001")
"""The eMRTD application (9303-10 4.1)."""
MF_FID = 0x3F00
MAX_EF_SIZE = 0xFFFF
"""The largest EF in bytes that a card of this toolkit holds."""

_DG_TAGS = (0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70)


class ElementaryFile(Enum):
    """One EF: label, file identifier, short identifier, tag of its content, and whether it is in the application."""

    CARD_ACCESS = ("EF.CardAccess", 0x011C, 0x1C, None, False)
    CARD_SECURITY = ("EF.CardSecurity", 0x011D, 0x1D, None, False)
    ATR_INFO = ("EF.ATR/INFO", 0x2F01, 0x01, None, False)
    DIR = ("EF.DIR", 0x2F00, 0x1E, None, False)
    COM = ("EF.COM", 0x011E, 0x1E, 0x60, True)
    SOD = ("EF.SOD", 0x011D, 0x1D, 0x77, True)
    CVCA = ("EF.CVCA", 0x011C, 0x1C, None, True)
    DG1 = ("EF.DG1", 0x0101, 0x01, _DG_TAGS[0], True)
    DG2 = ("EF.DG2", 0x0102, 0x02, _DG_TAGS[1], True)
    DG3 = ("EF.DG3", 0x0103, 0x03, _DG_TAGS[2], True)
    DG4 = ("EF.DG4", 0x0104, 0x04, _DG_TAGS[3], True)
    DG5 = ("EF.DG5", 0x0105, 0x05, _DG_TAGS[4], True)
    DG6 = ("EF.DG6", 0x0106, 0x06, _DG_TAGS[5], True)
    DG7 = ("EF.DG7", 0x0107, 0x07, _DG_TAGS[6], True)
    DG8 = ("EF.DG8", 0x0108, 0x08, _DG_TAGS[7], True)
    DG9 = ("EF.DG9", 0x0109, 0x09, _DG_TAGS[8], True)
    DG10 = ("EF.DG10", 0x010A, 0x0A, _DG_TAGS[9], True)
    DG11 = ("EF.DG11", 0x010B, 0x0B, _DG_TAGS[10], True)
    DG12 = ("EF.DG12", 0x010C, 0x0C, _DG_TAGS[11], True)
    DG13 = ("EF.DG13", 0x010D, 0x0D, _DG_TAGS[12], True)
    DG14 = ("EF.DG14", 0x010E, 0x0E, _DG_TAGS[13], True)
    DG15 = ("EF.DG15", 0x010F, 0x0F, _DG_TAGS[14], True)
    DG16 = ("EF.DG16", 0x0110, 0x10, _DG_TAGS[15], True)

    def __init__(self, label: str, fid: int, sfi: int, tag: int | None, in_application: bool) -> None:
        self.label = label
        self.fid = fid
        self.sfi = sfi
        self.tag = tag
        self.in_application = in_application

    @property
    def data_group(self) -> int | None:
        """The data group's number, or None for any other file."""
        return self.fid - 0x100 if self.in_application and 0x101 <= self.fid <= 0x110 else None

    @property
    def file_name(self) -> str:
        """The name under which the file is exported: ``EF_DG1.bin``."""
        return self.label.replace("/", "_").replace(".", "_") + ".bin"

    @classmethod
    def of_data_group(cls, number: int) -> ElementaryFile:
        """The EF of data group ``number`` (1 to 16); ValueError otherwise."""
        if not 1 <= number <= 16:
            raise ValueError(f"no data group {number}")
        return cls[f"DG{number}"]

    @classmethod
    def by_label(cls, label: str) -> ElementaryFile:
        """The EF called ``label``; KeyError if there is none."""
        return _BY_LABEL[label]


_BY_LABEL = {file.label: file for file in ElementaryFile}
