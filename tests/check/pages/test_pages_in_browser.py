"""Pages for people in a real browser: nobody is kept out (axe-core), nothing is cut off, and paper is not wasted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner
from playwright.sync_api import Browser, Page

from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.messages.catalogue import Speaker, languages
from eid_toolkit.work.inspection.reports.html_report import notice_html, portrait_of, verdict_html
from eid_toolkit.work.inspection.reports.wording import Words, headline
from eid_toolkit.work.training.deck import find_deck
from eid_toolkit.work.training.scene_page import scene_html
from eid_toolkit.work.training.staging import stage
from support.browser import PHONE, SCREEN, chromium, showing
from support.example_verdicts import KINDS, example
from support.hostile_texts import TEXTS, hostile_verdicts

in_each_language = pytest.mark.parametrize("language", languages())
of_each_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def page_of(kind: str, language: str) -> str:
    verdict = example(kind)
    return verdict_html(verdict, Words(Speaker(language)), portrait_of(verdict.evidence))


def nobody_is_kept_out(page: Page, *, reloads: bool = False) -> None:
    """Without scripts a page that shows the next card can only be read anew as a whole, which axe takes ill."""
    found = Axe().run(page, options={"rules": {"meta-refresh": {"enabled": not reloads}}})
    assert found.violations_count == 0, found.generate_report()


def nothing_is_cut_off(page: Page) -> None:
    """No part of the page is wider than the page."""
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@in_each_language
@of_each_kind
@pytest.mark.parametrize("width", [PHONE, SCREEN])
def test_a_report_is_for_everybody_on_a_phone_and_on_a_screen(
    browser: Browser, kind: str, language: str, width: int
) -> None:
    verdict, words = example(kind), Words(Speaker(language))
    with showing(browser, page_of(kind, language), width) as page:
        nobody_is_kept_out(page)
        nothing_is_cut_off(page)
        heading = page.locator("h1")
        assert heading.inner_text() == headline(verdict, words)
        portrait, top = page.locator("img").bounding_box(), heading.bounding_box()
        assert portrait is not None and top is not None
        assert top["y"] < portrait["y"] < 500  # both are seen without scrolling
        assert page.evaluate("document.images[0].naturalWidth") > 100
        assert page.locator("html").get_attribute("lang") == language


@in_each_language
@of_each_kind
def test_a_report_on_paper_has_everything_on_at_most_two_pages(browser: Browser, kind: str, language: str) -> None:
    with showing(browser, page_of(kind, language), SCREEN, media="print") as page:
        pages = re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))
        assert 1 <= len(pages) <= 2
        hidden = page.evaluate("[...document.querySelectorAll('details')].filter(each => !each.open).length")
        assert hidden == 0 or page.locator("details > *").last.is_visible()


@in_each_language
@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_hostile_text_on_a_card_is_text(browser: Browser, text: str, language: str) -> None:
    """In DG1, DG11 and DG13 and in the names of its certificates."""
    for number, verdict in enumerate(hostile_verdicts(text)):
        html = verdict_html(verdict, Words(Speaker(language)), portrait_of(example("passed").evidence))
        with showing(browser, html, PHONE) as page:
            assert page.title() != "run"
            assert page.locator("script, svg[onload], img[onerror]").count() == 0
            assert page.locator("img").count() == 1
            nothing_is_cut_off(page)
            if number == 0:
                nobody_is_kept_out(page)


@in_each_language
def test_the_page_between_two_cards_is_for_everybody(browser: Browser, language: str) -> None:
    html = notice_html(Speaker(language).explain("waiting-for-card", {}), language, reload=2)
    with showing(browser, html, PHONE) as page:
        nobody_is_kept_out(page, reloads=True)


@in_each_language
def test_a_contact_sheet_is_for_everybody(browser: Browser, language: str, tmp_path: Path) -> None:
    def eid(*words: str) -> None:
        environment = {"EID_HOME": str(tmp_path / "home"), "EID_OPERATOR": "anna", "EID_LANG": language}
        done = CliRunner().invoke(main, ["--yes", *words], env=environment, input="")
        assert done.exit_code == 0, done.output

    eid("init", "--demo")
    eid("samples", str(tmp_path / "samples"))
    eid("person", "import", str(tmp_path / "samples" / "people.csv"))
    face = str(tmp_path / "samples" / "portraits" / "eriksson.jpg")
    eid("application", "create", "--profile", "utopia-id", "--person", "ZE184226B", "--portrait", face)
    eid("application", "sheet", str(tmp_path / "sheet.html"))
    with showing(browser, (tmp_path / "sheet.html").read_text("utf-8"), SCREEN) as page:
        nobody_is_kept_out(page)
        nothing_is_cut_off(page)
        assert page.locator("html").get_attribute("lang") == language


@in_each_language
@pytest.mark.parametrize("width", [PHONE, SCREEN])
@pytest.mark.parametrize("name", ["another-person", "over-a-hundred"])
def test_a_scene_of_the_range_is_for_everybody(
    browser: Browser, tmp_path: Path, name: str, language: str, width: int
) -> None:
    staged = stage(find_deck("first-line").by_name[name], tmp_path, "seed", datetime(2026, 11, 3, 9, tzinfo=UTC))
    html = scene_html(staged.view(3, 20, language), Speaker(language))
    with showing(browser, html, width) as page:
        nobody_is_kept_out(page)
        nothing_is_cut_off(page)
        assert page.locator("img").evaluate("image => image.naturalWidth") > 0
        text = page.locator("body").inner_text()
        assert all(line in text for line in staged.mrz.lines)
        telling = staged.case.telling(language)
        assert telling.scene in text and telling.notice not in html and telling.title not in html
