"""A file of the home is damaged or gone: exit code 12, and nothing is made in its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from eid_toolkit.books.keys.opening import create_demo_operator
from support.acceptance import Run
from support.homes import ENTROPY, WorkingOffice, build_home

PREPARE = ["document", "prepare"]
PERSONALIZE = ["card", "personalize"]


@pytest.mark.parametrize("content", [None, b"", b"garbage" * 40])
@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("eid.toml", PREPARE),
        ("register.sqlite", PREPARE),
        ("keys/foundation.json", PREPARE),
        ("keys/SPECIMEN-OPERATOR-KEY", PREPARE),
        ("keys/register.compartment", PREPARE),
        ("keys/document-signing.compartment", PREPARE),
        ("keys/cards.compartment", PERSONALIZE),
        ("keys/data.wrapped", PREPARE),
        ("keys/ds-uto-1.p8", PREPARE),
        ("pki/UTO/csca-1.cer", ["pki", "show"]),
        ("pki/UTO/ds-1.cer", PREPARE),
        ("pki/UTO/crl.crl", PREPARE),
        ("keys/transport.wrapped", PERSONALIZE),
        ("keys/card-master.wrapped", PERSONALIZE),
        ("cards/blank.card", PERSONALIZE),
        ("cards/image.key", PERSONALIZE),
    ],
)
def test_a_damaged_file_is_told(
    run: Run, office: WorkingOffice, name: str, command: list[str], content: bytes | None
) -> None:
    card = office.blank()
    words = [*command]
    if command is PREPARE:
        words += [office.approved().id]
    if command is PERSONALIZE:
        words += [office.document().id, "--reader", f"emulator:{card}", "--yes"]
    office.register.close()
    path = office.home.root / name
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    elsewhere = {"eid.toml": 9, "cards/blank.card": 5}  # no home, no card
    result = run(office.home.root, *words, code=elsewhere.get(name, 12) if content is None else 12)
    assert "internal error" not in result.stderr


def test_a_real_home_that_is_marked_as_demo_lets_nobody_act(run: Run, tmp_path: Path) -> None:
    home = build_home(tmp_path / "home", demo=False)
    configuration = home.root / "eid.toml"
    configuration.write_text(configuration.read_text().replace("demo = false", "demo = true"))
    create_demo_operator(home.keys, ENTROPY)
    run(home.root, "person", "add", "--surname", "X", "--birth", "1990", "--sex", "F", "--nationality", "UTO", code=12)


def test_an_emulated_card_that_is_not_there_is_no_card(run: Run, office: WorkingOffice) -> None:
    run(office.home.root, "emulator", "show", "nobody", code=5)
