"""Whoever reads Vietnamese reads no English: in helps, in the demo, at the counter and at the road-side."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from eid_toolkit.doors.cli.click_words import speak
from eid_toolkit.doors.cli.helping import help_in
from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.messages.catalogue import ENGLISH, Speaker, languages
from support.command_tree import contexts
from support.english import english, left_in


@pytest.fixture(autouse=True)
def english_afterwards() -> Iterator[None]:
    """Click speaks one language at a time in a process."""
    yield
    speak(ENGLISH)


OTHERS = [language for language in languages() if language != "en"]


def test_the_word_list_is_long() -> None:
    assert len(english()) > 1200
    assert left_in("The card is in the reader.") == {"the", "card", "reader"}


@pytest.mark.parametrize("language", OTHERS)
def test_no_help_shows_an_english_word(language: str) -> None:
    speak(Speaker(language))
    for ctx in contexts(main):
        help_in(ctx, Speaker(language))
        help_text = re.sub(r"(?m)^  [a-z-]+(?=  |$)", "", ctx.get_help())  # names of commands
        assert left_in(help_text) == set(), ctx.command_path


_DATA = re.compile(
    r"eid --home \S+ [a-z]+|\b(?:CN|O|C|OU)=[^,\n]*|Specimen Authority|\bofficer\b|1 Horizon Street, Zenith"
)
"""Names out of certificates and registers, and the name of a policy."""


class Speaking:
    """A home in another language; whatever is printed there is looked at."""

    def __init__(self, home: Path, language: str) -> None:
        self._environment = {"EID_HOME": str(home), "EID_LANG": language}
        self.shown: list[str] = []

    def eid(self, *words: object, by: str = "anna", typed: str = "y\n", ends: int = 0) -> str:
        environment = {**self._environment, "EID_OPERATOR": by}
        done = CliRunner().invoke(main, list(map(str, words)), input=typed, env=environment)
        assert done.exit_code == ends, done.output
        assert left_in(_DATA.sub("", done.output)) == set(), (words, done.output)
        self.shown.append(done.output)
        return done.output


@pytest.mark.parametrize("language", OTHERS)
def test_the_demo_shows_no_english_word(language: str, tmp_path: Path) -> None:
    shown = Speaking(tmp_path / "home", language).eid("demo")
    assert Speaker(language).value("yes") in shown


@pytest.mark.parametrize("language", OTHERS)
def test_issuing_and_verifying_a_card_show_no_english_word(language: str, tmp_path: Path) -> None:
    eid, samples = Speaking(tmp_path / "home", language).eid, tmp_path / "samples"
    eid("init", "--demo")
    eid("samples", samples)
    eid("person", "import", samples / "people.csv")
    eid("person", "search", "eriksson")
    eid("person", "show", "ZE184226B")
    face = samples / "portraits" / "eriksson.jpg"
    made = eid("application", "create", "--profile", "utopia-id", "--person", "ZE184226B", "--portrait", face)
    application = _found(r"A-\w+", made)
    for words in (("queue",), ("list",), ("show", application)):
        eid("application", *words)
    eid("application", "approve", application, by="bert")
    document = _found(r"D-\w+", eid("document", "prepare", application, by="bert"))
    eid("emulator", "blank", "card-1")
    eid("card", "personalize", document, "--reader", "emulator:card-1", "--without-print-check", by="bert")
    eid("card", "jobs")
    eid("card", "status", "--reader", "emulator:card-1")
    can = _found(r"\b\d{6}\b", eid("document", "export", document))
    for verbose in ((), ("--verbose",), ("--brief",)):
        eid("verify", "--reader", "emulator:card-1", "--can", can, *verbose)
    eid("verify", "--reader", "emulator:card-1", "--can", "000000", ends=7)
    eid("verify", "--reader", "spec:clone", "--can", "123456", ends=3)
    eid("document", "report-stolen", document)
    eid("document", "show", document)
    eid("document", "history", document)
    eid("status")
    eid("audit", "verify")
    eid("register", "verify")
    eid("register", "stats")
    eid("stock", "show")
    eid("pki", "show")
    eid("trust", "list")


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found is not None, text
    return found[0]
