"""The public names of the library: they stand still, are typed, and cost nothing until they are used."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

import eid_toolkit

ROOT = Path(__file__).parents[2]
PUBLIC = Path(__file__).with_name("public.txt")
HEAVY = {"cryptography", "click", "smartcard", "asn1crypto", "ecdsa", "gmpy2", "PIL", "sqlalchemy", "yaml", "pkcs11"}


def test_the_public_names_and_signatures_are_those_of_the_file() -> None:
    spec = importlib.util.spec_from_file_location("api_page", ROOT / "scripts" / "api_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.public_lines() == PUBLIC.read_text("utf-8").splitlines(), (
        "a public name changes on purpose only: say so in the changelog, and run `python scripts/api_page.py`"
    )


def loaded_by(script: str) -> set[str]:
    """The modules that a fresh interpreter has after ``script``, beyond what it starts with."""
    show = "import sys; before = set(sys.modules); {}; print(*set(sys.modules) - before)"
    command = [sys.executable, "-c", show.format(script)]
    return set(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split())


def test_importing_the_package_loads_nothing_of_it_and_no_heavy_package() -> None:
    loaded = loaded_by("import eid_toolkit")
    assert {name for name in loaded if name.startswith("eid_toolkit")} == {"eid_toolkit"}
    assert not HEAVY & {name.partition(".")[0] for name in loaded}
    assert len(loaded) < 5, sorted(loaded)


@pytest.mark.parametrize("name", ["Can", "errors", "open_reader", "emulate", "Trust", "verify", "judge", "Verdict"])
def test_naming_what_a_program_begins_with_loads_no_heavy_package(name: str) -> None:
    loaded = loaded_by(f"from eid_toolkit import {name}")
    assert any(module.startswith("eid_toolkit.") for module in loaded)
    assert not HEAVY & {module.partition(".")[0] for module in loaded}


def test_every_public_name_is_there_and_is_listed() -> None:
    assert sorted(eid_toolkit.__all__) == list(eid_toolkit.__all__)
    assert all(getattr(eid_toolkit, name) is not None for name in eid_toolkit.__all__)
    assert set(dir(eid_toolkit)) == {*eid_toolkit.__all__, "__version__"}


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'passport'"):
        eid_toolkit.passport  # noqa: B018


def test_type_checkers_see_the_names_that_are_there_at_run_time() -> None:
    """What stands under TYPE_CHECKING is what ``__getattr__`` finds, from the same modules."""
    source = Path(eid_toolkit.__file__).read_text("utf-8")
    block = next(node for node in ast.parse(source).body if isinstance(node, ast.If))
    seen = {
        alias.name: f"{node.module}.{alias.name}"
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert set(seen) == set(eid_toolkit.__all__)
    for name, place in seen.items():
        found = getattr(eid_toolkit, name)
        assert place == getattr(found, "__module__", found.__name__.rpartition(".")[0]) + "." + name


def test_an_emulated_card_that_fails_inside_says_nothing_unless_somebody_asks_for_the_log() -> None:
    script = "import eid_toolkit.cards.emulator.card as c; c._log.error('failed')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""


def test_each_file_that_has_a_class_is_parsed_to_it_by_its_name_for_type_checkers_too() -> None:
    """The overloads of ``parse_file`` say what the registry of files does."""
    from typing import get_overloads

    from eid_toolkit.api.records import parse_file
    from eid_toolkit.standards.lds.registry import _CLASSES

    said = {}
    for each in get_overloads(parse_file):
        found = re.fullmatch(r"Literal\[['\"](.+)['\"]\]", each.__annotations__["name"])
        if found is not None:
            said[found[1]] = each.__annotations__["return"]
    assert said == {file.label: f"files.{kind.__name__}" for file, kind in _CLASSES.items()}
