"""A contact sheet shows what is decided on, and decides nothing but what it shows."""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.messages.catalogue import ENGLISH
from eid_toolkit.work.office.contact_sheet_page import page_of
from eid_toolkit.work.office.contact_sheets import MADE, META, Content, OnSheet, Shown, read_sheet
from support.homes import HomeCopies, WorkingOffice, portrait_file
from support.offices import CommandLine, new_office

USAGE, BAD_INPUT, NOT_PERMITTED = 2, 9, 10


class Page(HTMLParser):
    """What a browser finds on a sheet."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


class Desk:
    """An office with four applications by Anna, of whom one has Eriksson's picture too."""

    def __init__(self, home: Home, folder: Path) -> None:
        self.office, self.folder, self.file = CommandLine(home.root), folder, folder / "sheet.html"
        self.made = [self.applied(name, number % 3) for number, name in enumerate(("Eriksson", "Sund", "Lind", "Berg"))]

    def applied(self, surname: str, number: int, profile: str = "utopia-id") -> str:
        words = ("--surname", surname, "--birth", "1990-01-31", "--sex", "M", "--nationality", "UTO")
        person = self.json("person", "add", *words)["id"]
        portrait = self.folder / f"{surname[:4]}.png"
        portrait.write_bytes(portrait_file(number))
        create = ("application", "create", "--person", person, "--profile", profile, "--portrait", portrait)
        return str(self.json(*create, "--yes")["id"])

    def json(self, *words: object, by: str = "anna", code: int = 0) -> Any:
        result = self.office.call("--operator", by, *words, "--format", "json", code=code)
        return json.loads(result.stdout)

    def sheet(self, *more: str) -> Page:
        self.json("application", "sheet", self.file, *more, by="bert")
        return Page(self.file.read_text("utf-8"))

    def decide(self, verb: str, *words: object, code: int = 0, by: str = "bert", answer: str = "y\n") -> Any:
        command = ("--operator", by, "application", verb, "--sheet", self.file, *words)
        return self.office.call(*command, code=code, typed=answer)

    def states(self) -> list[str]:
        return [self.json("application", "show", each)["state"] for each in self.made]


@pytest.fixture
def desk(demo_home: Home, tmp_path: Path) -> Desk:
    return Desk(demo_home, tmp_path)


def test_the_sheet_shows_each_application_with_the_face_of_the_chip(desk: Desk) -> None:
    page = desk.sheet()
    images = page.all("img")
    assert len(images) == 4
    for application, image in zip(desk.made, images, strict=True):
        data = base64.b64decode((image["src"] or "").removeprefix("data:image/jpeg;base64,"))
        shown = desk.folder / "shown.jpg"
        desk.office.one("application", "show", application, "--portrait", shown)
        assert data == shown.read_bytes()
        assert application in page.text
    assert "Eriksson" in page.text and "1990-01-31" in page.text and "by anna" in page.text
    same = f"The same portrait: application {desk.made[0]} of another person"
    assert page.text.count("The same portrait") == 2 and same in page.text


def test_the_page_is_whole_in_itself_and_may_run_and_fetch_nothing(desk: Desk) -> None:
    page = desk.sheet()
    assert not [tag for tag, _ in page.elements if tag in ("script", "link", "iframe", "object", "form", "a")]
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    (policy,) = [each["content"] or "" for each in page.all("meta") if "http-equiv" in each]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "://" not in desk.file.read_text("utf-8")
    assert all((image["src"] or "").startswith("data:image/jpeg;base64,") for image in page.all("img"))
    assert desk.file.stat().st_mode & 0o077 == 0


def test_hostile_text_from_the_register_stays_text(office: WorkingOffice) -> None:
    hostile = "<img src=x onerror=1>&'\"\u202e</title></style>"
    record = replace(office.application(), profile=hostile, creator=hostile)
    content = Content("eid-contact-sheet/1", hostile, "now", (Shown(hostile, "0" * 64),))
    page = Page(page_of(content, [OnSheet(1, record, None)], hostile, ENGLISH))
    assert not page.all("img") and len(page.all("style")) == 1
    assert page.text.count("<img src=x onerror=1>&'\"\\u{202E}</title></style>") == 4
    assert "\u202e" not in page.text
    carried = [each for each in page.all("meta") if each.get("name") == META]
    assert json.loads(carried[0]["content"] or "")["applications"] == [[hostile, "0" * 64]]


def test_what_is_odd_about_a_portrait_is_told_where_it_is_looked_at(desk: Desk) -> None:
    stream = io.BytesIO()
    dark = Image.eval(Image.open(io.BytesIO(portrait_file(8))), lambda value: value // 6)
    dark.save(stream, "PNG")
    person = desk.json("person", "add", "--surname", "Dunk", "--birth", "1990", "--sex", "F", "--nationality", "UTO")
    (desk.folder / "dark.png").write_bytes(stream.getvalue())
    create = ("application", "create", "--person", person["id"], "--profile", "utopia-id", "--portrait")
    made = desk.json(*create, desk.folder / "dark.png", "--yes")["id"]
    assert "The face is dark" in desk.sheet(made).text


def test_a_picture_in_jpeg_2000_is_shown_as_every_browser_can(desk: Desk) -> None:
    words = ("--surname", "Tan", "--birth", "1990-01-31", "--sex", "F", "--nationality", "SGP")
    person = desk.json("person", "add", *words, "--personal-number", "S0000000J")["id"]
    (desk.folder / "tan.png").write_bytes(portrait_file(9))
    create = ("application", "create", "--person", person, "--profile", "sgp-id", "--portrait", desk.folder / "tan.png")
    made = desk.json(*create)["id"]
    (image,) = desk.sheet(made).all("img")
    data = base64.b64decode((image["src"] or "").partition(",")[2])
    assert Image.open(io.BytesIO(data)).format == "JPEG"


def test_numbers_on_the_sheet_are_approved_and_rejected(desk: Desk) -> None:
    desk.sheet()
    approved = desk.decide("approve", "1-2,4")
    assert "Sund" in approved.stderr and "Approve these 3 applications?" in approved.stderr
    desk.decide("reject", "3", "--reason", "blurred")
    assert desk.states() == ["approved", "approved", "rejected", "approved"]
    shown = desk.json("application", "show", desk.made[2])
    assert (shown["decided_by"], shown["reason"]) == ("bert", "blurred")


def test_a_no_decides_nothing(desk: Desk) -> None:
    desk.sheet()
    desk.decide("approve", "1-4", answer="n\n", code=130)
    assert desk.states() == ["created"] * 4


def test_the_creator_may_not_approve_by_a_sheet_either(desk: Desk) -> None:
    desk.sheet()
    refused = desk.decide("approve", "1", by="anna", code=NOT_PERMITTED)
    assert "may not approve" in refused.stderr


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_an_application_that_has_changed_since_is_not_decided_on_and_the_others_are(desk: Desk, verb: str) -> None:
    desk.sheet()
    person = desk.json("application", "show", desk.made[1])["person"]
    desk.office.one("person", "change", person, "--surname", "Sunde", "--source", "a letter")
    reason = ("--reason", "torn") if verb == "reject" else ()
    refused = desk.decide(verb, "1-3", *reason, code=NOT_PERMITTED)
    assert desk.made[1] in refused.stderr and "changed" in refused.stderr
    done = "approved" if verb == "approve" else "rejected"
    assert desk.states() == [done, "created", done, "created"]


def test_a_sheet_that_was_altered_by_a_byte_decides_nothing(desk: Desk) -> None:
    desk.sheet()
    page = desk.file.read_text("utf-8")
    ids = (desk.made[0], desk.made[1])
    swapped = re.sub("|".join(ids), lambda found: ids[1 - ids.index(found[0])], page)
    for altered in (swapped, page.replace("Eriksson", "Erikson"), page + "\n"):
        desk.file.write_text(altered, "utf-8")
        assert "changed since" in desk.decide("approve", "1", code=NOT_PERMITTED).stderr
    desk.file.write_text(page, "utf-8")
    desk.decide("approve", "1")
    assert desk.states()[0] == "approved"


def test_a_sheet_of_another_home_decides_nothing(desk: Desk, home_copies: HomeCopies, tmp_path: Path) -> None:
    desk.sheet()
    (tmp_path / "other").mkdir()
    other = Desk(home_copies.copy(tmp_path / "other" / "home"), tmp_path / "other")
    other.file.write_bytes(desk.file.read_bytes())
    other.decide("approve", "1", code=NOT_PERMITTED)
    assert other.states() == ["created"] * 4


@pytest.mark.parametrize("page", [b"", b"\xff\xfe", b"<html></html>", bytes(1 << 20)])
def test_what_is_no_sheet_is_refused(desk: Desk, page: bytes) -> None:
    desk.file.write_bytes(page)
    assert "no contact sheet" in desk.decide("approve", "1", code=BAD_INPUT).stderr


@pytest.mark.parametrize(
    ("carried", "told"),
    [
        ("", "no contact sheet"),
        ("[]", "no contact sheet"),
        ("[" * 9000, "no contact sheet"),
        ('{"schema": 1}', "no contact sheet"),
        ('{"schema": "eid-contact-sheet/2", "made_by": "", "made_at": "", "applications": []}', "eid-contact-sheet/2"),
    ],
)
def test_a_sheet_on_record_that_cannot_be_read_is_told(office: WorkingOffice, carried: str, told: str) -> None:
    """As one of a later version is."""
    page = f"<meta name='eid-contact-sheet' content='{carried}'></head>".encode()
    office.register.record("anna", MADE, sha256(page).hexdigest(), {})
    with pytest.raises(BadInput) as caught:
        read_sheet(office, page)
    assert told in ENGLISH.of(caught.value).text


@pytest.mark.parametrize("numbers", ["0", "5", "1-5", "3-1", "one", "1;2", "-", "1,,2", "1-2-3", "²", "9" * 50])
def test_numbers_that_are_not_on_it_are_told(desk: Desk, numbers: str) -> None:
    desk.sheet()
    refused = desk.decide("reject", "--reason", "torn", "--", numbers, code=BAD_INPUT)
    assert "1 to 4" in refused.stderr and desk.states() == ["created"] * 4


@pytest.mark.parametrize("words", [("approve", "--all"), ("approve",), ("approve", "1", "--portraits", ".")])
def test_a_sheet_needs_numbers(desk: Desk, words: tuple[str, ...]) -> None:
    desk.sheet()
    desk.decide(*words, code=USAGE)


def test_who_has_looked_and_the_sheet_itself_are_on_record(desk: Desk) -> None:
    desk.sheet()
    carried = [each for each in Page(desk.file.read_text("utf-8")).all("meta") if each.get("name") == META]
    assert [pair[0] for pair in json.loads(carried[0]["content"] or "")["applications"]] == desk.made
    for application in desk.made:
        row = desk.json("audit", "show", "--subject", application)[-1]
        assert (row["action"], row["operator"], row["detail"]["portrait"]) == ("application.looked-up", "bert", True)
    (made,) = desk.json("audit", "show", "--subject", row["detail"]["sheet"])
    assert (made["action"], made["detail"]["shown"]) == ("application.sheet-made", 4)


def test_a_sheet_of_named_applications_and_of_a_state(desk: Desk) -> None:
    desk.office.call("--operator", "bert", "application", "approve", desk.made[0])
    assert len(desk.sheet().all("img")) == 3
    assert len(desk.sheet("--state", "approved").all("img")) == 1
    named = desk.json("application", "sheet", desk.file, desk.made[2], desk.made[1], desk.made[2], by="bert")
    assert [each["application"] for each in named["applications"]] == [desk.made[2], desk.made[1]]
    none = desk.office.one("application", "sheet", desk.file, "--state", "completed", code=BAD_INPUT)
    assert "no application" in none.stderr


def test_only_who_may_read_persons_makes_a_sheet(tmp_path: Path) -> None:
    office = new_office(tmp_path / "home")
    office.add("sam", "the third one's words", "stock-keeper")
    words = ("--operator", "sam", "application", "sheet", tmp_path / "sheet.html")
    office.call(*words, code=NOT_PERMITTED, EID_OPERATOR_PASSPHRASE="the third one's words")
    assert not (tmp_path / "sheet.html").exists()
