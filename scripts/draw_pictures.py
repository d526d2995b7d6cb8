"""Draws the pictures of the docs: what `eid demo` prints, verdicts on a genuine and on a copied card, pages.

Pages (reports of verdicts, a contact sheet) are drawn by Chromium, where that is installed; else they stay as they are.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from html import escape
from pathlib import Path

from PIL import Image, ImageEnhance

from eid_toolkit import emulate, verify
from eid_toolkit.ground.messages.catalogue import ENGLISH
from eid_toolkit.work.inspection.reports.html_report import portrait_of, verdict_html
from eid_toolkit.work.inspection.reports.text_report import verdict_text
from eid_toolkit.work.inspection.reports.wording import Words
from eid_toolkit.work.inspection.verdict import Verdict

DOCS = Path(__file__).resolve().parents[1] / "docs"
_BROWSER = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--hide-scrollbars",
)
_CHARACTER, _LINE, _MARGIN = 8.4, 19, 18
_TERMINAL = 80
"""Columns of the terminal on which a verdict is shown."""
_INK, _PAPER, _GREEN, _RED = "#d8dee9", "#20242c", "#9ece6a", "#f7768e"


def main() -> None:
    """Draws the pictures."""
    pictures = {
        "demo.svg": ("eid demo", demo()),
        "passed.svg": ("eid verify: passed", verdict_on("utopia-id")),
        "failed.svg": ("eid verify: failed", verdict_on("clone")),
    }
    for name, (title, lines) in pictures.items():
        (DOCS / name).write_text(picture(title, lines), encoding="utf-8")
    browser = shutil.which("chromium")
    if browser is None:
        print("Chromium is not installed: the pictures of pages stay as they are.", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder:
        contact_sheet(Path(folder), browser)
        reports(Path(folder), browser)


def reports(folder: Path, browser: str) -> None:
    """The page of a genuine card on a screen, and that of a copied one on a phone: in a frame of its width."""
    for name, spec, width, height in (("report.png", "utopia-id", 1280, 900), ("report-phone.png", "clone", 390, 1040)):
        verdict = _verdict(spec)
        words = Words(ENGLISH, lambda word, _: word)
        page = folder / f"{spec}.html"
        page.write_text(verdict_html(verdict, words, portrait_of(verdict.evidence)), "utf-8")
        frame = folder / f"{spec}-frame.html"  # a window is never as narrow as a phone
        size = f"width={width} height={height}"
        frame.write_text(f"<body style='margin:0'><iframe src='{page.name}' {size} style='border:0'></iframe>", "utf-8")
        whole = folder / name
        _screenshot(browser, folder, frame, whole, f"{max(width, 500)},{height}")
        with Image.open(whole) as picture:
            picture.crop((0, 0, width, height)).save(DOCS / name, optimize=True)


def _verdict(spec: str) -> Verdict:
    with emulate(spec) as card:
        return verify(card, card.can, card.trust)._inner


def _screenshot(browser: str, folder: Path, page: Path, target: Path, size: str) -> None:
    subprocess.run(
        [
            browser,
            *_BROWSER,
            f"--user-data-dir={folder}/profile",
            f"--window-size={size}",
            f"--screenshot={target}",
            f"file://{page}",
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )


def contact_sheet(folder: Path, browser: str) -> None:
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
    _screenshot(browser, folder, folder / "sheet.html", DOCS / "contact-sheet.png", "900,640")


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


def verdict_on(spec: str) -> list[str]:
    """What an officer sees of a card."""
    text = verdict_text(_verdict(spec), Words(ENGLISH, lambda word, _: word))
    lines = [
        part for line in text.splitlines() for part in textwrap.wrap(line, _TERMINAL, drop_whitespace=False) or [""]
    ]
    return ["$ eid verify --reader ACS", "MRZ or CAN (printed on the card): 123456", *lines]


def picture(title: str, lines: list[str]) -> str:
    """The lines as on a terminal, verdicts in colour."""
    width = round(2 * _MARGIN + _CHARACTER * max(map(len, lines)))
    height = 2 * _MARGIN + _LINE * len(lines)
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


def _coloured(line: str) -> str:
    text = escape(line)
    for word, colour in ((r"passed(?= )", _GREEN), (r"failed(?= )", _RED), ("^PASSED", _GREEN), ("^FAILED", _RED)):
        text = re.sub(word, lambda found, colour=colour: f'<tspan fill="{colour}">{found[0]}</tspan>', text, count=1)
    tags = re.split("(<[^>]+>)", text)
    return "".join(part if part.startswith("<") else part.replace(" ", "\N{NO-BREAK SPACE}") for part in tags)


if __name__ == "__main__":
    main()
