"""Names in national letters come out as the MRZ needs them."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.mrz import Mrz, MrzFormat
from eid_toolkit.standards.lds.transliteration import fold, transliterate

VIETNAMESE = {
    "Nguyễn Văn An": "NGUYEN<<VAN<AN",
    "Trần Thị Bích Ngọc": "TRAN<<THI<BICH<NGOC",
    "Lê Hoàng Đức": "LE<<HOANG<DUC",
    "Phạm Thùy Dương": "PHAM<<THUY<DUONG",
    "Huỳnh Ngọc Ánh": "HUYNH<<NGOC<ANH",
    "Hoàng Thị Mỹ Lệ": "HOANG<<THI<MY<LE",
    "Phan Đình Phùng": "PHAN<<DINH<PHUNG",
    "Vũ Trọng Phụng": "VU<<TRONG<PHUNG",
    "Võ Thị Sáu": "VO<<THI<SAU",
    "Đặng Thái Sơn": "DANG<<THAI<SON",
    "Bùi Xuân Phái": "BUI<<XUAN<PHAI",
    "Đỗ Nhuận": "DO<<NHUAN",
    "Hồ Xuân Hương": "HO<<XUAN<HUONG",
    "Ngô Bảo Châu": "NGO<<BAO<CHAU",
    "Dương Quỳnh Hoa": "DUONG<<QUYNH<HOA",
    "Lý Thường Kiệt": "LY<<THUONG<KIET",
    "Đinh Bộ Lĩnh": "DINH<<BO<LINH",
    "Trịnh Công Sơn": "TRINH<<CONG<SON",
    "Mai Hắc Đế": "MAI<<HAC<DE",
    "Tạ Quang Bửu": "TA<<QUANG<BUU",
    "Lương Thế Vinh": "LUONG<<THE<VINH",
    "Chử Đồng Tử": "CHU<<DONG<TU",
    "Tôn Nữ Diệu Huyền": "TON<<NU<DIEU<HUYEN",
    "Cao Bá Quát": "CAO<<BA<QUAT",
    "Kiều Thanh Quế": "KIEU<<THANH<QUE",
    "Âu Dương Lân": "AU<<DUONG<LAN",
    "Ông Ích Khiêm": "ONG<<ICH<KHIEM",
    "Ỷ Lan": "Y<<LAN",
    "Ưng Hoàng Ngọc Ẩn": "UNG<<HOANG<NGOC<AN",
    "Phùng Khắc Khoan": "PHUNG<<KHAC<KHOAN",
}


def _mrz(name: str) -> Mrz:
    surname, _, given = name.partition(" ")
    return Mrz.compose(
        MrzFormat.TD1,
        document_code="ID",
        issuing_state="VNM",
        document_number="099000017",
        primary_identifier=surname,
        secondary_identifier=given,
        nationality="VNM",
        date_of_birth=PartialDate(1999, 1, 1),
        sex="M",
        date_of_expiry=PartialDate.of(date(2039, 1, 1)),
    )


@pytest.mark.parametrize(("name", "expected"), VIETNAMESE.items())
def test_thirty_vietnamese_names_give_one_mrz_in_composed_and_in_decomposed_form(name: str, expected: str) -> None:
    composed = _mrz(unicodedata.normalize("NFC", name))
    decomposed = _mrz(unicodedata.normalize("NFD", name))
    assert composed == decomposed
    assert composed.lines[2].rstrip("<") == expected


def test_there_are_thirty_of_them() -> None:
    assert len(VIETNAMESE) == 30


@pytest.mark.parametrize("lookalike", ["\u0110", "\u0111", "\u00d0", "\u00f0", "\u0189", "\u0256"])
def test_every_letter_that_looks_like_d_with_stroke_is_d(lookalike: str) -> None:
    assert transliterate(f"{lookalike}inh") == "DINH"
    assert fold(f"{lookalike}inh") == "DINH"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Müller", "MUELLER"),
        ("Strauß", "STRAUSS"),
        ("STRAUẞ", "STRAUSS"),
        ("Ærøskøbing", "AEROESKOEBING"),
        ("Þórr", "THORR"),
        ("Łódź", "LODZ"),
        ("ĳssel", "IJSSEL"),
        ("Ibáñez", "IBANEZ"),
        ("İnönü ışık", "INOENUE ISIK"),
        ("O’Connor", "OCONNOR"),
        ("Smith-Jones", "SMITH JONES"),
        ("  van   der\tMuellen ", "VAN DER MUELLEN"),
        ("Dr. Who", "DR WHO"),
        ("King, Jr", "KING JR"),
        ("Șerban Țepeș", "SERBAN TEPES"),
        ("ŉ", "N"),
    ],
)
def test_table_a_and_the_rules_of_punctuation(text: str, expected: str) -> None:
    assert transliterate(text) == expected
    assert transliterate(unicodedata.normalize("NFD", text)) == expected


TABLE_A = {
    "A": "ÁÀÂÃĂĀĄ", "AA": "Å", "AE": "ÄÆ", "C": "ĆĈČĊÇ", "D": "ĐĎ", "E": "ÉÈÊËĚĖĒĘĔ", "G": "ĜĞĠĢ", "H": "ĦĤ",
    "I": "ıÍÌÎÏİĨĪĬĮ", "IJ": "Ĳ", "J": "Ĵ", "K": "Ķ", "L": "ŁĹĽĻĿ", "N": "ŃŇŅŊÑ", "O": "ÓÒÔÕŐŌŎ", "OE": "ÖØŒ",
    "R": "ŔŖŘ", "S": "ŚŜŞŠ", "SS": "ß", "T": "ŦŤŢ", "TH": "Þ", "U": "ÚÙÛŨŬŰŮŪŲ", "UE": "Ü",
    "W": "Ŵ", "Y": "ŶÝŸ", "Z": "ŹŽŻ",
}  # fmt: skip


@pytest.mark.parametrize(("expected", "letters"), TABLE_A.items())
def test_every_letter_of_table_a_has_its_first_rendering(expected: str, letters: str) -> None:
    for letter in (*letters, *(letter.lower() for letter in letters)):
        assert transliterate(letter) == expected
        assert transliterate(unicodedata.normalize("NFD", letter)) == expected


def test_a_profile_may_choose_another_rendering() -> None:
    assert transliterate("Müller Ñandú", {"Ü": "UXX", "Ñ": "NXX"}) == "MUXXLLER NXXANDU"


@pytest.mark.parametrize("text", ["Иванова", "王", "A\u202eB", "A\x1b[2J", "A\u0000"])
def test_what_has_no_letter_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        transliterate(text)
    assert caught.value.code == "name-not-transliterable"


def test_search_finds_names_with_and_without_marks() -> None:
    assert fold("Nguyễn Thị Ánh") == fold("nguyen  thi anh") == "NGUYEN THI ANH"
    assert fold("Müller") == fold("muller") == "MULLER"
    assert fold("Smith-Jones") == "SMITH JONES"
    assert fold("王 \u202e") == "王 \u202e"
