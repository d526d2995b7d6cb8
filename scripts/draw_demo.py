"""Runs `eid demo` and draws what it printed as docs/demo.svg, for the README."""

from __future__ import annotations

import os
import subprocess
import sys
from html import escape
from pathlib import Path

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "demo.svg"
_COMMAND = "eid demo"
_CHARACTER, _LINE, _MARGIN = 8.4, 19, 18
_INK, _PAPER, _GREEN, _RED = "#d8dee9", "#20242c", "#9ece6a", "#f7768e"


def main() -> None:
    """Draws the picture."""
    environment = {**os.environ, "NO_COLOR": "1"}
    told = subprocess.run(
        [sys.executable, "-m", "eid_toolkit.cli.main", *_COMMAND.split()[1:]],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
        env=environment,
        timeout=300,
    )
    PICTURE.write_text(picture([f"$ {_COMMAND}", *told.stdout.splitlines()]), encoding="utf-8")


def picture(lines: list[str]) -> str:
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
            f"<title>{_COMMAND}</title>",
            f'<rect width="{width}" height="{height}" rx="8" fill="{_PAPER}"/>',
            f'<g font-family="monospace" font-size="14" fill="{_INK}" xml:space="preserve">',
            *texts,
            "</g>",
            "</svg>",
            "",
        ]
    )


def _coloured(line: str) -> str:
    text = escape(line)
    for word, colour in ((" passed ", _GREEN), (" failed ", _RED)):
        text = text.replace(word, f' <tspan fill="{colour}">{word.strip()}</tspan> ', 1)
    return text


if __name__ == "__main__":
    main()
