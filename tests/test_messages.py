"""Every code has a sentence, and every sentence a code."""

from __future__ import annotations

import ast
import json
import re
import string
import tomllib
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import eid_toolkit
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground import errors
from eid_toolkit.ground.errors import BadInput, CardRefused, EidError
from eid_toolkit.ground.messages import catalogue as catalogue_module
from eid_toolkit.ground.messages.catalogue import ENGLISH, Message, Sentence, Speaker, catalogue, languages, words
from eid_toolkit.work.inspection.checks import CHECK_IDS

ASKING = ("act", "decide", "both", "Purpose")
ROOT = Path(eid_toolkit.__file__).parent
ERRORS = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, EidError)}
OUTCOMES = {"failed", "undetermined", "not_performed"}
FINDINGS = {"Finding", "RevocationResult"}
KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")


@cache
def calls() -> tuple[tuple[str, ast.Call], ...]:
    """Every call in the source, by the name of what is called."""
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                found.append((name, node))
    return tuple(found)


def literals(node: ast.AST) -> set[str]:
    """The code literals in an expression (a choice of two has both)."""
    return {
        part.value
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and KEBAB.fullmatch(part.value)
    }


def raised_codes() -> set[str]:
    return {code for name, call in calls() if name in ERRORS and call.args for code in literals(call.args[0])}


def reason_codes() -> set[str]:
    found = {code for name, call in calls() if name in OUTCOMES and call.args for code in literals(call.args[0])}
    return found | {
        code for name, call in calls() if name in FINDINGS for part in call.args[1:2] for code in literals(part)
    }


@cache
def all_literals() -> frozenset[str]:
    return frozenset(code for path in ROOT.rglob("*.py") for code in literals(ast.parse(path.read_text("utf-8"))))


def test_every_error_code_has_a_sentence() -> None:
    assert raised_codes() - catalogue("en").keys() == set()


def test_every_reason_has_a_sentence() -> None:
    assert reason_codes() - catalogue("en").keys() == set()


def test_every_check_has_a_sentence_for_passing() -> None:
    wanted = {f"check-{check_id.replace('.', '-')}" for check_id in CHECK_IDS}
    assert {code for code in catalogue("en") if code.startswith("check-")} == wanted


def test_no_sentence_is_left_over() -> None:
    codes = {code for code in catalogue("en") if not code.startswith(("check-", "purpose-"))}
    assert codes - all_literals() == set()


def test_a_code_stands_in_one_area_only() -> None:
    areas = [tomllib.loads(path.read_text("utf-8")) for path in (ROOT / "ground" / "messages" / "en").glob("*.toml")]
    assert sum(map(len, areas)) == len(catalogue("en"))


@pytest.mark.parametrize("language", languages())
def test_sentences_are_sentences_and_templates_are_plain(language: str) -> None:
    for code, found in catalogue(language).items():
        assert code.startswith(("purpose-", "ask-", "part-")) or found.text.endswith((".", "?", "}")), code
        for text in filter(None, (found.text, found.hint)):
            fields = [field for _, field, _, _ in string.Formatter().parse(text) if field is not None]
            assert all(field.isidentifier() for field in fields), code


OTHERS = [language for language in languages() if language != "en"]
NAMES = re.compile(r"`[^`]*`|(?<![\w-])--[a-z][a-z-]*|EID_[A-Z_]+")
"""What is typed as it stands, whatever the language."""


def parts(found: Message) -> dict[str, str | None]:
    return {"text": found.text, "hint": found.hint, "short": found.short}


def places(text: str) -> list[str]:
    return sorted(field for _, field, _, _ in string.Formatter().parse(text) if field is not None)


@pytest.mark.parametrize("language", OTHERS)
def test_each_language_says_all_that_english_says(language: str) -> None:
    theirs, ours = catalogue(language), catalogue("en")
    assert theirs.keys() == ours.keys()
    for code, message in ours.items():
        for part, english in parts(message).items():
            told = parts(theirs[code])[part]
            assert (told is None) is (english is None), (code, part)
            if english is not None and told is not None:
                assert places(told) == places(english), (code, part)
                assert sorted(set(NAMES.findall(told))) == sorted(set(NAMES.findall(english))), (code, part)
                assert unicodedata.is_normalized("NFC", told) and told.isprintable() == english.isprintable(), code


@pytest.mark.parametrize("language", OTHERS)
def test_areas_of_each_language_are_the_same_files_in_the_same_order(language: str) -> None:
    folder = ROOT / "ground" / "messages"
    for path in (folder / "en").glob("*.toml"):
        english, other = (tomllib.loads((folder / each / path.name).read_text("utf-8")) for each in ("en", language))
        assert list(english) == list(other), path.name
    assert len(list((folder / language).glob("*.toml"))) == len(list((folder / "en").glob("*.toml")))


@pytest.mark.parametrize("language", OTHERS)
def test_no_english_is_left_in_another_language(language: str) -> None:
    """Behind what is typed, and names in brackets, no word is one of those that no English sentence does without."""
    english = re.compile(
        r"\b(the|and|is|are|was|were|not|of|with|this|that|cannot|has|have|for|from|which|must|been)\b"
    )
    for code, message in catalogue(language).items():
        for text in filter(None, parts(message).values()):
            plain = re.sub(r"`[^`]*`|\{[^}]*\}|\([^)]*\)|eid [a-z -]+|--[a-z-]+", "", text)
            assert english.search(plain) is None, (code, text)


SENTENCE = re.compile(r"[A-Za-z]{2,}[,;:.]? [a-z]{2,}")
ELSEWHERE = {
    "decided by the operator",  # goes on record, in the words of the record
    "the last try ends otherwise",
    " is no command",
    "numbers do not end",
}
"""What goes on record, and what only a fault of this software would show."""


def constants(path: Path) -> Iterator[str]:
    """The texts of a file, without docstrings and what stands behind an assertion."""
    tree = ast.parse(path.read_text("utf-8"))
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value


def test_no_sentence_stands_in_the_source_of_the_command_line() -> None:
    """Nor does a label or a value of several words that another language has no word for."""
    named = [words(language, kind) for language in OTHERS for kind in ("labels", "values")]
    for path in sorted((ROOT / "doors" / "cli").rglob("*.py")):
        for text in () if path.name in ("completing.py", "pinentry.py") else constants(path):
            if SENTENCE.search(text) and text not in ELSEWHERE and not re.search(r"\beid |^ verify ", text):
                assert any(text in known for known in named), (path.name, text)


def test_what_errors_say_in_words_has_words_in_each_language() -> None:
    """What is damaged, and the reason that a parser gives."""
    told = {
        part.value
        for name, call in calls()
        if name in ERRORS
        for keyword in call.keywords
        if keyword.arg in ("parameters", "reason", "what")
        for part in ast.walk(keyword.value)
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and " " in part.value.strip()
    }
    told |= {
        call.args[2].value
        for name, call in calls()
        if name == "stored" and len(call.args) > 2 and isinstance(call.args[2], ast.Constant)
    }
    assert len(told) > 40
    for language in OTHERS:
        assert told - words(language, "values").keys() == set()


def test_no_error_has_words_put_together_in_the_source() -> None:
    """A fact with other facts in it is a sentence of its own, or a place in a file."""
    counted = {"line ", "blank ", " (as line "}
    for name, call in calls():
        for value in (*call.args, *(each.value for each in call.keywords)) if name in ERRORS | {"malformed"} else ():
            for text in (part for part in ast.walk(value) if isinstance(part, ast.JoinedStr)):
                for part in text.values:
                    found = part.value if isinstance(part, ast.Constant) else ""
                    words_in = re.search(r"(^| )[a-z]{2,}( |$)", str(found))
                    assert words_in is None or found in counted, ast.unparse(call)
    for language in OTHERS:
        assert {"line", "blank", "as line", "as blank", "the command line"} <= words(language, "values").keys()


def test_a_third_language_is_a_folder_and_what_it_lacks_is_told_in_english(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As docs/translating.md has it, tried with ten sentences."""
    sentences = {
        "no-card": "Jan suta karta.",
        "policy-unknown": "Politiko {name} jan suta.",
        **{f"invented-{number}": f"Frazo {number}." for number in range(8)},
    }
    (tmp_path / "eo").mkdir()
    (tmp_path / "en").symlink_to(ROOT / "ground" / "messages" / "en")
    content = "".join(f'[{code}]\ntext = "{text}"\n' for code, text in sentences.items())
    (tmp_path / "eo" / "all.toml").write_text(content, "utf-8")
    monkeypatch.setattr(catalogue_module, "_MESSAGES", tmp_path)
    for cached in (languages, catalogue):
        cached.cache_clear()
    try:
        speaker = Speaker("eo")
        assert languages() == ("en", "eo")
        assert speaker.of(BadInput("policy-unknown", name="x", policies="y")).text == "Politiko x jan suta."
        assert speaker.explain("invented-3", {}) == "Frazo 3."
        assert speaker.explain("sod-absent", {}) == ENGLISH.explain("sod-absent", {})
    finally:
        for cached in (languages, catalogue):
            cached.cache_clear()


def test_a_sentence_that_knows_its_code_is_text_in_json_and_told_in_the_language_of_a_person() -> None:
    told = Sentence.of("csca-unknown", {"csca": "C=UT", "key": "AB"})
    assert json.loads(json.dumps(told)) == ENGLISH.explain("csca-unknown", {"csca": "C=UT", "key": "AB"})
    for language in OTHERS:
        shown = str(Speaker(language).shown("detail", told))
        assert shown != told
        assert "C=UT" in shown


def test_facts_from_outside_are_made_harmless() -> None:
    shown = ENGLISH.of(BadInput("policy-unknown", name="a\x1b[31mb\u202ec", policies="x"))
    assert "\x1b" not in shown.text
    assert "\u202e" not in shown.text


def test_a_missing_fact_does_not_hide_the_sentence() -> None:
    found = ENGLISH.message("no-card", {})
    assert found is not None
    assert "?" in found.text


def test_the_status_word_of_a_refusal_is_shown() -> None:
    assert "6A82" in ENGLISH.of(CardRefused("no-such-code", sw=0x6A82)).text


def test_whoever_is_asked_for_a_passphrase_is_told_what_for() -> None:
    acts = {
        word
        for path in (ROOT / "work" / "office").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in ASKING
        for argument in node.args
        if isinstance(argument, ast.Constant) and isinstance(word := argument.value, str) and "." in word
    }
    assert len(acts) > 30
    wanted = {f"purpose-{name.replace('.', '-')}" for name in {*acts, *map(str, Permission)}}
    assert wanted - catalogue("en").keys() == set()
