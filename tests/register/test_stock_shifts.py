"""Shifts: two people count, everything adds up, and what does not is named and stays on record."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select, text

from eid_toolkit.books.audit.checkpoints import newest
from eid_toolkit.books.audit.log_head import head
from eid_toolkit.books.audit.statements import AuditKey
from eid_toolkit.books.ledger.kinds import BLANKS
from eid_toolkit.books.ledger.schema import audit
from eid_toolkit.books.ledger.workflow import BlankState
from eid_toolkit.books.register.stock.manifests import Manifest
from eid_toolkit.books.register.stock.stock import Stock
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Role
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, NotPermitted
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from support.arranging import put_on_record
from support.homes import ANNA, BERT, ENTROPY, WorkingOffice
from support.manifests import chip_of, manifest, serial_of

BOTH = (ANNA, BERT)
S = {number: serial_of(number) for number in range(1, 10)}


@pytest.fixture
def stock(office: WorkingOffice) -> Stock:
    """Six blanks, of which four are at the station."""
    found = office.register.stock
    found.receiving.receive(Manifest.read(manifest(1, 2, 3, 4, 5, 6)), ANNA)
    found.hand_out("main", ANNA, [S[number] for number in (1, 2, 3, 4)])
    return found


def use(office: WorkingOffice, number: int) -> None:
    with office.register.database.write() as connection:
        office.register.stock.use(connection, chip_of(number), "main", ANNA)


def test_a_shift_opens_on_the_right_count_alone(office: WorkingOffice, stock: Stock) -> None:
    short = stock.shifts.open("main", 3, BOTH)
    assert (short.shift, short.agrees, short.expected) == (None, False, 4)
    wrong = stock.shifts.open("main", 4, BOTH, [S[1], S[2], S[3], S[5]])
    assert (wrong.shift, wrong.missing, wrong.surplus) == (None, (S[4],), (S[5],))
    assert wrong.elsewhere == {S[5]: "in-store"}
    assert stock.shifts.running() == {}
    told = [(row.action, json.loads(row.detail).get("counted")) for row in office.register.audit_rows("main")][1:]
    assert told == [("stock.count-differs", 3), ("stock.count-differs", 4)]
    right = stock.shifts.open("main", 4, BOTH, [S[4], S[3].lower(), S[2], S[1]])
    assert right.shift is not None and right.shift.opened_with == "bert"
    with pytest.raises(NotPermitted, match="shift-open-already"):
        stock.shifts.open("main", 4, BOTH)
    assert stock.shifts.open("other", 0, BOTH).agrees


def test_a_shift_closes_when_everything_adds_up(office: WorkingOffice, stock: Stock) -> None:
    stock.shifts.open("main", 4, BOTH)
    stock.hand_out("main", ANNA, [S[5], S[6]])
    use(office, 1)
    use(office, 2)
    stock.spoil(S[3], "bent", BOTH)
    stock.hand_back([S[4]], ANNA)
    account = stock.shifts.close("main", 2, BOTH, [S[5], S[6]])
    assert dict(account.moved) == {"received": 2, "used": 2, "spoiled": 1, "returned": 1, "missing": 0}
    assert (account.opening, account.expected, account.counted) == (4, 2, 2)
    assert account.shift is not None and account.shift.state == "closed"
    assert stock.shifts.running() == {}
    with pytest.raises(NotPermitted, match="shift-not-open"):
        stock.shifts.close("main", 2, BOTH)


def test_closing_has_the_audit_logs_head_signed_by_both(office: WorkingOffice, stock: Stock) -> None:
    stock.shifts.open("main", 4, BOTH)
    stock.shifts.close("main", 4, BOTH)
    with office.register.database.read() as connection:
        signed = newest(connection)
        last = connection.execute(select(audit).order_by(audit.c.position.desc()).limit(1)).one()
        end = head(connection)
    assert signed is not None
    assert (signed.position, signed.hash) == end
    assert (last.action, last.position) == ("stock.closed", signed.position)
    assert [person.operator for person in signed.countersigned] == ["anna", "bert"]


BENT = {
    "audit-not-signed": "DELETE FROM audit_checkpoint",
    "audit-head-lost": "DELETE FROM chain_head",
}


@pytest.mark.parametrize("code", [*BENT, "audit-key-changed", "audit-file-damaged"])
def test_a_shift_is_not_closed_over_a_log_that_is_not_what_the_home_has_seen(
    office: WorkingOffice, stock: Stock, code: str
) -> None:
    """The same is asked as of everybody who signs the log, and nothing is closed without the signature."""
    stock.shifts.open("main", 4, BOTH)
    if code in BENT:
        with office.register.database.write() as connection:
            connection.execute(text(BENT[code]))
    elif code == "audit-key-changed":
        other = AuditKey(EcPrivateKey.generate(ec_domain_by_name("secp256r1"), ENTROPY).public_key)
        (office.home.audit / "audit-key.pem").write_bytes(other.to_pem())
    else:
        (office.home.audit / "head.json").write_bytes(b"{}")
    rows = office.register.audit_rows()
    with pytest.raises(IntegrityBroken, match=code):
        stock.shifts.close("main", 3, BOTH, missing=[S[4]])
    assert list(stock.shifts.running()) == ["main"]
    assert stock.get(S[4]).state is BlankState.AT_STATION
    assert office.register.audit_rows() == rows


def test_the_home_remembers_what_the_closing_has_signed(office: WorkingOffice, stock: Stock) -> None:
    stock.shifts.open("main", 4, BOTH)
    stock.shifts.close("main", 4, BOTH)
    seen = office.register.audit.seen()
    with office.register.database.read() as connection:
        assert seen == newest(connection)
    assert seen is not None and len(seen.countersigned) == 2


def test_a_shift_that_does_not_add_up_stays_open_and_names_the_serials(office: WorkingOffice, stock: Stock) -> None:
    stock.shifts.open("main", 4, BOTH)
    use(office, 1)
    short = stock.shifts.close("main", 2, BOTH)
    assert (short.shift, short.serials, short.missing) == (None, (S[2], S[3], S[4]), None)
    exact = stock.shifts.close("main", 3, BOTH, [S[1], S[3], "XX-404"])
    assert (exact.missing, exact.surplus) == ((S[2], S[4]), (S[1], "XX-404"))
    assert exact.elsewhere == {S[1]: "used (main)", "XX-404": "unknown"}
    assert exact.to_json()["expected_serials"] == (S[2], S[3], S[4])
    assert list(stock.shifts.running()) == ["main"]
    assert [row.action for row in office.register.audit_rows("main")].count("stock.count-differs") == 2


def test_what_is_missing_is_put_on_record_and_then_all_adds_up(office: WorkingOffice, stock: Stock) -> None:
    stock.shifts.open("main", 4, BOTH)
    with pytest.raises(BadInput, match="blank-not-missing"):
        stock.shifts.close("main", 3, BOTH, missing=[S[5]])
    with pytest.raises(BadInput, match="blank-not-missing"):
        stock.shifts.close("main", 4, BOTH, [S[1], S[2], S[3], S[4]], missing=[S[4]])
    still = stock.shifts.close("main", 2, BOTH, missing=[S[4]])
    assert still.shift is None
    assert stock.get(S[4]).state is BlankState.AT_STATION
    done = stock.shifts.close("main", 3, BOTH, [S[1], S[2], S[3]], missing=[S[4].lower()])
    assert done.shift is not None and done.moved["missing"] == 1
    lost = stock.get(S[4])
    assert (lost.state, lost.shift_id) == (BlankState.MISSING, done.shift.id)
    closed = [row for row in office.register.audit_rows("main") if row.action == "stock.closed"]
    assert json.loads(closed[0].detail)["missing"] == [S[4]]


def test_count_and_scan_go_together(stock: Stock) -> None:
    with pytest.raises(BadInput, match="stock-count-and-serials"):
        stock.shifts.open("main", 4, BOTH, [S[1], S[2], S[3]])
    with pytest.raises(BadInput, match="stock-count-and-serials"):
        stock.shifts.open("main", 4, BOTH, [S[1], S[2], S[3], S[3]])


def test_a_register_that_was_changed_does_not_add_up(office: WorkingOffice, stock: Stock) -> None:
    stock.shifts.open("main", 4, BOTH)
    with office.register.database.write() as connection:
        connection.execute(text("UPDATE blank SET station = 'other' WHERE serial = :serial"), {"serial": S[1]})
    with pytest.raises(IntegrityBroken, match="row-changed"):
        stock.shifts.close("main", 3, BOTH)
    assert set(stock.shifts.running()) == {"main"}


def test_a_blank_that_left_without_a_movement_does_not_add_up(office: WorkingOffice, stock: Stock) -> None:
    """Even where the log vouches for the row."""
    stock.shifts.open("main", 4, BOTH)
    put_on_record(office, BLANKS, S[1], station="other")
    with pytest.raises(IntegrityBroken, match="stock-does-not-add-up"):
        stock.shifts.close("main", 3, BOTH)


def _with(role: Role) -> Operator:
    return Operator(role.value, roles=frozenset({role}))


@pytest.mark.parametrize("role", list(Role))
def test_a_keeper_or_personalizer_counts_and_somebody_else_witnesses(stock: Stock, role: Role) -> None:
    if role in (Role.STOCK_KEEPER, Role.PERSONALIZER):
        assert stock.shifts.open("main", 4, (_with(role), BERT)).agrees
        assert stock.shifts.close("main", 4, (_with(role), BERT)).agrees
        return
    for attempt in (stock.shifts.open, stock.shifts.close):
        with pytest.raises(NotPermitted, match="role-missing"):
            attempt("main", 4, (_with(role), BERT))
    assert stock.shifts.open("main", 4, (ANNA, _with(role))).agrees  # everybody may witness


def test_nobody_witnesses_alone_or_without_a_role(stock: Stock) -> None:
    with pytest.raises(NotPermitted, match="second-person-same"):
        stock.shifts.open("main", 4, (ANNA, Operator("ANNA")))
    with pytest.raises(NotPermitted, match="role-missing"):
        stock.shifts.open("main", 4, (ANNA, Operator("carl", roles=frozenset())))
    assert stock.shifts.open("main", 4, (ANNA,)).agrees  # a demo home


def spoil(office: WorkingOffice, number: int) -> None:
    with office.register.database.write() as connection:
        office.register.stock.spoil_used(connection, chip_of(number), ANNA, "scratched")


def test_a_card_spoiled_in_its_shift_counts_as_spoiled_there_and_in_the_stock(
    office: WorkingOffice, stock: Stock
) -> None:
    stock.shifts.open("main", 4, BOTH)
    for number in (1, 2, 3):
        use(office, number)
    spoil(office, 2)
    account = stock.shifts.close("main", 1, BOTH)
    counts = stock.counts()["main"]
    assert account.agrees
    assert (account.moved["used"], account.moved["spoiled"]) == (2, 1)
    assert (counts[BlankState.USED], counts[BlankState.SPOILED]) == (2, 1)
    assert account.spoiled_earlier == 0


def test_a_card_of_an_earlier_shift_that_is_spoiled_is_told_apart(office: WorkingOffice, stock: Stock) -> None:
    stock.shifts.open("main", 4, BOTH)
    use(office, 1)
    stock.shifts.close("main", 3, BOTH)
    stock.shifts.open("main", 3, BOTH)
    spoil(office, 1)
    account = stock.shifts.close("main", 3, BOTH)
    assert account.agrees and (account.moved["used"], account.moved["spoiled"], account.spoiled_earlier) == (0, 0, 1)


def test_of_too_many_that_were_counted_those_are_named_that_may_lie_there(office: WorkingOffice, stock: Stock) -> None:
    stock.shifts.open("main", 4, BOTH)
    use(office, 1)
    use(office, 2)
    spoil(office, 2)
    over = stock.shifts.close("main", 3, BOTH)
    assert not over.agrees and over.perhaps == {S[1]: "used", S[2]: "spoiled"}
    assert over.to_json()["perhaps_counted"] == {S[1]: "used", S[2]: "spoiled"}
    scanned = stock.shifts.close("main", 3, BOTH, [S[2], S[3], S[4]])
    assert (scanned.surplus, scanned.perhaps) == ((S[2],), {})
    assert stock.shifts.close("main", 1, BOTH).perhaps == {}
