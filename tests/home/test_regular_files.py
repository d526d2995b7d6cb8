"""Files that others may have put into a home or beside a spec: no link is followed, no pipe waited for."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from eid_toolkit.books.authorities.authority_files import AuthorityFiles
from eid_toolkit.books.keys.attempts import LIMIT, AttemptCounter
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, NotPermitted
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.home.locks import exclusive
from eid_toolkit.work.cardspec import CardSpec, build
from eid_toolkit.work.cardspec.spec import DocumentSpec
from support.homes import portrait_file
from support.spec_cards import NOW

CHIP = bytes(range(10))


def link(path: Path) -> None:
    (path.parent / "other").write_text("precious")
    path.symlink_to(path.parent / "other")


def dangling(path: Path) -> None:
    path.symlink_to(path.parent / "nowhere")


PLACED: list[Callable[[Path], None]] = [link, dangling, os.mkfifo, Path.mkdir]


@pytest.mark.parametrize("place", PLACED)
def test_a_lock_is_no_link_and_no_pipe(tmp_path: Path, place: Callable[[Path], None]) -> None:
    path = tmp_path / "register.lock"
    place(path)
    with pytest.raises(BadInput, match="file-not-regular"), exclusive(path, "the register"):
        pass
    assert not (tmp_path / "nowhere").exists()
    if (tmp_path / "other").exists():
        assert (tmp_path / "other").read_text() == "precious"


def test_a_pipe_is_no_home(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "eid.toml")
    with pytest.raises(BadInput, match="home-missing"):
        Home.open(tmp_path)


@pytest.mark.parametrize("place", PLACED)
def test_signatures_are_counted_in_no_other_file(tmp_path: Path, place: Callable[[Path], None]) -> None:
    files = AuthorityFiles(tmp_path)
    (tmp_path / "UTO").mkdir()
    files.count_signature("UTO", "ds", 1, 2)
    files.count_signature("UTO", "ds", 1, 2)
    assert files.signatures("UTO", "ds", 1) == 2
    place(tmp_path / "UTO" / "ds-2.count")
    with pytest.raises(BadInput, match="file-not-regular"):
        files.count_signature("UTO", "ds", 2, 2)


class TestAttempts:
    """Of a chip's keys, counted in the home."""

    def test_what_kills_have_left_is_cleared_by_the_next_success(self, demo_home: Home) -> None:
        counter, name = AttemptCounter(demo_home), f"{CHIP.hex()}.attempts"
        for left in ("abcdefgh", "12345678"):
            (demo_home.keys / f".{name}.{left}").write_bytes(b"1")
        counter.begin(CHIP)
        assert (demo_home.keys / name).read_bytes() == b"1"
        counter.succeeded(CHIP)
        assert not list(demo_home.keys.glob(f"*{name}*"))

    def test_an_empty_count_is_one_try_of_unknown_outcome(self, demo_home: Home) -> None:
        path = demo_home.keys / f"{CHIP.hex()}.attempts"
        path.write_bytes(b"")
        AttemptCounter(demo_home).begin(CHIP)
        assert path.read_bytes() == b"2"
        with pytest.raises(NotPermitted, match="chip-attempts-used-up"):
            AttemptCounter(demo_home).begin(CHIP)

    def test_the_next_success_clears_it(self, demo_home: Home) -> None:
        counter = AttemptCounter(demo_home)
        for _ in range(3 * LIMIT):
            counter.begin(CHIP)
            counter.succeeded(CHIP)

    @pytest.mark.parametrize("content", [b"x", b"-1", b"1" * 5000, "\u0663".encode()])
    def test_what_is_no_count_is_damage(self, demo_home: Home, content: bytes) -> None:
        (demo_home.keys / f"{CHIP.hex()}.attempts").write_bytes(content)
        with pytest.raises(IntegrityBroken, match="attempt-count-broken"):
            AttemptCounter(demo_home).begin(CHIP)

    @pytest.mark.parametrize("place", PLACED)
    def test_a_count_is_no_link_and_no_pipe(self, demo_home: Home, place: Callable[[Path], None]) -> None:
        place(demo_home.keys / f"{CHIP.hex()}.attempts")
        with pytest.raises(BadInput, match="file-not-regular"):
            AttemptCounter(demo_home).begin(CHIP)


class TestPortraits:
    """Of a card spec, which may come from a stranger."""

    def card(self, folder: Path, name: str) -> object:
        return build(replace(CardSpec(at=NOW), document=DocumentSpec(portrait=name)), folder=folder)

    def test_one_beside_the_spec_or_below_is_taken(self, tmp_path: Path) -> None:
        (tmp_path / "faces").mkdir()
        (tmp_path / "faces" / "one.png").write_bytes(portrait_file())
        (tmp_path / "two.png").symlink_to("faces/one.png")
        for name in ("faces/one.png", "./faces/../faces/one.png", "two.png"):
            assert self.card(tmp_path, name)

    @pytest.mark.parametrize(
        "name", ["../one.png", "/dev/zero", "sub/../../one.png", "inside.png", "loop/../../one.png"]
    )
    def test_one_elsewhere_is_refused(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "one.png").write_bytes(portrait_file())
        folder = tmp_path / "specs"
        folder.mkdir()
        (folder / "sub").mkdir()
        (folder / "inside.png").symlink_to("../one.png")
        (folder / "loop").symlink_to("loop")
        with pytest.raises(BadInput, match="card-spec-file-elsewhere"):
            self.card(folder, name)

    @pytest.mark.parametrize("place", [os.mkfifo, Path.mkdir])
    def test_a_pipe_or_a_folder_is_refused(self, tmp_path: Path, place: Callable[[Path], None]) -> None:
        place(tmp_path / "face.png")
        with pytest.raises(BadInput, match="file-not-regular"):
            self.card(tmp_path, "face.png")
