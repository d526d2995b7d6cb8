"""Drawn fingerprints and irises, for specimens: patterns of lines and rings that are nobody's."""

from __future__ import annotations

import io
import math

from eid_toolkit.ground.ports import Entropy
from eid_toolkit.standards.lds.dg3 import Dg3
from eid_toolkit.standards.lds.dg4 import Dg4
from eid_toolkit.standards.lds.finger_record import Finger, FingerView
from eid_toolkit.standards.lds.iris_record import Eye

_FINGER_SIZE, _IRIS_SIZE = (120, 160), (96, 72)
_FINGERS = (Finger.RIGHT_INDEX, Finger.LEFT_INDEX, *(finger for finger in Finger if 1 <= finger <= 10))
_QUALITY = 40


def fingerprints(count: int, entropy: Entropy) -> Dg3:
    """EF.DG3 of this many fingers, the index fingers first; random content by the issuer where there are none."""
    chosen = tuple(dict.fromkeys(_FINGERS))[:count]
    if not chosen:
        return Dg3((), entropy.take(16))
    views = [
        FingerView(_drawn(_FINGER_SIZE, number / 3), *_FINGER_SIZE, finger) for number, finger in enumerate(chosen)
    ]
    return Dg3.of_fingers(*views)


def irises(count: int, entropy: Entropy) -> Dg4:
    """EF.DG4 of this many eyes, the right one first; random content by the issuer where there are none."""
    chosen = (Eye.RIGHT, Eye.LEFT)[:count]
    if not chosen:
        return Dg4((), entropy.take(16))
    width, height = _IRIS_SIZE
    return Dg4.of_irises(*((eye, _drawn(_IRIS_SIZE, eye / 2)) for eye in chosen), width=width, height=height)


def _drawn(size: tuple[int, int], phase: float) -> bytes:
    """Rings around a point beside the middle, as a grey JPEG."""
    from PIL import Image

    width, height = size
    pixels = bytes(
        int(127 + 120 * math.sin(phase + math.hypot(x - width * 0.55, (y - height * 0.45) * 0.8) / 2))
        for y in range(height)
        for x in range(width)
    )
    coded = io.BytesIO()
    Image.frombytes("L", size, pixels).save(coded, "JPEG", quality=_QUALITY)
    return coded.getvalue()
