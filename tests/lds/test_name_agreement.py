"""The MRZ's name agrees with the full name wherever the standards let the one stand for the other, and only there."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.mrz import Mrz, MrzFormat
from eid_toolkit.standards.lds.mrz_layout import LAYOUTS
from eid_toolkit.standards.lds.name_agreement import names_agree
from eid_toolkit.standards.lds.transliteration import transliterate

LONG = "Bennelong Wooloomooloo Warrandyte Warnambool<<Dingo Potoroo"
THAI = "Nilavadhanananda<<Chayapa Dejthamrong Krasuang"


def composed(size: MrzFormat, primary: str, secondary: str = "", overrides: dict[str, str] | None = None) -> Mrz:
    return Mrz.compose(
        size,
        document_code="P" if size is MrzFormat.TD3 else "I",
        issuing_state="UTO",
        document_number="L898902C3",
        primary_identifier=primary,
        secondary_identifier=secondary,
        nationality="UTO",
        date_of_birth=PartialDate(1974, 8, 12),
        sex="F",
        date_of_expiry=PartialDate.of(date(2034, 4, 15)),
        overrides=overrides,
    )


def with_name(name: str, size: MrzFormat | None = None) -> Mrz:
    """An MRZ whose name field says this; without a size, the one that the name fills."""
    place = {form: LAYOUTS[form].name for form in MrzFormat}
    size = size or next(form for form in MrzFormat if place[form].stop - place[form].start == len(name))
    text = composed(size, "X").text
    field = name.ljust(place[size].stop - place[size].start, "<")
    return Mrz(size, text[: place[size].start] + field + text[place[size].stop :])


@pytest.mark.parametrize(
    ("shown", "full"),
    [
        # 9303-4 4.2.3.2 and 4.2.3.3
        ("NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<K", THAI),
        ("NILAVADHANANANDA<<ARNPOL<PETCH<CHARONGU", "Nilavadhanananda<<Arnpol Petch Charonguang"),
        ("BENNELONG<WOOLOOMOOLOO<WARRANDYTE<W<<DI", LONG),
        ("BENNELONG<WOOLOOM<WARRAND<WARNAM<<DINGO", LONG),
        ("BENNEL<WOOLOO<WARRAN<WARNAM<<DINGO<POTO", LONG),
        ("PAPANDROPOULOUS<<JONATHON<WARREN<TREVOR", "Papandropoulous<<Jonathon Warren Trevor"),
        # 9303-5 4.2.3
        ("NILAVADHANANANDA<<CHAYAPA<DE<K", THAI),
        ("NILAVADHANANANDA<<ARNPOL<PE<CH", "Nilavadhanananda<<Arnpol Petch Charonguang"),
        ("BENNELONG<WOOLOOMOOLOO<W<W<<DI", LONG),
        ("BENNELONG<WOOLOOM<WA<WARN<<D<P", LONG),
        ("BENNE<WOOLO<WARRA<WARNA<<DIN<P", LONG),
        ("VILARCHAO<FERNANDEZ<<JOSE<RAMO", "Vilarchao Fernandez<<Jose Ramon"),
        # 9303-6 4.2.3
        ("NILAVADHANANANDA<<CHAYAPA<DEJ<K", THAI),
        ("NILAVADHANANANDA<<ARN<PET<CHARO", "Nilavadhanananda<<Arnpol Petch Charonguang"),
        ("BENNELONG<WOOLOOMOOLOO<W<W<<D<P", LONG),
        ("BENNELONG<WOOLOOM<WAR<WARN<<D<P", LONG),
        ("BENNEL<WOOLO<WARRA<WARNA<<DIN<P", LONG),
    ],
)
def test_the_truncated_names_of_the_standards_agree_with_the_full_ones(shown: str, full: str) -> None:
    assert names_agree(with_name(shown), full)
    assert not names_agree(with_name(shown), "Eriksson<<Anna Maria")


@pytest.mark.parametrize(
    ("shown", "full"),
    [
        # 9303-3 4.6: punctuation
        ("DARTAGNAN<<CHARLES", "D'Artagnan<<Charles"),
        ("D<ARTAGNAN<<CHARLES", "D’Artagnan<<Charles"),
        ("SMITH<JONES<<MARIE<ELISE", "Smith-Jones<<Marie-Elise"),
        ("SMITHJONES<<MARIE<ELISE", "Smith-Jones<<Marie Elise"),
        ("ERIKSSON<<ANNA<MARIA", "Eriksson, Anna, Maria"),
        ("DRWHO<<JOHN", "Dr.Who<<John"),
        # 9303-3 4.6 and 3.4: titles and numerals
        ("KING<<MARTIN", "King Jr.<<Dr. Martin"),
        ("KING<<MARTIN<JR", "King, Jr<<Martin"),
        ("BORBON<<JUAN<CARLOS<II", "Borbón<<Juan Carlos 2"),
        ("BORBON<<JUAN<CARLOS", "Borbón<<Juan Carlos II"),
        ("HENRY<XIV<<LOUIS", "Henry XIV<<Louis"),
        # 9303-3 6, table A: the choices
        ("MUELLER<<SOEREN", "Müller<<Søren"),
        ("MULLER<<SOREN", "Müller<<Søren"),
        ("MUXXLLER<<NXXANDU", "Müller<<Ñandú"),
        ("JOXXRG<<AASE", "Jörg<<Åse"),
        ("HAGGLOF<<ASA", "Hägglöf<<Åsa"),
        ("STRAUSS<<THOR<AETHEL", "Strauß<<Þor Æðel".replace("ð", "th")),
        ("NGUYEN<<THI<ANH<DUONG", "Nguyễn<<Thị Ánh Dương"),
        # how a file may divide a name, or not divide it
        ("NGUYEN<<VAN<AN", "NGUYỄN VĂN AN"),
        ("NGUYEN<VAN<AN", "Nguyễn<<Văn An"),
        ("ERIKSSON<<ANNA<MARIA", "Anna Maria Eriksson"),
        ("VAN<DER<MUELLEN<<MARTIN", "Martin van der Muellen"),
        ("VAN<DER<MUELLEN<<MARTIN", "vanderMuellen<<Martin"),
        ("ARKFREITH", "Arkfreith"),
        ("ERIKSSON<<ANNA", "Eriksson"),
        ("IVANOVA<<ANNA", "ИВАНОВА АННА/IVANOVA, ANNA"),
        ("WANG<<XIAOMING", "王<<小明"),
        # 9303-4 4.1.1.1, fields 06 and 07: the most important components, others as initials
        ("GARCIA<<JOSE<R", "García López<<José Ramón"),
    ],
)
def test_other_ways_to_write_the_same_name_agree(shown: str, full: str) -> None:
    assert names_agree(with_name(shown, MrzFormat.TD3), full)


@pytest.mark.parametrize(
    ("shown", "full"),
    [
        ("ERIKSSON<<ANNA", "Svensson<<Anna"),
        ("ERIKSSON<<ANNA", "Eriksson<<Maria"),
        ("ERIKSSON<<ANNA<MARIA", "Eriksson<<Anna"),
        ("ERIKSSON", "Eriksson<<Anna"),
        ("ANNA", "Eriksson<<Anna"),
        ("ERIKSSON<<ANNA", "Anna<<Eriksson"),
        ("ERIK<<ANNA", "Eriksson<<Anna"),
        ("E<<ANNA", "Eriksson<<Anna"),
        ("ERIKSSON<<AN", "Eriksson<<Anna"),
        ("MUEXXLLER<<ANNA", "Müller<<Anna"),
        ("BORBON<<JUAN<III", "Borbón<<Juan 2"),
        ("NGUYEN<<VAN<AN", "NGUYEN VAN BINH"),
        ("BENNELONG<WOOLOOMOOLOO<W<W<<DJ", LONG),
        ("BENNE<WOOLO<WARRA<WARNX<<DIN<P", LONG),
        ("X" * 30, "X" * 1100),
    ],
)
def test_another_name_does_not_agree(shown: str, full: str) -> None:
    size = None if len(shown) >= 30 else MrzFormat.TD3
    assert not names_agree(with_name(shown, size), full)


NATIONAL = "ABDEGIKLMNORSTUVXYZÄÅÆÇÐĐÉĦİĲŁÑŊÖØŒẞÞÜƠƯẠỄ'’-.aeßıž"
NAMES = st.lists(st.text(NATIONAL, min_size=1, max_size=25), min_size=1, max_size=9).map(" ".join)
OVERRIDES = st.fixed_dictionaries(
    {}, optional={"Ä": st.just("A"), "Å": st.just("A"), "Ñ": st.just("NXX"), "Ü": st.sampled_from(["U", "UXX"])}
)


@given(st.sampled_from(list(MrzFormat)), NAMES, st.one_of(st.just(""), NAMES), OVERRIDES)
def test_every_name_that_can_be_issued_agrees_with_its_own_mrz(
    size: MrzFormat, primary: str, secondary: str, overrides: dict[str, str]
) -> None:
    try:
        mrz = composed(size, primary, secondary, overrides)
    except BadInput:  # a name of nothing but punctuation
        return
    assert names_agree(mrz, f"{primary}<<{secondary}")
    assert names_agree(mrz, f"{primary} {secondary}")


@given(st.sampled_from(list(MrzFormat)), NAMES, NAMES, st.data())
def test_no_name_agrees_in_which_a_letter_of_the_mrz_stands_for_none(
    size: MrzFormat, primary: str, secondary: str, data: st.DataObject
) -> None:
    try:
        mrz = composed(size, primary, secondary)
    except BadInput:
        return
    shown = mrz.name_field.rstrip("<")
    place = data.draw(st.sampled_from([match.start() for match in re.finditer("[A-Z]", shown)]))
    # Q stands in no name that is drawn, and in no rendering.
    assert "Q" not in transliterate(primary + secondary)
    changed = with_name(f"{shown[:place]}Q{shown[place + 1 :]}", size)
    assert not names_agree(changed, f"{primary}<<{secondary}")
    assert not names_agree(changed, f"{primary} {secondary}")
