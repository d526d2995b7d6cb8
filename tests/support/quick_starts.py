"""The quick starts of the documentation, each in the languages that it has: what is typed there, and what is shown."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
NAMES = ("clerk", "officer", "pki", "ci")
TRANSLATED = {"vi": ("clerk", "officer")}
"""By language; every one of them is there in English."""
PAGES = [("en", name) for name in NAMES] + [
    (language, name) for language, names in TRANSLATED.items() for name in names
]


def page(language: str, name: str) -> str:
    folder = DOCS if language == "en" else DOCS / language
    return (folder / f"quickstart-{name}.md").read_text("utf-8")


def blocks(language: str, name: str, kind: str) -> list[str]:
    """What is typed (sh) or shown (text)."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", page(language, name), re.MULTILINE | re.DOTALL)


def commands(language: str, name: str) -> list[list[str]]:
    """Every `eid` of the lines that are typed, in words: also behind another one, in front of which a variable stands,
    or whose output the shell takes.
    """
    found = []
    for line in "".join(blocks(language, name, "sh")).splitlines():
        words = shlex.split(re.sub(r'eval "\$\((.*?)\)"', r"\1", line), comments=True)
        while words:
            end = words.index("&&") if "&&" in words else len(words)
            one, words = words[:end], words[end + 1 :]
            while one and re.match(r"[A-Z_]+=", one[0]):
                one = one[1:]
            if one[:1] == ["eid"]:
                found.append(one)
    return found


def named(language: str, name: str) -> set[str]:
    """The commands and options that the text names between what is typed."""
    text = re.sub(r"^```.*?^```$", "", page(language, name), flags=re.MULTILINE | re.DOTALL)
    return {span for span in re.findall(r"`([^`]+)`", text) if span.startswith(("eid ", "--"))}
