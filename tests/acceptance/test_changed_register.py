"""Somebody edits the register's file: found out before a card is written to, with exit code 12 (or 10)."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.ground.home.home import Home
from support.acceptance import Run
from support.homes import WorkingOffice


def change(home: Home, *statements: str) -> None:
    connection = sqlite3.connect(home.register_path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def personalize(run: Run, home: Home, document: str, card: str, code: int) -> None:
    words = ("card", "personalize", "--without-print-check", document, "--reader", f"emulator:{card}", "--yes")
    run(home.root, *words, code=code)


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE document SET document_number = 'X1'", 12),
        ("UPDATE document SET date_of_expiry = '2099-01-01'", 12),
        ("UPDATE document SET issuing_state = 'VNM'", 12),
        ("UPDATE document SET state = 'lost'", 12),
        ("UPDATE document SET state = 'issued'", 12),
        ("UPDATE document SET state = 'bound', chip = 'e1d0'", 12),
        ("UPDATE document SET created_at = 'yesterday'", 12),
        ("DELETE FROM document_file WHERE label = 'EF.DG2'", 12),
        ("DELETE FROM document_file WHERE label = 'EF.CardAccess'", 12),
        ("UPDATE application SET creator = 'carl'", 12),
        ("UPDATE application SET portrait_sha256 = 'ff'", 12),
        ("UPDATE application SET state = 'created'", 10),
        ("UPDATE application SET state = 'granted'", 12),
        ("UPDATE decision SET operator = 'carl'", 12),
        ("UPDATE decision SET statement = 'yes'", 12),
        ("UPDATE decision SET statement = '[]'", 12),
        ("DELETE FROM decision", 10),
        ("UPDATE person SET primary_identifier = 'Mallory'", 12),
        ("UPDATE person SET date_of_birth = 'x'", 12),
        ("DROP TABLE audit", 12),
        ("ALTER TABLE document DROP COLUMN signer", 12),
    ],
)
def test_a_changed_row_keeps_the_card_blank(run: Run, office: WorkingOffice, statement: str, code: int) -> None:
    home, document = office.home, office.document()
    card = office.blank()
    before = office.cards.load(card)
    change(home, statement)
    personalize(run, home, document.id, card, code)
    assert office.cards.load(card).part(EmrtdMemory).files.keys() == before.part(EmrtdMemory).files.keys()


def test_a_document_moved_to_another_application_is_found_out(run: Run, office: WorkingOffice) -> None:
    home, document, other = office.home, office.document(), office.approved()
    card = office.blank()
    change(home, f"UPDATE document SET application_id = '{other.id}'")
    personalize(run, home, document.id, card, 12)


def test_a_document_that_was_bound_goes_to_no_second_card_even_if_the_register_says_so(
    run: Run, office: WorkingOffice
) -> None:
    home, document = office.home, office.document()
    office.register.documents.bind_chip(document.id, "e1d000", office.clerk)
    change(home, "UPDATE document SET state = 'prepared', chip = NULL")
    card = office.blank()
    personalize(run, home, document.id, card, 12)


@pytest.mark.parametrize(
    ("statements", "command"),
    [
        (["UPDATE application SET portrait_width = 'wide'"], "prepare"),
        (["UPDATE application SET portrait = x'00'"], "prepare"),
        (["UPDATE application SET profile_hash = '00'"], "prepare"),
        (["UPDATE audit SET time = 'never' WHERE position = 2"], "audit"),
        (["UPDATE audit SET operator = 'carl' WHERE position = 2"], "audit"),
        (["DELETE FROM audit WHERE position = 2"], "audit"),
        (["DELETE FROM audit WHERE position = (SELECT max(position) FROM audit)"], "audit"),
        (["DELETE FROM audit", "DELETE FROM chain_head", "DELETE FROM subject_head"], "audit"),
        (["UPDATE audit SET position = -position", "UPDATE audit SET position = 6 + position"], "audit"),
        (["UPDATE audit SET detail = '{'"], "export"),
    ],
)
def test_a_changed_application_or_log_is_told(
    run: Run, office: WorkingOffice, statements: list[str], command: str
) -> None:
    application = office.approved()
    words = {
        "prepare": ["document", "prepare", application.id],
        "audit": ["audit", "verify"],
        "export": ["audit", "export"],
    }
    change(office.home, *statements)
    run(office.home.root, *words[command], code=12)


@pytest.mark.parametrize("content", [None, b""])
def test_a_register_that_is_gone_is_not_begun_anew(run: Run, home: Home, content: bytes | None) -> None:
    for path in Path(home.root).glob("register.sqlite*"):
        path.unlink()
    if content is not None:
        home.register_path.write_bytes(content)
    run(home.root, "person", "search", code=12)
