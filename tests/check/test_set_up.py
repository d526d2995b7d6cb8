"""The page about setting up an office is walked through, from an empty folder to a register that was rescued."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.postgres import PrivatePostgres

PAGE = (Path(__file__).parents[2] / "docs" / "set-up.md").read_text("utf-8")
SERVER = "postgresql:///register?host=/run/postgresql"
SECRETS = dict.fromkeys(("EID_OPERATOR_PASSPHRASE", "EID_SECOND_PASSPHRASE", "EID_NEW_PASSPHRASE"), "words of one")


@pytest.mark.timeout(600)
def test_the_commands_of_the_page_set_up_an_office_and_rescue_it(tmp_path: Path, postgres: PrivatePostgres) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 6
    name = postgres.create()
    script = "\n".join(blocks).replace("/media/backup", f"{tmp_path}/backups").replace(SERVER, postgres.url(name))
    assert postgres.url(name) in script
    (tmp_path / "backups").mkdir()
    eid = tmp_path / "eid"
    eid.write_text(f'#!/bin/sh\nexec {sys.executable} -m eid_toolkit.doors.cli.main "$@"\n')
    eid.chmod(0o755)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("EID_", "XDG_"))}
    environment = {**kept, **SECRETS, "HOME": str(tmp_path), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail"], input=script, cwd=tmp_path, env=environment, capture_output=True, text=True,
        timeout=500, check=False,
    )  # fmt: skip
    postgres.drop(name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.count("all as the audit log says") == 2
    assert done.stdout.count("all intact") == 2
    assert list((tmp_path / "office").glob("register.sqlite.moved-*"))
    assert (tmp_path / "rescued" / "register.sqlite").exists()
