"""What programs must tell apart is told apart by class, never by comparing an error's code."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import eid_toolkit
from eid_toolkit.cards.transport.pcsc import find_reader
from eid_toolkit.ground import errors
from eid_toolkit.ground.errors import EidError, PasswordWrong

ROOT = Path(eid_toolkit.__file__).parent


def caught_names(tree: ast.AST) -> set[str]:
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.name}


def compared_codes(source: str) -> list[int]:
    """The lines that compare the code of an error that was caught."""
    tree = ast.parse(source)
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        for side in (node.left, *node.comparators)
        if isinstance(side, ast.Attribute)
        and side.attr == "code"
        and isinstance(side.value, ast.Name)
        and side.value.id in caught_names(tree)
    ]


def test_the_rule_sees_a_comparison() -> None:
    assert compared_codes('try:\n    f()\nexcept E as error:\n    if error.code in ("a", "b"): raise') == [4]


def raised() -> dict[str, set[str]]:
    """The classes that each code is raised with, as far as the code stands in the call."""
    classes: dict[str, set[str]] = {}
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(ast.Name(name), [ast.Constant(str(code)), *_]) if hasattr(errors, name):
                    classes.setdefault(code, set()).add(name)
                case ast.Tuple([ast.Name(name), ast.Constant(str(code))]) if hasattr(errors, name):
                    classes.setdefault(code, set()).add(name)
    return classes


def test_a_code_that_has_a_class_of_its_own_is_never_raised_with_the_wider_one() -> None:
    for code, names in raised().items():
        # ProtocolError says where the data came from, so that a code can be raised with it and without.
        for kind in (getattr(errors, name) for name in names - {"ProtocolError"}):
            wider = {base.__name__ for base in kind.__mro__[1:] if getattr(base, "exit_code", 0) == kind.exit_code}
            assert not wider & names, code


#: It turns the codes of a profile into those of a card spec: a table from code to code.
TABLES = {"cardspec/reading.py"}


def test_no_source_compares_the_code_of_an_error_that_it_caught() -> None:
    sources = (path for path in ROOT.rglob("*.py") if path.relative_to(ROOT).as_posix() not in TABLES)
    found = {path.name: lines for path in sources if (lines := compared_codes(path.read_text("utf-8")))}
    assert found == {}


def test_every_class_of_errors_keeps_the_exit_code_of_the_one_that_it_refines() -> None:
    classes = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, EidError)]
    base = {kind for kind in classes if EidError in kind.__bases__} | {EidError, errors.ChannelError}
    for kind in classes:
        assert kind in base or kind.exit_code == kind.__bases__[0].exit_code, kind.__name__


@pytest.mark.parametrize(("sw", "left"), [(0x63C2, 2), (0x63C0, 0), (0x6300, None), (0x6982, None)])
def test_a_wrong_password_tells_the_tries_left_where_the_card_does(sw: int, left: int | None) -> None:
    """ISO/IEC 7816-4 table 6: 63Cx."""
    wrong = PasswordWrong("access-password-wrong", sw=sw, password="can", protocol="pace")
    assert (wrong.tries_left, wrong.facts["sw"], wrong.exit_code) == (left, f"{sw:04X}", 7)


@pytest.mark.parametrize("wanted", ["ACR", "3", "Virtual PCD"])
def test_no_reader_and_several_readers_are_a_reader_that_is_not_there(wanted: str) -> None:
    with pytest.raises(errors.NoReaderError) as caught:
        find_reader(wanted, ["Virtual PCD 00", "Virtual PCD 01"])
    assert "Virtual PCD 00" in str(caught.value.facts["readers"])
