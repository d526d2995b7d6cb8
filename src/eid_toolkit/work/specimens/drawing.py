"""Portraits of nobody: a face drawn from circles and curves, with the proportions that a passport picture has."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

_WIDTH, _HEIGHT = 600, 772
_OVERSAMPLING = 2
_EYE_Y, _EYE_DISTANCE = 350, 66
_CENTRE = _WIDTH // 2


@dataclass(frozen=True, slots=True)
class Look:
    """What tells the drawn persons apart: colours as ``#rrggbb``, hair and glasses."""

    skin: str
    hair: str
    clothing: str
    backdrop: str
    long_hair: bool = False
    glasses: bool = False


def draw_portrait(look: Look) -> bytes:
    """A JPEG file of 600 by 772 pixels."""
    from PIL import Image, ImageDraw

    size = (_WIDTH * _OVERSAMPLING, _HEIGHT * _OVERSAMPLING)
    picture = Image.new("RGB", size, look.backdrop)
    _draw(_Pen(ImageDraw.Draw(picture)), look)
    coded = io.BytesIO()
    picture.resize((_WIDTH, _HEIGHT), Image.Resampling.LANCZOS).save(coded, "JPEG", quality=90)
    return coded.getvalue()


@dataclass(frozen=True, slots=True)
class _Pen:
    """Draws in the picture's own pixels whatever the oversampling."""

    target: ImageDraw

    def ellipse(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        self.target.ellipse(_scaled(x - width / 2, y - height / 2, x + width / 2, y + height / 2), colour)

    def ring(self, x: float, y: float, size: float, colour: str) -> None:
        box = _scaled(x - size / 2, y - size / 2, x + size / 2, y + size / 2)
        self.target.ellipse(box, outline=colour, width=4 * _OVERSAMPLING)

    def box(self, left: float, top: float, right: float, bottom: float, colour: str) -> None:
        self.target.rounded_rectangle(_scaled(left, top, right, bottom), 60 * _OVERSAMPLING, colour)

    def arc(self, x: float, y: float, width: float, height: float, angles: tuple[int, int], colour: str) -> None:
        box = _scaled(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        self.target.arc(box, *angles, fill=colour, width=6 * _OVERSAMPLING)

    def text(self, x: float, y: float, text: str, colour: str) -> None:
        from PIL import ImageFont

        font = ImageFont.load_default(44 * _OVERSAMPLING)
        self.target.text((x * _OVERSAMPLING, y * _OVERSAMPLING), text, colour, font=font, anchor="mm")


def _scaled(*coordinates: float) -> tuple[float, ...]:
    return tuple(coordinate * _OVERSAMPLING for coordinate in coordinates)


def _draw(pen: _Pen, look: Look) -> None:
    shade, ink = _darker(look.skin, 0.86), "#2a2320"
    if look.long_hair:
        pen.box(_CENTRE - 158, 250, _CENTRE + 158, 610, look.hair)
    pen.ellipse(_CENTRE, 800, 520, 400, look.clothing)
    pen.box(_CENTRE - 62, 470, _CENTRE + 62, 660, shade)
    pen.ellipse(_CENTRE, 300, 300, 330, look.hair)
    for side in (-1, 1):
        pen.ellipse(_CENTRE + side * 130, 375, 40, 74, shade)
    pen.ellipse(_CENTRE, 370, 262, 350, look.skin)
    pen.ellipse(_CENTRE, 212, 246, 118, look.hair)
    for side in (-1, 1):
        x = _CENTRE + side * _EYE_DISTANCE
        pen.arc(x, _EYE_Y - 22, 72, 40, (200, 340), look.hair)
        pen.ellipse(x, _EYE_Y, 46, 26, "#fbfaf7")
        pen.ellipse(x, _EYE_Y, 24, 24, ink)
        pen.ellipse(x - 5, _EYE_Y - 5, 7, 7, "#ffffff")
        if look.glasses:
            pen.ring(x, _EYE_Y, 96, ink)
    if look.glasses:
        pen.arc(_CENTRE, _EYE_Y, 40, 24, (180, 360), ink)
    pen.arc(_CENTRE, 412, 48, 36, (20, 160), shade)
    pen.ellipse(_CENTRE, 472, 92, 26, "#b4605b")
    pen.arc(_CENTRE, 466, 92, 20, (10, 170), _darker("#b4605b", 0.75))
    pen.text(_CENTRE, 722, "SPECIMEN", "#ffffff")


def _darker(colour: str, factor: float) -> str:
    return "#" + "".join(f"{int(int(colour[at : at + 2], 16) * factor):02x}" for at in (1, 3, 5))
