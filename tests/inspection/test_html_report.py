"""The page of a verdict: what stands on it, in what order, how it is seen, and that nothing on a card changes it."""

from __future__ import annotations

import base64
import io
import re
from collections import Counter
from dataclasses import fields, replace
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.dg2 import Dg2
from eid_toolkit.work.inspection.evidence import ChipProof
from eid_toolkit.work.inspection.holder import Holder
from eid_toolkit.work.inspection.policy import policy_by_name
from eid_toolkit.work.inspection.reports.html_report import notice_html, portrait_of, verdict_html
from eid_toolkit.work.inspection.reports.page_style import INK, LINE, MARKS, PAPER, POLICY, QUIET, STYLE
from eid_toolkit.work.inspection.reports.wording import Words
from eid_toolkit.work.inspection.result import CheckResult, CheckStatus, Outcome, finding
from eid_toolkit.work.inspection.verdict import Decision, Verdict, judge
from support import list_faults
from support.authorities import NOW
from support.documents import with_file
from support.hierarchies import FAULTS, Hierarchy
from support.homes import portrait_file

assert list_faults  # enters its faults by being imported

WORDS = Words()
PASSED = Hierarchy().judge()
_VOID = ("meta", "img")


class Page(HTMLParser):
    """What a browser finds: elements with their attributes, the text, and whether each element is ended."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text, self._open = "", list[str]()
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID and not (self.get_starttag_text() or "").endswith("/>"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1] == tag:
            self._open.pop()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def copied() -> Verdict:
    hierarchy = Hierarchy()
    genuine = hierarchy.document.evidence()
    chip = replace(genuine.chip_authentication, outcome=ChipProof.WRONG)
    return judge(replace(genuine, chip_authentication=chip), hierarchy.trust, policy_by_name("officer"), NOW)


def stolen() -> Verdict:
    hierarchy = Hierarchy()
    FAULTS["reported-stolen"](hierarchy)
    return hierarchy.judge()


def portrait() -> bytes:
    picture = io.BytesIO()
    Image.new("RGB", (60, 80), "grey").save(picture, "JPEG")
    return picture.getvalue()


def page(verdict: Verdict, image: bytes | None = None) -> Page:
    return Page(verdict_html(verdict, WORDS, image))


@pytest.mark.parametrize("verdict", [PASSED, copied(), stolen(), replace(PASSED, decision=Decision.UNDETERMINED)])
def test_the_verdict_is_on_top_by_colour_shape_and_word(verdict: Verdict) -> None:
    found = page(verdict)
    (header,) = found.all("header")
    assert header["class"] == verdict.decision
    assert verdict.decision.upper() in found.text.split("Holder")[0]
    tags = [tag for tag, _ in found.elements]
    assert tags.index("svg") < tags.index("h1") < tags.index("h2")
    (shape,) = found.all("svg")
    assert shape["aria-hidden"] == "true"  # the word beside it is heard


def test_each_verdict_has_a_shape_of_its_own() -> None:
    shapes = {
        (str(found.all("path")[0]["d"]), len(found.all("circle")))
        for found in (page(replace(PASSED, decision=decision)) for decision in Decision)
    }
    assert len(shapes) == len(Decision)


def test_holder_and_what_to_do_come_before_the_checks() -> None:
    assert PASSED.holder is not None
    text = page(replace(PASSED, holder=replace(PASSED.holder, name="Nguyễn, Thị Thùy Dương")), portrait()).text
    places = ("Nguyễn, Thị Thùy Dương", "X0000001", "1990-01-31", "2036-02-28", "Now compare", "All checks")
    body = text[text.index("Holder") :]
    assert [body.index(each) for each in places] == sorted(body.index(each) for each in places)


def test_failures_come_before_what_is_undetermined_and_passes_last() -> None:
    checks = PASSED.checks
    odd = replace(checks[0], outcome=Outcome(CheckStatus.UNDETERMINED, "crl-stale"))
    wrong = replace(checks[3], outcome=Outcome(CheckStatus.FAILED, "ca-proof-wrong"))
    verdict = replace(PASSED, decision=Decision.FAILED, checks=(odd, *checks[1:3], wrong))
    found = page(verdict)
    marks = [attributes["class"] for attributes in found.all("span")]
    assert marks[:2] == ["mark failed", "mark undetermined"]
    assert marks[2:] == ["mark failed", "mark undetermined", "mark passed", "mark passed"]


def test_the_age_of_the_lists_is_told() -> None:
    hierarchy = Hierarchy()
    FAULTS["bundle-a-month-old"](hierarchy)
    text = page(hierarchy.judge()).text
    assert re.search(r"Bundle [0-9]+: [0-9]+ d old\.", text)
    assert re.search(r"Revocation list: [0-9]+ d old\.", text)


def test_the_page_is_one_file_without_script_and_says_what_a_browser_may_do() -> None:
    found = page(copied(), portrait())
    assert found.all("script") == found.all("link") == found.all("iframe") == found.all("form") == []
    assert all(str(image["src"]).startswith("data:image/jpeg;base64,") for image in found.all("img"))
    assert not any(name.startswith("on") or name == "style" for _, attributes in found.elements for name in attributes)
    (policy,) = [meta["content"] for meta in found.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    assert policy == POLICY
    allowed = base64.b64encode(sha256(STYLE.encode()).digest()).decode()
    assert f"style-src 'sha256-{allowed}'" in POLICY
    assert f"<style>{STYLE}</style>" in verdict_html(copied(), WORDS, None)
    assert "default-src 'none'" in POLICY
    assert "url(" not in STYLE
    assert "@import" not in STYLE


def test_semantics_are_those_of_a_document() -> None:
    found = page(copied(), portrait())
    assert found.all("html") == [{"lang": "en"}]
    assert Counter(tag for tag, _ in found.elements)["h1"] == 1
    assert len(found.all("h2")) == 5
    assert len(found.all("main")) == 1
    assert all(image["alt"] for image in found.all("img"))
    assert all(head["scope"] == "col" for head in found.all("th"))
    assert "FAILED: copied chip - Specimen, Erika" in found.text  # the title


def test_it_fits_a_phone_a_screen_and_paper() -> None:
    (viewport,) = [meta["content"] for meta in page(PASSED).all("meta") if meta.get("name") == "viewport"]
    assert viewport == "width=device-width, initial-scale=1"
    assert "overflow-wrap: anywhere" in STYLE
    assert "@media (max-width: 40rem)" in STYLE
    assert "@media print" in STYLE
    # Nothing has a width that a phone of 390 pixels (24.4rem) does not have; what is wider is a limit.
    rigid = [float(size) for size in re.findall(r"(?<!max-)(?:\bmin-width|[{;] *width): ([0-9.]+)rem", STYLE)]
    assert max(rigid) < 22


def luminance(colour: str) -> float:
    """The relative luminance of sRGB (WCAG 2.1)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_every_text_has_a_contrast_of_four_and_a_half_to_one() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    for ground in MARKS.values():
        assert contrast(PAPER, ground) >= 4.5
    for ink in (INK, QUIET):
        assert contrast(ink, PAPER) >= 4.5
    assert contrast(LINE, PAPER) >= 3  # a line is no text
    assert set(re.findall("#[0-9a-fA-F]{3,6}", STYLE)) == {INK, PAPER, QUIET, LINE, *MARKS.values()}
    assert set(re.findall(r"(?<![-\w])color: ([^;}\s]+)", STYLE)) == {INK, PAPER, QUIET}


def test_the_portrait_is_coded_anew_and_nothing_else_of_its_file_comes_along() -> None:
    document = Hierarchy().document
    picture = io.BytesIO()
    Image.open(io.BytesIO(portrait_file())).convert("RGB").save(picture, "JPEG", comment=b"<script>secret</script>")
    marked = Dg2.of_portrait(picture.getvalue() + b"<script>behind</script>", 60, 80).encode()
    shown = portrait_of(with_file(document.evidence(), ElementaryFile.DG2, marked))
    assert shown is not None
    assert b"secret" not in shown
    assert b"behind" not in shown
    with Image.open(io.BytesIO(shown)) as image:
        assert image.format == "JPEG"
        assert max(image.size) <= 1000
        assert "comment" not in image.info
    broken = Dg2.of_portrait(b"\xff\xd8\xffno picture", 60, 80).encode()
    assert portrait_of(with_file(document.evidence(), ElementaryFile.DG2, broken)) is None


def test_a_page_without_holder_or_portrait_says_so() -> None:
    text = page(replace(PASSED, holder=None)).text
    assert "could not be read from the card" in text
    assert "No portrait could be read" in text


def test_a_page_between_two_cards_reloads_itself_and_has_the_same_policy() -> None:
    found = Page(notice_html("Waiting <for> a card.", "en", reload=2))
    assert "Waiting <for> a card." in found.text
    contents = {str(meta.get("http-equiv")): meta.get("content") for meta in found.all("meta")}
    assert (contents["refresh"], contents["Content-Security-Policy"]) == ("2", POLICY)


HOSTILE = st.text(max_size=60) | st.sampled_from(
    (
        "</title><script>alert(1)</script>",
        "' onerror='x",
        '" style="x',
        "<!--",
        "]]>",
        "</style>",
        "&lt;b&amp;",
        "\x00\x1b[2J\u202e",
        "<img src=x>",
    )
)
NAMED = [field.name for field in fields(Holder) if field.name not in ("truncated", "birth_century_known")]
PLAIN = [(tag, sorted(attributes)) for tag, attributes in page(PASSED, portrait()).elements]


@settings(max_examples=60)
@given(st.fixed_dictionaries(dict.fromkeys(NAMED, HOSTILE)), HOSTILE)
def test_hostile_text_adds_no_element_and_no_attribute(values: dict[str, str], fact: str) -> None:
    assert PASSED.holder is not None
    holder = replace(PASSED.holder, **values)  # type: ignore[arg-type]
    found = page(replace(PASSED, holder=holder, trust=replace(PASSED.trust, signer=fact, csca=fact)), portrait())
    assert [(tag, sorted(attributes)) for tag, attributes in found.elements] == PLAIN
    assert not any(character in found.text for character in "\x00\x1b\u202e")
    wrong = Outcome(
        CheckStatus.FAILED, "csca-unknown", {"csca": fact, "key": fact}, (finding("sod-content-type-odd", oid=fact),)
    )
    checks = tuple(CheckResult(each.id, each.layer, wrong) for each in PASSED.checks)
    found = page(replace(PASSED, holder=holder, checks=checks, decision=Decision.FAILED))
    allowed = {tag for tag, _ in PLAIN} | {"ul", "li"}
    assert {tag for tag, _ in found.elements} <= allowed


def test_a_portrait_in_jpeg_2000_is_shown_as_jpeg_of_a_size_for_a_screen() -> None:
    document = Hierarchy().document
    picture = io.BytesIO()
    Image.new("RGB", (1500, 2000), "grey").save(picture, "JPEG2000")
    dg2 = Dg2.of_portrait(picture.getvalue(), 1500, 2000).encode()
    shown = portrait_of(with_file(document.evidence(), ElementaryFile.DG2, dg2))
    assert shown is not None
    with Image.open(io.BytesIO(shown)) as image:
        assert (image.format, image.size) == ("JPEG", (750, 1000))
