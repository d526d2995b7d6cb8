"""People with long names get a card that passes, of every document type (ICAO Doc 9303-4, -5 and -6, 4.2.3)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eid_toolkit.work.cardspec import build
from eid_toolkit.work.inspection.verdict import Decision
from support.spec_cards import SEEDED, inspect

PERSON = {"date_of_birth": "1990-05-05", "sex": "F", "nationality": "UTO", "personal_number": "001190000017"}
NAMES = [
    ("Bennelong Wooloomooloo Warrandyte Warnambool", "Dingo Potoroo"),
    ("Nilavadhanananda", "Chayapa Dejthamrong Krasuang"),
    ("Công Tằng Tôn Nữ", "Phương Thị Hoàng Anh Nguyễn Ngọc"),
    ("Nguyễn Phúc Công Huyền Tôn Nữ", "Như Thị Ánh Dương"),
    ("Fernández de Córdoba y Álvarez de Toledo", "María del Rosario Cayetana"),
    ("Ruiz-Gallardón Jiménez-Fontán", "José María de los Ángeles"),
    ("Wolfeschlegelsteinhausenbergerdorff", "Hubert Blaine"),
    ("Özgüroğlu-Müller von der Mühlenböck", "Jörg-Günther"),
    ("A B C D E F G H I J K L M N O P Q R S T", ""),
]


@pytest.mark.parametrize("profile", ["utopia-id", "vn-cccd", "td2", "passport"])
@pytest.mark.parametrize(("primary", "secondary"), NAMES)
def test_a_card_with_a_long_name_passes(profile: str, primary: str, secondary: str) -> None:
    person = PERSON | {"primary_identifier": primary, "secondary_identifier": secondary}
    verdict = inspect(build(replace(SEEDED, profile=profile, person=person))).verdict
    assert verdict.decision is Decision.PASSED
