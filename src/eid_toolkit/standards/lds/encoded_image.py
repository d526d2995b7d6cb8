"""Image files inside data groups, told by their first bytes (ICAO Doc 9303-10 4.7.2 to 4.7.4)."""

from __future__ import annotations

from dataclasses import dataclass

JPEG, JPEG_2000, JPEG_2000_CODESTREAM = "image/jpeg", "image/jp2", "image/j2c"
WSQ, PNG = "image/x-wsq", "image/png"

_MEDIA_TYPES = {
    b"\xff\xd8\xff": JPEG,
    b"\x00\x00\x00\x0cjP": JPEG_2000,
    b"\xff\x4f\xff\x51": JPEG_2000_CODESTREAM,
    b"\xff\xa0\xff": WSQ,
    b"\x89PNG\r\n\x1a\n": PNG,
    b"P5": "image/x-portable-graymap",
    b"P6": "image/x-portable-pixmap",
}


@dataclass(frozen=True, slots=True)
class EncodedImage:
    """An image file and its media type, told from its first bytes (``application/octet-stream`` if unknown)."""

    data: bytes

    @property
    def media_type(self) -> str:
        """``image/jpeg``, ``image/jp2``, ``image/j2c`` (a bare codestream), ``image/x-wsq`` or another one."""
        for magic, media_type in _MEDIA_TYPES.items():
            if self.data.startswith(magic):
                return media_type
        return "application/octet-stream"
