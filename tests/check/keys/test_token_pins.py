"""The PIN of a compartment's token: nobody types it after the founding, and who has left knows another one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from eid_toolkit.books.keys import token_keys
from eid_toolkit.books.keys.compartments import Compartment
from eid_toolkit.books.keys.sealing_key import SealingKey
from eid_toolkit.books.keys.token_keys import Access, TokenKeys, read_access, write_access
from eid_toolkit.ground.secret import Secret
from support.homes import ENTROPY
from support.offices import ENVIRONMENT
from support.softhsm import PIN, SoftHsm
from support.waiting import status_of

TWO = ("--operator", "anna", "--second-operator", "bert")
PAT = {"EID_OPERATOR_PASSPHRASE": "the words of pat"}
_LOG_IN = """
import sys
from eid_toolkit.books.keys.pkcs11_uri import Pkcs11Uri
from eid_toolkit.books.keys.token import Token
from eid_toolkit.ground.secret import Secret
print(Token(Pkcs11Uri.parse(sys.argv[1]), lambda: Secret(sys.argv[2].encode())).names())
"""


def run(*words: object, code: int = 0, **environment: str) -> str:
    """A process of its own: being logged in to a token is the process's."""
    command = [sys.executable, "-m", "eid_toolkit.doors.cli.main", *map(str, words)]
    given = {**os.environ, **ENVIRONMENT, **environment}
    done = subprocess.run(command, env=given, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == code, done.stderr
    return done.stdout


def opens(uri: str, pin: str) -> bool:
    done = subprocess.run([sys.executable, "-c", _LOG_IN, uri, pin], capture_output=True, check=False, timeout=60)
    return done.returncode == 0


@pytest.fixture
def home(tmp_path: Path, softhsm: SoftHsm) -> tuple[Path, str]:
    root, uri = tmp_path / "home", softhsm.token()
    found = ("init", "--authority", "Ministry", "--key-store", f"document-signing={uri}")
    run("--home", root, *TWO, *found, EID_PIN=PIN)
    run("--home", root, *TWO, "operator", "add", "pat", "--role", "personalizer", EID_NEW_PASSPHRASE="the words of pat")
    return root, uri


def test_two_compartments_never_share_a_token(tmp_path: Path, softhsm: SoftHsm) -> None:
    uri = softhsm.token()
    stores = [word for name in ("csca", "cards") for word in ("--key-store", f"{name}={uri}")]
    run("--home", tmp_path / "home", *TWO, "init", "--authority", "Ministry", *stores, code=10, EID_PIN=PIN)
    assert not (tmp_path / "home").exists()


def test_nobody_types_the_pin_after_the_founding(home: tuple[Path, str]) -> None:
    root, _ = home
    run("--home", root, *TWO, "--yes", "pki", "ds", "create", EID_PIN="not this one")


def test_who_has_left_knows_a_pin_that_the_token_has_no_more(home: tuple[Path, str]) -> None:
    root, uri = home
    assert opens(uri, PIN)
    run("--home", root, *TWO, "operator", "disable", "pat")
    run("--home", root, *TWO, "--yes", "pki", "ds", "create")
    assert not opens(uri, PIN)
    run("--home", root, *TWO, "--yes", "pki", "ds", "create")


def test_a_stop_between_the_tokens_change_and_the_homes_loses_no_pin(
    tmp_path: Path, softhsm: SoftHsm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token has the new PIN already, and the home says that it may have the former one still."""
    directory, uri, key = tmp_path, softhsm.token(), SealingKey(Secret(bytes(32)))

    def uses() -> None:
        """As a new process does."""
        monkeypatch.setattr(token_keys, "_tokens", {})
        keys = TokenKeys.of(directory, Compartment.AUDIT, lambda: key)
        assert keys is not None and keys._token.names() == ()

    write_access(directory, Compartment.AUDIT, key, Access(uri, PIN), ENTROPY)
    renewed = read_access(directory, Compartment.AUDIT, key).renewed(ENTROPY)
    write_access(directory, Compartment.AUDIT, key, renewed, ENTROPY)
    child = os.fork()
    if child == 0:
        try:
            uses()
        finally:
            os._exit(0)
    status_of(child)
    assert not opens(uri, PIN) and opens(uri, renewed.pin)
    write_access(directory, Compartment.AUDIT, key, renewed, ENTROPY)  # as a kill leaves it
    uses()
    assert read_access(directory, Compartment.AUDIT, key).former is None
    assert opens(uri, renewed.pin)
