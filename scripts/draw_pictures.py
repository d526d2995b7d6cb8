"""Draws the pictures of the docs: what `eid demo` prints, the screens and pages of verdicts, a contact sheet.

Pages are drawn by Chromium, where that is installed; else they stay as they are. The verdicts are those of the tests.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageEnhance

from eid_toolkit.ground.columns import width_of
from eid_toolkit.ground.messages.catalogue import Speaker, languages
from eid_toolkit.work.inspection.reports.html_report import portrait_of, verdict_html
from eid_toolkit.work.inspection.reports.one_look import COLUMNS, LINES, one_look
from eid_toolkit.work.inspection.reports.wording import Words

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
SCREENS = DOCS / "screens"
sys.path.append(str(ROOT / "tests"))
_COLOURS = 48
"""Of a picture of a page, which is text but for the portrait."""
_CHARACTER, _LINE, _MARGIN = 8.4, 19, 18
_INK, _PAPER, _GREEN, _RED, _YELLOW = "#d8dee9", "#20242c", "#9ece6a", "#f7768e", "#e0af68"


def main() -> None:
    """Draws the pictures."""
    from support.example_verdicts import KINDS

    SCREENS.mkdir(exist_ok=True)
    demo_lines = demo()
    (DOCS / "demo.svg").write_text(picture("eid demo", demo_lines, max(map(len, demo_lines)), len(demo_lines)), "utf-8")
    for language in languages():
        for kind in KINDS:
            text = picture(f"eid verify: {kind}", verdict_on(kind, language), COLUMNS, LINES)
            (SCREENS / f"terminal-{kind}-{language}.svg").write_text(text, "utf-8")
    if shutil.which("chromium") is None:
        print("Chromium is not installed: the pictures of pages stay as they are.", file=sys.stderr)
        return
    from support.browser import chromium

    with chromium() as browser, tempfile.TemporaryDirectory() as folder:
        for language in languages():
            for kind in KINDS:
                reports(browser, kind, language)
        contact_sheet(browser, Path(folder))


def reports(browser: Browser, kind: str, language: str) -> None:
    """The page of a verdict on a phone, on a screen and on paper (A4 at 96 pixels an inch)."""
    from support.browser import PHONE, SCREEN
    from support.example_verdicts import example

    verdict = example(kind)
    html = verdict_html(verdict, Words(Speaker(language)), portrait_of(verdict.evidence))
    for name, width, height, media in (
        ("phone", PHONE, 844, "screen"),
        ("screen", SCREEN, 900, "screen"),
        ("paper", 794, 1123, "print"),
    ):
        drawn(browser, html, (width, height), SCREENS / f"{name}-{kind}-{language}.png", media)


def drawn(browser: Browser, html: str, size: tuple[int, int], target: Path, media: str = "screen") -> None:
    """What is seen of a page without scrolling."""
    from support.browser import showing

    with showing(browser, html, size[0], media=media) as page:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        shot = page.screenshot()
    with Image.open(io.BytesIO(shot)) as picture:
        picture.quantize(_COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)


def contact_sheet(browser: Browser, folder: Path) -> None:
    """The contact sheet of four applications, of which one has a dark portrait."""

    def eid(*words: object, typed: str = "") -> str:
        environment = {**os.environ, "EID_HOME": str(folder / "home"), "EID_OPERATOR": "anna"}
        command = [sys.executable, "-m", "eid_toolkit.doors.cli.main", "--yes", *map(str, words)]
        return subprocess.run(
            command, env=environment, input=typed, text=True, check=True, capture_output=True, timeout=300
        ).stdout

    eid("init", "--demo")
    eid("samples", folder / "samples")
    eid("person", "import", folder / "samples" / "people.csv")
    faces = folder / "samples" / "portraits"
    dark = folder / "dark.png"
    with Image.open(faces / "eriksson.jpg") as face:
        ImageEnhance.Brightness(face.transpose(Image.Transpose.FLIP_LEFT_RIGHT)).enhance(0.18).save(dark)
    apply = ("application", "create", "--profile")
    eid(*apply, "utopia-id", "--person", "ZE184226B", "--portrait", faces / "eriksson.jpg")
    eid(*apply, "vn-cccd", "--person", "000192000031", "--portrait", faces / "nguyen.jpg")
    eid(*apply, "sgp-id", "--person", "S0000000J", "--portrait", faces / "tan.jpg")
    born = ("--birth", "1980-02-29", "--sex", "F")
    eid("application", "new", "--profile", "utopia-id", "--surname", "Berg", *born, "--portrait", dark)
    eid("--operator", "bert", "application", "sheet", folder / "sheet.html")
    drawn(browser, (folder / "sheet.html").read_text("utf-8"), (900, 640), DOCS / "contact-sheet.png")


def demo() -> list[str]:
    """The demo as on a terminal."""
    told = subprocess.run(
        [sys.executable, "-m", "eid_toolkit.doors.cli.main", "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
        env={**os.environ, "NO_COLOR": "1"},
        timeout=300,
    )
    return ["$ eid demo", *told.stdout.splitlines()]


def verdict_on(kind: str, language: str) -> list[str]:
    """What an officer sees of a card."""
    from support.example_verdicts import example

    return one_look(example(kind), Words(Speaker(language))).splitlines()


def picture(title: str, lines: list[str], columns: int, rows: int) -> str:
    """The lines as on a terminal of that size, verdicts in colour."""
    assert len(lines) <= rows and max(map(width_of, lines)) <= columns
    width = round(2 * _MARGIN + _CHARACTER * columns)
    height = 2 * _MARGIN + _LINE * rows
    texts = [
        f'<text x="{_MARGIN}" y="{_MARGIN + _LINE * (row + 0.75)}">{_coloured(line)}</text>'
        for row, line in enumerate(lines)
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}">',
            f"<title>{title}</title>",
            f'<rect width="{width}" height="{height}" rx="8" fill="{_PAPER}"/>',
            f'<g font-family="monospace" font-size="14" fill="{_INK}">',
            *texts,
            "</g>",
            "</svg>",
            "",
        ]
    )


_WORDS = {
    _GREEN: ("passed", "verdict-passed"),
    _RED: ("failed", "verdict-failed"),
    _YELLOW: ("undetermined", "verdict-undetermined"),
}


def _coloured(line: str) -> str:
    text = escape(line)
    for colour, (status, verdict) in _WORDS.items():
        for language in languages():
            tell = Speaker(language).in_short
            pattern = rf"(?<=^  ){tell(f'status-{status}')}(?= )|^{tell(verdict)}"
            text = re.sub(
                pattern, lambda found, colour=colour: f'<tspan fill="{colour}">{found[0]}</tspan>', text, count=1
            )
    tags = re.split("(<[^>]+>)", text)
    return "".join(part if part.startswith("<") else part.replace(" ", "\N{NO-BREAK SPACE}") for part in tags)


if __name__ == "__main__":
    main()
