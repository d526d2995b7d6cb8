"""The quick starts name commands that there are, the same ones in each language."""

from __future__ import annotations

import re
import shlex

import click
import pytest

from eid_toolkit.doors.cli.main import main
from support.quick_starts import PAGES, TRANSLATED, commands, named, page

TYPED = [words for language, name in PAGES for words in commands(language, name)]
NAMED = [shlex.split(each) for language, name in PAGES for each in sorted(named(language, name)) if each[0] == "e"]
in_each_language = pytest.mark.parametrize(
    ("language", "name"), [(language, name) for language, names in TRANSLATED.items() for name in names]
)


def leads_to(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that is meant, and what stands behind its name; groups take the common options before it."""
    command: click.Command = main
    context = click.Context(main, **main.context_settings)  # a command remembers its option --help as first asked for
    rest = words[1:]
    while isinstance(command, click.Group):
        while rest and rest[0].startswith("--"):
            assert rest[0] in options(command, context)
            rest = rest[2:]
        if not rest:
            break
        name, *rest = rest
        found = command.get_command(context, name)
        assert found is not None, name
        command, context = found, click.Context(found, parent=context)
    assert {word for word in rest if word.startswith("--")} <= options(command, context)
    return command, rest


def options(command: click.Command, context: click.Context) -> set[str]:
    return {option for param in command.get_params(context) for option in (*param.opts, *param.secondary_opts)}


@pytest.mark.parametrize("words", TYPED, ids=" ".join)
def test_a_command_of_a_page_is_one(words: list[str]) -> None:
    command, _ = leads_to(words)
    assert not isinstance(command, click.Group)


@pytest.mark.parametrize("words", NAMED, ids=" ".join)
def test_a_command_that_the_text_names_is_one(words: list[str]) -> None:
    leads_to(words)


def test_the_pages_have_commands() -> None:
    for (language, name), first in {
        ("en", "officer"): ["officer", "init"],
        ("en", "clerk"): ["init", "--demo"],
    }.items():
        found = commands(language, name)
        assert first in [words[1:3] for words in found]
        assert len(found) > 12
    clerk = commands("en", "clerk")
    assert ["eid", "config", "set", "reader", "1"] in clerk and ["eid", "completion", "bash"] in clerk
    assert ["eid", "application", "approve", "A-…"] in clerk


@in_each_language
def test_a_page_has_the_same_commands_in_the_same_order_in_each_language(language: str, name: str) -> None:
    """Apart from what stands in quotes: a fingerprint, a name."""
    english, other = (
        [[word for word in words if " " not in word] for words in commands(each, name)] for each in ("en", language)
    )
    assert other == english


@in_each_language
def test_a_page_names_the_same_commands_and_has_the_same_parts_in_each_language(language: str, name: str) -> None:
    assert named("en", name) <= named(language, name)
    english, other = (
        [re.findall(pattern, page(each, name), re.MULTILINE) for pattern in (r"^#+ ", r"^\| \d+ ", r"^```\w+$")]
        for each in ("en", language)
    )
    assert other == english


@in_each_language
def test_a_translation_says_that_nobody_has_read_it_and_leads_to_the_english_page(language: str, name: str) -> None:
    assert f"\n[quickstart-{name}.md](../quickstart-{name}.md)" in page(language, name).partition("```")[0]
