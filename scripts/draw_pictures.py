"""Draws the pictures of the README: what `eid demo` prints, and the verdicts on a genuine and on a copied card."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from html import escape
from pathlib import Path

from eid_toolkit import emulate, verify
from eid_toolkit.ground.messages.catalogue import explain, in_short
from eid_toolkit.work.inspection.reports.text_report import Words, verdict_text

DOCS = Path(__file__).resolve().parents[1] / "docs"
_CHARACTER, _LINE, _MARGIN = 8.4, 19, 18
_TERMINAL = 108
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
    with emulate(spec) as card:
        verdict = verify(card, card.can, card.trust)
    text = verdict_text(verdict._inner, Words(explain, in_short, lambda word, _: word))
    lines = [
        part for line in text.splitlines() for part in textwrap.wrap(line, _TERMINAL, drop_whitespace=False) or [""]
    ]
    return ["$ eid verify --reader ACS", "CAN (printed on the card): 123456", *lines]


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
