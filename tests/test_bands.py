"""Imports go down from band to band, no packages of a band import each other in a circle, and fences hold."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import eid_toolkit

ROOT = Path(eid_toolkit.__file__).parent
SOURCES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py"))
BANDS = ("ground", "standards", "cards", "books", "work", "doors")
FACE = ("__init__.py", "api/")
"""What stands beside the bands: the public names, which may use all of them and which none of them uses."""

FENCES: dict[str, tuple[str, ...]] = {
    "click": ("doors/cli/",),
    "smartcard": ("cards/transport/pcsc.py",),
    "sqlalchemy": ("books/", "work/personalization/journal.py", "work/personalization/work.py"),
    "alembic": ("books/ledger/",),
    "psycopg": (),
    "cryptography": ("standards/crypto/", "books/keys/"),
    "asn1crypto": ("standards/asn1/",),
    "ecdsa": ("standards/crypto/",),
    "gmpy2": ("standards/crypto/",),
    "PIL": ("ground/images/", "standards/lds/biometric_image.py", "work/specimens/"),
    "pkcs11": ("books/keys/token.py", "books/keys/token_module.py"),
    "yaml": ("work/cardspec/parsing.py",),
}
HEAVY = frozenset(FENCES) - {"click"}
"""Packages that are imported when they are first used, not when the command line starts."""
UNNEEDED = {"asyncio", "hashlib", "hmac", "json", "logging", "traceback"}
"""Parts of the standard library that the help needs not, and that cost as much as all of ours."""


@cache
def imports(source: str) -> tuple[str, ...]:
    """Every module that a source imports, wherever the statement stands."""
    return tuple(_imports(source))


def _imports(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse((ROOT / source).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def place(module: str) -> tuple[str, str] | None:
    """Band and package of one of our modules or sources; None for all others."""
    path = module.removesuffix(".py").replace("/", ".").removeprefix("eid_toolkit.").split(".")
    return (path[0], path[1]) if path[0] in BANDS and len(path) > 1 else None


def edges() -> Iterator[tuple[str, tuple[str, str], tuple[str, str]]]:
    """Each import from one of our packages into another: the source, where it stands, and where it leads."""
    for source in SOURCES:
        here = place(source)
        for module in imports(source):
            there = place(module) if module.startswith("eid_toolkit.") else None
            if here is not None and there is not None and here != there:
                yield source, here, there


def test_every_source_stands_in_a_band() -> None:
    inits = {f"{band}/__init__.py" for band in BANDS}
    assert [path for path in SOURCES if not (place(path) or path in inits or path.startswith(FACE))] == []


def test_imports_go_down_from_band_to_band() -> None:
    climbing = [
        f"{source} imports {'.'.join(there)}"
        for source, here, there in edges()
        if BANDS.index(there[0]) > BANDS.index(here[0])
    ]
    assert climbing == []


def test_no_packages_of_a_band_import_each_other_in_a_circle() -> None:
    below: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for _, here, there in edges():
        if here[0] == there[0]:
            below[here].add(there)
    for package in list(below):
        seen: set[tuple[str, str]] = set()
        todo = list(below[package])
        while todo:
            if (other := todo.pop()) not in seen:
                seen.add(other)
                todo += below[other]
        assert package not in seen, f"{'.'.join(package)} comes back to itself"


def test_nothing_below_uses_the_public_face() -> None:
    assert not [
        source
        for source in SOURCES
        for module in imports(source)
        if module.startswith("eid_toolkit.api") and place(source)
    ]


def test_migrations_hold_frozen_copies_of_what_they_use() -> None:
    """What they did to a register of an earlier version does not change with the software of today."""
    versions = [source for source in SOURCES if source.startswith("books/ledger/migrations/versions/v")]
    assert len(versions) >= 5
    assert not [module for source in versions for module in imports(source) if module.startswith("eid_toolkit")]


def test_no_door_asks_for_a_right_opens_a_key_or_writes_a_row_of_the_log() -> None:
    """What a command does beyond asking and printing is done in ``work``."""
    for source in SOURCES:
        if source.startswith("doors/"):
            names = {module.rpartition(".")[2] for module in imports(source)}
            assert not names & {"Permission", "open_key_store", "KeyStore", "append", "Database"}, source
            calls = {
                node.func.attr
                for node in ast.walk(ast.parse((ROOT / source).read_text("utf-8")))
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            }
            assert not calls & {"unlock", "record", "record_all", "look", "second_operator", "act_as"}, source


@pytest.mark.parametrize("package", FENCES)
def test_an_outside_package_stays_behind_its_fence(package: str) -> None:
    assert [
        source
        for source in SOURCES
        for module in imports(source)
        if module.partition(".")[0] == package and not source.startswith(FENCES[package])
    ] == []


def test_the_standards_have_no_clock_no_randomness_and_no_input_or_output() -> None:
    outside = {"os", "time", "random", "secrets", "subprocess", "socket", "pathlib", "tempfile", "shutil", "sys"}
    assert [
        f"{source} imports {module}"
        for source in SOURCES
        for module in imports(source)
        if source.startswith("standards/")
        and module.partition(".")[0] in outside
        and source != "standards/profiles/loading.py"  # the profiles shipped in the package
    ] == []


def test_terminal_and_emulator_do_not_know_each_other() -> None:
    pairs = {(here[1], there[1]) for _, here, there in edges()}
    assert not pairs & {("terminal", "emulator"), ("emulator", "terminal")}


def test_the_help_loads_no_heavy_package() -> None:
    script = (
        "import sys; from eid_toolkit.doors.cli.main import main; main(['--help'], standalone_mode=False);"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    ).stderr.split()
    assert not HEAVY & set(loaded)
    assert not UNNEEDED & set(loaded)
