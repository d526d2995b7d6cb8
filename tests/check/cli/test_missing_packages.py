"""Where the package of an extra is not installed, a command says which one, and how it is installed."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from eid_toolkit.books.keys.pkcs11_uri import Pkcs11Uri
from eid_toolkit.books.keys.token import Token
from eid_toolkit.books.ledger.database import Database
from eid_toolkit.ground.errors import ServiceAway
from eid_toolkit.ground.secret import Secret

PROJECT = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text("utf-8"))["project"]
BLOCKED = (
    "import sys; sys.modules.update(dict.fromkeys({modules!r}));from eid_toolkit.doors.cli.main import main; main()"
)
"""A process in which these modules cannot be imported."""
SERVER = "postgresql+psycopg://eid@db.example/register"
KEYS = "pkcs11:token=T?module-path=/nowhere.so"


def eid(home: Path, modules: tuple[str, ...], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BLOCKED.format(modules=modules), "--home", str(home), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, stdin=subprocess.DEVNULL)


def test_a_server_register_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ServiceAway, match="package-missing") as refused:
        Database.open(SERVER)
    assert refused.value.facts == {"package": "psycopg", "extra": "server"}


def test_a_token_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(ServiceAway, match="package-missing") as refused:
        Token(Pkcs11Uri.parse(KEYS), lambda: Secret(b""))
    assert refused.value.facts == {"package": "python-pkcs11", "extra": "token"}


@pytest.mark.parametrize(("package", "extra"), [("psycopg", "server"), ("python-pkcs11", "token")])
def test_the_extras_that_errors_name_are_those_of_the_project(package: str, extra: str) -> None:
    assert [requirement.startswith(package) for requirement in PROJECT["optional-dependencies"][extra]] == [True]
    assert not any(requirement.startswith(package) for requirement in PROJECT["dependencies"])


def test_the_commands_need_no_extra_where_neither_is_used(tmp_path: Path) -> None:
    done = eid(tmp_path / "home", ("psycopg", "pkcs11", "gmpy2"), "demo")
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr


@pytest.mark.parametrize(
    ("module", "extra", "option", "address"),
    [("psycopg", "server", "--register", SERVER), ("pkcs11", "token", "--key-store", KEYS)],
)
def test_init_says_what_to_install(tmp_path: Path, module: str, extra: str, option: str, address: str) -> None:
    home = tmp_path / "home"
    done = eid(home, (module,), "init", "--demo", option, address)
    assert (done.returncode, f"pip install '.[{extra}]'" in done.stderr) == (ServiceAway.exit_code, True), done.stderr
    assert not home.exists()
