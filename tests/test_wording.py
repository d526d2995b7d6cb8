"""Help, errors and docs say things as the field says them: phrases that readers stumbled over do not come back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PHRASES = {
    r"\bf(ind|inds|inding|ound) (it|them|(\w+ )?(forged|forgeries)( ones)?) out\b": "detect",
    r"\bheld against\b|\bhold(s|ing)? [^.:;|]{1,60} against (the|his|her|its|their)\b": "check against, compare with",
    r"\b(be|are|is) let see\b": "may see",
    r"\bso many\b": "this many, N",
    r"\bwait(s|ed|ing)? so long\b": "up to SECONDS",
    r"\bways of (its|their) own\b": "peculiarities",
    r"\bthe police has\b": "the police have",
    r"\bbent unseen\b": "tamper-evident",
    r"\bof which nothing is taken\b": "cannot be used here",
    r"\bnot hold together\b": "inconsistent",
    r"\b(documents?|it|they) (is|are|be) (never )?made good again\b": "become valid again",
    r"\bbelieve no more\b": "stop trusting",
    r"\bname nobody\b": "do not name anyone",
    r"\bleave out the first N\b": "skip the first N",
    r"\bat most are (read|imported)\b": "at most N are accepted",
    r"\bwas put in by\b": "was inserted by",
    r"\bby halves\b": "half-written",
    r"\bcalled otherwise\b": "renamed",
    r"\bfree to read\b": "freely readable",
    r"\bis the word for it\b": "preferably",
    r"\bbefore your eyes\b": "did you see",
}
_FOLDERS = {
    "src": ("*.py", "*.toml"),
    "docs": ("*.md",),
    "examples": ("*",),
    "scripts": ("*",),
    "benchmarks": ("*.py",),
}
_FILES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "Makefile")


def texts() -> Iterator[tuple[Path, str]]:
    """Everything that is read by people, each with its lines joined."""
    paths = [ROOT / name for name in _FILES]
    for folder, patterns in _FOLDERS.items():
        paths += [path for pattern in patterns for path in (ROOT / folder).rglob(pattern) if path.is_file()]
    for path in paths:
        if "__pycache__" not in path.parts:
            yield path, " ".join(path.read_text("utf-8").split())


@pytest.mark.parametrize("pattern", PHRASES)
def test_a_phrase_is_not_used(pattern: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}: … {text[max(match.start() - 30, 0) : match.end() + 20]} …"
        for path, text in texts()
        for match in re.finditer(pattern, text, re.IGNORECASE)
    ]
    assert not found, f"say it otherwise ({PHRASES[pattern]}):\n" + "\n".join(found)


def test_the_phrases_are_recognized() -> None:
    examples = (
        "finds forged ones out", "is held against", "be let see", "so many", "wait so long", "ways of its own",
        "the police has", "cannot be bent unseen", "holds the count against the files",
        "a CRL, of which nothing is taken here", "the log does not hold together", "it is never made good again",
        "believe no more what a list had", "so name nobody", "leave out the first N", "{limit} at most are read",
        "was put in by somebody else", "nothing was written by halves", "that is to be called otherwise",
        "EF.DIR is free to read", "6A80 is the word for it", "destroyed, before your eyes",
    )  # fmt: skip
    assert all(any(re.search(pattern, text) for pattern in PHRASES) for text in examples)
