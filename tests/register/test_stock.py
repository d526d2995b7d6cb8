"""The stock of blanks: where each is, who may move it, and what may be written to."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from sqlalchemy import select, text

from eid_toolkit.books.ledger.schema import card
from eid_toolkit.books.ledger.workflow import BLANK, BlankState, CardState
from eid_toolkit.books.register.stock.manifests import Manifest
from eid_toolkit.books.register.stock.stock import Stock
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import PERMISSIONS, Permission, Role
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, NotPermitted
from support.homes import ANNA, BERT, WorkingOffice
from support.manifests import chip_of, manifest, serial_of

BOTH = (ANNA, BERT)
S1, S2, S3 = map(serial_of, (1, 2, 3))


@pytest.fixture
def stock(office: WorkingOffice) -> Stock:
    """Three blanks in the store."""
    office.register.stock.receiving.receive(Manifest.read(manifest(1, 2, 3)), ANNA)
    return office.register.stock


def use(office: WorkingOffice, chip: str, station: str = "main") -> str | None:
    with office.register.database.write() as connection:
        return office.register.stock.use(connection, chip, station, ANNA)


def spoil_used(office: WorkingOffice, chip: str) -> str | None:
    with office.register.database.write() as connection:
        return office.register.stock.spoil_used(connection, chip, ANNA, "torn")


def test_while_no_blank_was_received_blanks_are_taken_as_they_come(office: WorkingOffice) -> None:
    assert not office.register.stock.is_kept()
    assert use(office, chip_of(1)) is None
    assert spoil_used(office, chip_of(1)) is None
    office.register.stock.receiving.receive(Manifest.read(manifest(2)), ANNA)
    assert office.register.stock.is_kept()
    with pytest.raises(NotPermitted, match="blank-unknown"):
        use(office, chip_of(1))


def test_blanks_are_handed_out_by_serial_or_by_number(stock: Stock) -> None:
    assert [each.serial for each in stock.hand_out("main", ANNA, [S2.lower()])] == [S2]
    assert [each.serial for each in stock.hand_out("window 2", ANNA, count=2)] == [S1, S3]
    assert stock.counts() == {"main": {"at-station": 1}, "window 2": {"at-station": 2}}
    with pytest.raises(BadInput) as caught:
        stock.hand_out("main", ANNA, count=1)
    assert caught.value.code == "stock-too-small"
    (back,) = stock.hand_back([S1], ANNA)
    assert (back.state, back.station) == (BlankState.IN_STORE, None)
    assert [each.station for each in stock.history(S1)] == [None, "window 2", "window 2"]


def test_one_that_may_not_move_keeps_all_where_they_are(stock: Stock) -> None:
    stock.hand_out("main", ANNA, [S2])
    with pytest.raises(NotPermitted, match="state-forbids"):
        stock.hand_out("main", ANNA, [S1, S2, S3])
    with pytest.raises(BadInput, match="blank-serial-unknown"):
        stock.hand_out("main", ANNA, [S1, "BL-99"])
    with pytest.raises(BadInput, match="blank-serial-twice"):
        stock.hand_out("main", ANNA, [S1, S1.lower()])
    with pytest.raises(BadInput, match="stock-name-malformed"):
        stock.hand_out("Store", ANNA, [S1])
    assert stock.counts() == {None: {"in-store": 2}, "main": {"at-station": 1}}


def test_every_movement_is_on_record_with_its_serials(office: WorkingOffice, stock: Stock) -> None:
    stock.hand_out("main", ANNA, [S1, S2])
    stock.spoil(S1, "bent", BOTH)
    stock.destroy([S1], "shredded", BOTH)
    told = [(row.action, json.loads(row.detail)) for row in office.register.audit_rows("main")]
    assert told == [
        ("stock.hand-out", {"serials": [S1, S2]}),
        ("stock.spoil", {"serials": [S1], "reason": "bent"}),
        ("stock.destroy", {"serials": [S1], "reason": "shredded"}),
    ]
    assert [(each.action, each.reason) for each in stock.history(S1)][-1] == ("destroy", "shredded")


def test_a_missing_blank_that_is_found_is_never_written_to(office: WorkingOffice, stock: Stock) -> None:
    stock.shifts.open("main", 0, BOTH)
    stock.hand_out("main", ANNA, [S1])
    stock.miss([S1], "not in the drawer", BOTH)
    assert stock.find(S1, "behind the drawer", BOTH).state is BlankState.SPOILED
    with pytest.raises(NotPermitted, match="state-forbids"):
        stock.hand_out("main", ANNA, [S1])
    with pytest.raises(NotPermitted, match="blank-not-at-station"):
        use(office, chip_of(1))


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201, "a\x1b[2Jb"])
def test_a_reason_is_one(stock: Stock, reason: str) -> None:
    with pytest.raises(BadInput, match="reason-malformed"):
        stock.spoil(S1, reason, BOTH)


def test_only_a_blank_of_the_station_in_an_open_shift_is_written_to(office: WorkingOffice, stock: Stock) -> None:
    with pytest.raises(NotPermitted, match="blank-unknown"):
        stock.check_blank("00112233445566778899", "main")
    with pytest.raises(NotPermitted, match="blank-not-at-station"):
        stock.check_blank(chip_of(1), "main")
    stock.hand_out("main", ANNA, [S1])
    with pytest.raises(NotPermitted, match="blank-of-other-station"):
        stock.check_blank(chip_of(1), "other")
    with pytest.raises(NotPermitted, match="shift-not-open"):
        stock.check_blank(chip_of(1), "main")
    with pytest.raises(NotPermitted, match="shift-not-open"):
        use(office, chip_of(1))
    opened = stock.shifts.open("main", 1, BOTH).shift
    assert opened is not None
    assert stock.check_blank(chip_of(1).upper()).serial == S1
    assert use(office, chip_of(1)) == S1
    assert stock.get(chip_of(1)).shift_id == opened.id
    with pytest.raises(NotPermitted, match="blank-not-at-station"):
        use(office, chip_of(1))


def test_a_card_that_is_spoiled_keeps_its_serial(office: WorkingOffice, stock: Stock) -> None:
    stock.hand_out("main", ANNA, [S1])
    stock.shifts.open("main", 1, BOTH)
    use(office, chip_of(1))
    assert [spoil_used(office, chip_of(1)) for _ in range(2)] == [S1, S1]
    assert [each.action for each in stock.history(S1)] == ["receive", "hand-out", "use", "spoil"]
    assert stock.get(S1).reason == "torn"


def test_a_card_is_not_spoiled_without_its_document(office: WorkingOffice, stock: Stock) -> None:
    stock.hand_out("main", ANNA, [S1])
    stock.shifts.open("main", 1, BOTH)
    document = office.document()
    office.register.documents.bind_chip(document.id, chip_of(1), ANNA)
    with pytest.raises(NotPermitted, match="blank-carries-document"):
        stock.spoil(S1, "bent", BOTH)
    with pytest.raises(NotPermitted, match="state-forbids"):
        stock.miss([S1], "gone", BOTH)
    assert stock.get(S1).state is BlankState.USED


def test_a_spoiled_card_that_is_destroyed_is_so_as_a_blank_and_as_a_card(office: WorkingOffice, stock: Stock) -> None:
    stock.hand_out("main", ANNA, [S1])
    stock.shifts.open("main", 1, BOTH)
    document = office.document()
    office.register.documents.bind_chip(document.id, chip_of(1), ANNA)
    office.register.documents.spoil(document.id, "torn", ANNA, BERT, S1)

    def state_of_the_card() -> CardState:
        with office.register.database.read() as connection:
            return CardState(connection.execute(select(card.c.state).where(card.c.serial == S1)).scalar_one())

    assert (stock.get(S1).state, state_of_the_card()) == (BlankState.SPOILED, CardState.SPOILED)
    stock.destroy([S1, S2], "shredded", BOTH)
    assert (stock.get(S1).state, state_of_the_card()) == (BlankState.DESTROYED, CardState.DESTROYED)
    assert stock.get(S1).reason == "shredded"
    told = [row for row in office.register.audit_rows() if row.action == "stock.destroy"]
    assert told and not any(
        "shredded" in row.detail for row in told
    )  # it may tell of a holder: erasure could not reach it


def test_what_is_damaged_in_the_register_is_told(office: WorkingOffice, stock: Stock) -> None:
    with office.register.database.write() as connection:
        connection.execute(text("UPDATE blank SET state = 'lent' WHERE serial = :serial"), {"serial": S1})
    with pytest.raises(IntegrityBroken, match="register-value-damaged"):
        stock.get(S1)


def _with(role: Role) -> Operator:
    return Operator(role.value, roles=frozenset({role}))


NEEDED: dict[str, tuple[Permission, Callable[[Stock, Operator], object]]] = {
    "hand-out": (Permission.KEEP_STOCK, lambda stock, one: stock.hand_out("main", one, [S1])),
    "hand-back": (Permission.KEEP_STOCK, lambda stock, one: stock.hand_back([S1], one)),
    "receive": (Permission.KEEP_STOCK, lambda stock, one: stock.receiving.receive(Manifest.read(manifest(9)), one)),
    "spoil": (Permission.SPOIL, lambda stock, one: stock.spoil(S1, "bent", (one, BERT))),
    "miss": (Permission.KEEP_STOCK, lambda stock, one: stock.miss([S1], "gone", (one, BERT))),
    "find": (Permission.KEEP_STOCK, lambda stock, one: stock.find(S1, "there", (one, BERT))),
    "destroy": (Permission.KEEP_STOCK, lambda stock, one: stock.destroy([S1], "old", (one, BERT))),
}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("action", NEEDED)
def test_who_lacks_the_role_moves_nothing(stock: Stock, action: str, role: Role) -> None:
    permission, attempt = NEEDED[action]
    try:
        attempt(stock, _with(role))
        refused = None
    except NotPermitted as error:
        refused = error.code
    if permission in PERMISSIONS[role]:
        assert refused in (None, "state-forbids")
    else:
        assert refused == "role-missing"
        assert stock.counts() == {None: {"in-store": 3}}


def test_the_table_of_blanks_leads_every_blank_to_an_end() -> None:
    assert BLANK.final == {BlankState.DESTROYED}
    assert not BLANK.allows(BlankState.MISSING, "use")
    assert not BLANK.allows(BlankState.USED, "miss")
