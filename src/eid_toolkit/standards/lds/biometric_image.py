"""Images of fingers and irises as they come from a scanner's software: checked, measured, and put into DG3 and DG4."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.lds.dg3 import Dg3
from eid_toolkit.standards.lds.dg4 import Dg4
from eid_toolkit.standards.lds.finger_record import Finger, FingerView
from eid_toolkit.standards.lds.iris_record import Eye

MAX_IMAGE = 40_000
"""Bytes of one image: two of them, with the portrait, fit the memory of a card."""
_MAX_PIXELS = 4 << 20
_FORMATS = ("JPEG", "JPEG2000", "PNG")
_WSQ_START, _WSQ_FRAME, _WSQ_BLOCKS = b"\xff\xa0", 0xA2, frozenset(range(0xA4, 0xA9))

FINGERS = {finger.name.lower().replace("_", "-"): finger for finger in Finger if 1 <= finger <= 10}
EYES = {"right": Eye.RIGHT, "left": Eye.LEFT}


def fingers_of(images: Mapping[str, bytes]) -> bytes:
    """EF.DG3 of images by finger (``right-index`` …): WSQ, JPEG, JPEG 2000 or PNG; raises :class:`BadInput`."""
    views = []
    for name, image in images.items():
        if name not in FINGERS:
            raise BadInput("finger-unknown", finger=name, known=", ".join(FINGERS))
        width, height = size_of(image)
        views.append(FingerView(image, width, height, FINGERS[name]))
    return Dg3.of_fingers(*views).encode()


def irises_of(images: Mapping[str, bytes]) -> bytes:
    """EF.DG4 of grey images by eye (``right``, ``left``), all of one size; raises :class:`BadInput`."""
    unknown = images.keys() - EYES.keys()
    if unknown:
        raise BadInput("eye-unknown", eye=min(unknown))
    sizes = {size_of(image) for image in images.values()}
    if len(sizes) != 1:
        raise BadInput("irises-of-several-sizes")
    ((width, height),) = sizes
    return Dg4.of_irises(*((EYES[name], image) for name, image in images.items()), width=width, height=height).encode()


def size_of(image: bytes) -> tuple[int, int]:
    """Width and height of an image in pixels; raises :class:`BadInput` for what is none, or is too large."""
    if len(image) > MAX_IMAGE:
        raise BadInput("biometric-image-too-large", size=len(image), limit=MAX_IMAGE)
    width, height = _wsq_size(image) if image.startswith(_WSQ_START) else _file_size(image)
    if not 0 < width * height <= _MAX_PIXELS:
        raise BadInput("biometric-image-unreadable")
    return width, height


def _file_size(image: bytes) -> tuple[int, int]:
    """From the header alone: nothing is decoded."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(image), formats=_FORMATS) as opened:
                return opened.width, opened.height
    except Exception:  # the readers raise nearly every kind of exception on damaged headers
        raise BadInput("biometric-image-unreadable") from None


def _wsq_size(image: bytes) -> tuple[int, int]:
    """Height and width in the frame header of WSQ (FBI IAFIS-IC-0110), behind tables that are passed over."""
    at = len(_WSQ_START)
    while at + 4 <= len(image) and image[at] == 0xFF:
        marker, length = image[at + 1], int.from_bytes(image[at + 2 : at + 4], "big")
        if marker == _WSQ_FRAME and at + 10 <= len(image):
            return int.from_bytes(image[at + 8 : at + 10], "big"), int.from_bytes(image[at + 6 : at + 8], "big")
        if marker not in _WSQ_BLOCKS or length < 2:
            break
        at += 2 + length
    raise BadInput("biometric-image-unreadable")
