"""A machine readable zone in the making: fields are put in their places, check digits behind them."""

from __future__ import annotations

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.lds.mrz_layout import LAYOUTS, SHORT_NUMBER, MrzFormat, check_digit


class MrzWriter:
    """Begins with nothing but fillers; :meth:`text` ends it."""

    __slots__ = ("_characters", "_format", "_layout")

    def __init__(self, format: MrzFormat) -> None:
        self._format = format
        self._layout = LAYOUTS[format]
        self._characters = ["<"] * (format.line_count * format.line_length)

    def put(self, field: str, place: slice, value: str) -> None:
        """Write ``value`` at the start of its place; raises :class:`BadInput` if it is longer than that."""
        limit = place.stop - place.start
        if len(value) > limit:
            raise BadInput("mrz-field-too-long", field=field, limit=limit)
        self._characters[place.start : place.start + len(value)] = value

    def put_checked(self, field: str, place: slice, value: str) -> None:
        """The same, with the check digit of the whole field behind it."""
        self.put(field, place, value)
        self._characters[place.stop] = check_digit("".join(self._characters[place]))

    def put_number(self, number: str, optional: str) -> None:
        """The document number, which may go on in the optional data, and these."""
        layout = self._layout
        if self._format is MrzFormat.TD3:
            self.put_checked("document_number", layout.document_number, number)
            # The check digit of no optional data may be a filler (9303-4 4.2.2.2, position 43).
            (self.put_checked if optional else self.put)("optional_data", layout.optional_data, optional)
        elif len(number) > SHORT_NUMBER:
            if "<" in number:  # the filler ends the number: what stood behind it would be lost
                raise BadInput("mrz-long-number-with-filler")
            # 9303-5 4.2.2 note j: the rest, its check digit and a filler come before the optional data.
            rest = f"{number[SHORT_NUMBER:]}{check_digit(number)}<{optional}"
            self.put("document_number", layout.document_number, number[:SHORT_NUMBER])
            self.put("optional_data", layout.optional_data, rest.rstrip("<"))
        else:
            self.put_checked("document_number", layout.document_number, number)
            self.put("optional_data", layout.optional_data, optional)

    def text(self) -> str:
        """All characters, with the composite check digit."""
        text = "".join(self._characters)
        checked = "".join(text[part] for part in self._layout.composite)
        self._characters[self._layout.composite_check_digit] = check_digit(checked)
        return "".join(self._characters)
