"""The home directory: configuration, files that are whole, locks between processes."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eid_toolkit.ground.errors import BadInput, IntegrityBroken, NotPermitted, ServiceAway
from eid_toolkit.ground.home.atomic import write_atomic
from eid_toolkit.ground.home.config import HomeConfig
from eid_toolkit.ground.home.home import Home
from support.waiting import next_line

CONFIG = HomeConfig("UTO", 'Ministry "of" Utopía', True, datetime(2026, 11, 20, tzinfo=UTC), "sqlite:////srv/r.sqlite")


def test_a_home_is_made_private_and_opens_again(tmp_path: Path) -> None:
    root = tmp_path / "home"
    Home.create(root, CONFIG)
    assert Home.open(root).config == CONFIG
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (root, *root.iterdir()) if path.is_dir()}
    assert modes == {0o700}
    assert stat.S_IMODE((root / "eid.toml").stat().st_mode) == 0o600


def test_a_home_is_never_overwritten(tmp_path: Path) -> None:
    Home.create(tmp_path, CONFIG)
    with pytest.raises(NotPermitted, match="home-exists"):
        Home.create(tmp_path, CONFIG)


def test_where_there_is_no_home_none_opens(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="home-missing"):
        Home.open(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"\xff", "home-config-unreadable"),
        (b"country = ", "home-config-unreadable"),
        (b'country = "UTO"', "home-config-key"),
        (b'schema = "eid-home/9"', "home-config-schema"),
        (CONFIG.encode() + b"more = 1\n", "home-config-key"),
        (CONFIG.encode().replace(b"true", b'"yes"'), "home-config-key"),
        (CONFIG.encode().replace(b"2026-", b"later-"), "home-config-key"),
        (CONFIG.encode().replace(b'"UTO"', b'"Utopia"'), "country-code-malformed"),
        (CONFIG.encode() + b'register_tls = "verified"\n', "register-tls-unknown"),
        (CONFIG.encode() + b"register_tls = false\n", "home-config-key"),
    ],
)
def test_a_damaged_configuration_is_refused(tmp_path: Path, text: bytes, code: str) -> None:
    Home.create(tmp_path, CONFIG)
    (tmp_path / "eid.toml").write_bytes(text)
    with pytest.raises((BadInput, IntegrityBroken), match=code):
        Home.open(tmp_path)


def test_a_configuration_keeps_that_a_register_need_not_be_verified() -> None:
    config = replace(CONFIG, register_tls="unverified")
    assert HomeConfig.parse(config.encode()) == config
    assert b"register_tls" not in CONFIG.encode()


def test_an_authority_needs_a_name_that_can_be_shown() -> None:
    for name in ("", "  ", "a\x1b[31m", "x" * 49):
        with pytest.raises(BadInput, match="authority-name-malformed"):
            HomeConfig("UTO", name, True, CONFIG.created)


def test_a_file_is_replaced_whole_or_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old")

    def no_disk(_descriptor: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", no_disk)
    with pytest.raises(OSError, match="disk full"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


HOLDER = """
import sys, time
from pathlib import Path
from eid_toolkit.ground.home.home import Home

with Home.open(Path(sys.argv[1])).lock("document-D-1"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_process_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    home = Home.create(tmp_path, CONFIG)
    with subprocess.Popen([sys.executable, "-c", HOLDER, tmp_path], stdout=subprocess.PIPE, text=True) as holder:
        assert next_line(holder) == "held\n"
        with pytest.raises(ServiceAway, match="lock-held") as told, home.lock("document-D-1"):
            pass
        assert told.value.facts["holder"] == str(holder.pid)
        with home.lock("document-D-2"):
            pass
        holder.kill()  # a lock dies with its holder
    with home.lock("document-D-1"):
        pass


def test_a_lock_does_not_leave_its_folder(tmp_path: Path) -> None:
    home = Home.create(tmp_path, CONFIG)
    with pytest.raises(BadInput, match="lock-name-malformed"):
        home.lock("../outside")
