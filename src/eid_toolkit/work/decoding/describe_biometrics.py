"""Faces, fingers and irises as plain data, for `eid decode`: what is said of each image, never the image itself."""

from __future__ import annotations

from enum import IntEnum
from hashlib import sha256
from typing import Any

from eid_toolkit.standards.lds.biometric_block import BiometricObject
from eid_toolkit.standards.lds.biometric_templates import RECORD_19794
from eid_toolkit.standards.lds.dg2 import Dg2
from eid_toolkit.standards.lds.dg3 import Dg3
from eid_toolkit.standards.lds.dg4 import Dg4
from eid_toolkit.standards.lds.encoded_image import EncodedImage
from eid_toolkit.standards.lds.face_block import FaceBlock
from eid_toolkit.standards.lds.face_record import FaceRecord
from eid_toolkit.standards.lds.finger_block import FingerBlock, FingerBlockFormat, SamplingUnit
from eid_toolkit.standards.lds.finger_record import PER_CENTIMETRE, PER_INCH, Finger, FingerCompression, FingerRecord
from eid_toolkit.standards.lds.iris_block import IrisBlock, IrisBlockFormat
from eid_toolkit.standards.lds.iris_record import Eye, IrisFormat, IrisRecord

Plain = dict[str, Any]

_RECORD_UNITS = {PER_INCH: "inch", PER_CENTIMETRE: "centimetre"}


def faces(dg2: Dg2) -> Plain:
    """EF.DG2."""
    encodings = [_format(template.data.TAG, 5) for template in dg2.templates]
    return {"encodings": encodings, "images": [_file(image) for image in dg2.images]}


def fingers(dg3: Dg3) -> Plain:
    """EF.DG3; sizes in pixels, resolution in pixels per unit."""
    templates = [
        {"format": _format(template.data.TAG, 4), "images": _finger_images(template.data)} for template in dg3.templates
    ]
    return {"templates": templates, **_issuer_content(dg3.issuer_content)}


def irises(dg4: Dg4) -> Plain:
    """EF.DG4; sizes in pixels."""
    templates = [
        {"format": _format(template.data.TAG, 6), "images": _iris_images(template.data)} for template in dg4.templates
    ]
    return {"templates": templates, **_issuer_content(dg4.issuer_content)}


def block(data: BiometricObject) -> Plain:
    """A record or block outside an EF."""
    if isinstance(data, FaceRecord):
        return {"images": [_file(EncodedImage(face.image)) for face in data.images]}
    if isinstance(data, FaceBlock):
        return {"images": [_file(EncodedImage(image)) for image in data.images]}
    if isinstance(data, FingerRecord | FingerBlock):
        return {"images": _finger_images(data)}
    return {"images": _iris_images(data)}


def _finger_images(data: FingerRecord | FingerBlock) -> list[Plain]:
    if isinstance(data, FingerBlock):
        return [
            {
                "finger": _word(Finger, image.position),
                "width": None,
                "height": None,
                "horizontal_resolution": image.samples,
                "vertical_resolution": image.samples,
                "resolution_unit": _word(SamplingUnit, image.sampling_unit),
                "compression": _word(FingerBlockFormat, image.image_format),
                **_file(EncodedImage(image.image)),
            }
            for image in data.images
        ]
    horizontal, vertical = data.image_resolution
    return [
        {
            "finger": _word(Finger, view.position),
            "width": view.width,
            "height": view.height,
            "horizontal_resolution": horizontal,
            "vertical_resolution": vertical,
            "resolution_unit": _RECORD_UNITS.get(data.scale_units, f"code {data.scale_units}"),
            "compression": _word(FingerCompression, data.compression),
            **_file(EncodedImage(view.image)),
        }
        for view in data.views
    ]


def _iris_images(data: IrisRecord | IrisBlock) -> list[Plain]:
    if isinstance(data, IrisBlock):
        return [
            {
                "eye": _word(Eye, image.eye),
                "width": None,
                "height": None,
                "iris_diameter": None,
                "compression": _word(IrisBlockFormat, image.image_format),
                **_file(EncodedImage(image.image)),
            }
            for image in data.images
        ]
    return [
        {
            "eye": _word(Eye, eye.eye),
            "width": data.width,
            "height": data.height,
            "iris_diameter": data.iris_diameter or None,
            "compression": _word(IrisFormat, data.image_format),
            **_file(EncodedImage(image.image)),
        }
        for eye in data.eyes
        for image in eye.images
    ]


def _file(image: EncodedImage) -> Plain:
    return {"media_type": image.media_type, "size": len(image.data), "sha256": sha256(image.data).hexdigest()}


def _format(tag: int, part: int) -> str:
    return f"{'19794' if tag == RECORD_19794 else '39794'}-{part}"


def _issuer_content(content: bytes | None) -> Plain:
    if content is None:
        return {}
    return {"issuer_content": {"size": len(content), "sha256": sha256(content).hexdigest()}}


def _word(codes: type[IntEnum], code: int | None) -> str | None:
    """A code in words, or its number if the standard's version here has no words for it."""
    if code is None:
        return None
    try:
        return codes(code).name.lower().replace("_", " ")
    except ValueError:
        return f"code {code}"
