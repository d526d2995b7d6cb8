"""Imports go down only, and every outside package stays behind its fence (docs/architecture.md)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import eid_toolkit

ROOT = Path(eid_toolkit.__file__).parent
SOURCES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py"))

LAYERS: dict[str, int] = {
    **dict.fromkeys(("__init__", "errors", "secret", "ports"), 0),
    **dict.fromkeys(("codec", "iso7816"), 1),
    "crypto": 2,
    **dict.fromkeys(("asn1", "lds", "pki"), 3),
    "protocols": 4,
    **dict.fromkeys(("transport", "terminal", "emulator"), 5),
    **dict.fromkeys(
        (
            *("home", "stores", "profiles", "specimens", "register", "audit", "personalization", "inspection"),
            *("cardspec", "conformance"),
        ),
        6,
    ),
    "cli": 7,
    "api": 7,
    "pytest_plugin": 7,
}
SIDEWAYS = {
    ("iso7816", "codec"),
    ("asn1", "pki"),
    ("lds", "asn1"),
    ("lds", "pki"),
    ("pki", "asn1"),
    ("terminal", "transport"),
    ("emulator", "transport"),
    ("stores", "home"),
    ("profiles", "home"),
    *((upper, lower) for upper in ("register", "audit") for lower in ("home", "stores", "profiles", "specimens")),
    ("register", "audit"),
    ("audit", "register"),  # one database and one transaction
    *(
        (upper, lower)
        for upper in ("personalization", "inspection")
        for lower in ("home", "stores", "profiles", "specimens", "register", "audit")
    ),
    ("personalization", "inspection"),
    *(("cardspec", lower) for lower in ("home", "profiles", "specimens", "stores", "register", "personalization")),
    ("api", "cli"),  # for the sentences
}
"""The edges allowed within a layer: from, to."""

FENCES: dict[str, tuple[str, ...]] = {
    "click": ("cli/",),
    "smartcard": ("transport/pcsc.py",),
    "sqlalchemy": ("register/", "audit/", "personalization/journal.py", "personalization/work.py"),
    "alembic": ("register/",),
    "psycopg": (),
    "cryptography": ("crypto/", "pki/", "stores/"),
    "asn1crypto": ("crypto/", "asn1/", "lds/", "pki/"),
    "ecdsa": ("crypto/",),
    "gmpy2": ("crypto/",),
    "PIL": ("lds/", "specimens/"),
    "pkcs11": ("stores/token.py", "stores/token_module.py"),
    "yaml": ("cardspec/reading.py",),
}
HEAVY = frozenset(FENCES) - {"click"}
"""Packages that are imported when they are first used, not when the command line starts."""

UNNEEDED = {"asyncio", "hashlib", "hmac", "json", "logging", "tempfile", "tomllib", "traceback"}
"""Parts of the standard library that the help needs not, and that cost as much as all of ours."""


def imports(source: str) -> Iterator[tuple[str, ast.AST]]:
    """Every imported module of a source, with the statement."""
    for node in ast.walk(ast.parse((ROOT / source).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source}: imports are absolute"
            module = node.module or ""
            # "from eid_toolkit import errors" imports a part, too
            yield from ((f"{module}.{alias.name}" if module == "eid_toolkit" else module, node) for alias in node.names)


def part_of(module: str) -> str:
    """The part of the package that a module or source path belongs to."""
    return module.removeprefix("eid_toolkit").lstrip(".").partition(".")[0]


@pytest.mark.parametrize("source", SOURCES)
def test_imports_go_down_only(source: str) -> None:
    own = source.partition("/")[0].removesuffix(".py")
    for module, _ in imports(source):
        if module.partition(".")[0] == "eid_toolkit" and (other := part_of(module)) not in ("", "__version__", own):
            allowed = LAYERS[other] < LAYERS[own] or LAYERS[own] == 0 or (own, other) in SIDEWAYS
            assert allowed, f"{source} imports {module}"


@pytest.mark.parametrize("source", SOURCES)
def test_outside_packages_stay_behind_their_fences(source: str) -> None:
    for module, _ in imports(source):
        fence = FENCES.get(module.partition(".")[0])
        assert fence is None or source.startswith(fence), f"{source} imports {module}"


def test_terminal_and_emulator_do_not_know_each_other() -> None:
    edges = {(source.partition("/")[0], part_of(module)) for source in SOURCES for module, _ in imports(source)}
    assert not edges & {("terminal", "emulator"), ("emulator", "terminal")}


def test_the_help_loads_no_heavy_package() -> None:
    import subprocess
    import sys

    script = (
        "import sys; from eid_toolkit.doors.cli.main import main; main(['--help'], standalone_mode=False);"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    ).stderr.split()
    assert not HEAVY & set(loaded)
    assert not UNNEEDED & set(loaded)
