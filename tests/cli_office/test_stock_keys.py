"""`eid stock key import` by components, each typed by another person with its check value."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from eid_toolkit.books.staff.roles import Role
from support.offices import CommandLine
from support.staff import staffed_office
from support.vendor_keys import WORDS, ZEROS, files_of, imported, kcv, listed, log_of, typed, xor


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return staffed_office(tmp_path_factory.mktemp("office") / "home").root


@pytest.fixture
def office(staffed: Path, tmp_path: Path) -> CommandLine:
    return CommandLine(Path(shutil.copytree(staffed, tmp_path / "home")))


@pytest.mark.parametrize(("size", "count"), [(16, 2), (16, 3), (24, 2), (32, 2)])
def test_each_person_types_one_component_and_the_last_one_makes_the_key(
    office: CommandLine, size: int, count: int
) -> None:
    components = WORDS[size][:count]
    made = imported(office, *components)
    assert (made["state"], made["bits"], made["check_value"]) == ("active", 8 * size, kcv(xor(*components)))
    assert made["operators"] == ["anna", "bert", Role.CLERK][:count]
    assert listed(office) == [{key: value for key, value in made.items() if key != "schema"}]
    assert len(files_of(office)) == 1
    rows = log_of(office)
    decided = [row for row in rows if row["action"].endswith(".decided")]
    witness = ["bert"] if count == 3 else []
    assert [row["operator"] for row in decided] == made["operators"] + witness
    assert {row["action"] for row in decided} == {"stock.key-component.decided"}
    assert [row["action"] for row in rows if row not in decided] == [
        *["stock.key-component-kept"] * (count - 1), "stock.key-imported",
    ]  # fmt: skip
    assert all(row["detail"]["signature"] for row in decided)


def test_neither_components_nor_key_stand_anywhere_in_clear(office: CommandLine) -> None:
    components = WORDS[16]
    for number, who in ((1, "anna"), (3, "bert")):
        typed(office, who, number, components[number - 1], *(("--of", 3, "--kcv", "000000") if number == 1 else ()))
    shown = office.one("stock", "key", "list").stdout + json.dumps(listed(office)) + json.dumps(log_of(office))
    contents = b"".join(path.read_bytes() for path in office.root.rglob("*") if path.is_file()) + shown.encode()
    for secret in components:
        assert secret.encode() not in contents.lower()
        assert bytes.fromhex(secret) not in contents
    assert kcv(components[0]).encode() in contents


def test_the_order_in_which_people_come_does_not_matter(office: CommandLine) -> None:
    one, two, three = WORDS[16]
    told = ("--of", 3, "--kcv", kcv(xor(one, two, three)))
    assert typed(office, "anna", 3, three, *told)["typed"] == [3]
    assert typed(office, "bert", 1, one)["typed"] == [1, 3]
    assert typed(office, Role.AUDITOR, 2, two, *told)["operators"] == ["bert", Role.AUDITOR, "anna"]


def test_nobody_types_two_components(office: CommandLine) -> None:
    one, two, _ = WORDS[16]
    typed(office, "anna", 1, one, "--of", 2, "--kcv", kcv(xor(one, two)))
    assert "anna has already typed a component" in typed(office, "anna", 2, two, code=10)
    assert "anna has already typed a component" in typed(office, "ANNA", 2, two, code=10)
    assert "already been typed, by anna" in typed(office, "bert", 1, one, code=10)
    assert "There is no component 3" in typed(office, "bert", 3, two, code=9)
    typed(office, "bert", 2, two)


def test_a_wrong_check_value_of_the_key_leaves_nothing_behind(office: CommandLine) -> None:
    one, two, _ = WORDS[16]
    typed(office, "anna", 1, one, "--of", 2, "--kcv", "ABCDEF")
    assert "not have the check value that the vendor stated" in typed(office, "bert", 2, two, code=9)
    assert files_of(office) == set()
    assert listed(office) == []
    (refused,) = [row for row in log_of(office) if row["action"] == "stock.key-refused"]
    assert refused["detail"]["operators"] == ["anna", "bert"]
    assert refused["detail"]["reason"] == "card-key-check-value-wrong"
    imported(office, one, two)


@pytest.mark.parametrize(
    ("component", "told", "message"),
    [
        ("8f3a" * 8, "000000", "does not have the check value 000000"),
        ("8f3a" * 8, "00", "not a check value"),
        ("8f3a" * 8, "ZZZZZZ", "not a check value"),
        ("8f3a" * 7, "000000", "not a component"),
        ("", "000000", "not a component"),
        ("no hexadecimal digits", "000000", "not a component"),
        (ZEROS, kcv(ZEROS), "consists of zeros"),
    ],
)
def test_a_component_that_is_none_is_not_kept(office: CommandLine, component: str, told: str, message: str) -> None:
    assert message in typed(office, "anna", 1, component, "--of", 2, "--kcv", "ABCDEF", told=told, code=9)
    assert files_of(office) == set()
    assert log_of(office) == []


def test_a_component_that_does_not_go_with_the_others_is_not_kept(office: CommandLine) -> None:
    one, two, _ = WORDS[16]
    typed(office, "anna", 1, one, "--of", 2, "--kcv", kcv(xor(one, two)))
    assert "the same as another one" in typed(office, "bert", 2, one, code=9)
    assert "has 256 bits, but the others have 128" in typed(office, "bert", 2, WORDS[32][1], code=9)
    typed(office, "bert", 2, two)


@pytest.mark.parametrize("size", [16, 24, 32])
def test_the_key_of_developer_cards_is_refused(office: CommandLine, size: int) -> None:
    one = WORDS[size][0]
    developers = bytes(range(0x40, 0x40 + size)).hex()
    assert "that of developer cards" in imported(office, one, xor(one, developers), code=9)
    assert files_of(office) == set()


def test_components_that_add_up_to_zeros_are_refused(office: CommandLine) -> None:
    one, two, _ = WORDS[16]
    assert "The key consists of zeros" in imported(office, one, two, xor(one, two), code=9)


def test_what_was_said_of_the_key_first_holds(office: CommandLine, tmp_path: Path) -> None:
    one, two, _ = WORDS[16]
    good = ("--of", 2, "--kcv", kcv(xor(one, two)), "--diversification", "kdf3")
    for missing in ((), ("--of", 2), ("--kcv", "ABCDEF")):
        assert "needs --of and --kcv" in typed(office, "anna", 1, one, *missing, code=9)
    assert "check value of the key is missing" in typed(office, "anna", 1, one, "--diversification", "kdf3", code=2)
    assert "2 to 5 components" in typed(office, "anna", 1, one, "--of", 6, "--kcv", "ABCDEF", code=9)
    typed(office, "anna", 1, one, *good)
    for what, changed in (
        ("number of components", ("--of", 3)),
        ("method or diversification", ("--kcv", good[3])),
        ("check value", ("--kcv", "ABCDEF", "--diversification", "kdf3")),
    ):
        assert f"another {what}" in typed(office, "bert", 2, two, *changed, code=9)
    assert typed(office, "bert", 2, two, *good)["diversification"] == "kdf3"


@pytest.mark.parametrize("scheme", ["emv", "visa2"])
def test_with_triple_des_the_vendors_vector_decides(office: CommandLine, tmp_path: Path, scheme: str) -> None:
    """The published check values for the key 40…4F, as a demo home may have it."""
    home = CommandLine(tmp_path / "demo")
    home.call("init", "--demo")
    cases = json.loads((Path(__file__).parents[2] / "fixtures/vectors/key_diversification.json").read_text())
    by_scheme = {case["scheme"]: case for case in cases["cases"] if case["scheme"] != "kdf3"}
    values = dict(zip(("enc", "mac", "dek"), by_scheme[scheme]["check_values"], strict=True))
    vector = tmp_path / "vector.json"
    content = {"schema": "eid-key-vector/1", "chip": cases["chip_identity"], **values, "method": "3des"}
    one, key = WORDS[16][0], by_scheme[scheme]["master"]
    told = ("--of", 2, "--kcv", kcv(key), "--diversification", scheme)
    assert "a vector of the vendor is needed" in typed(home, "anna", 1, one, *told, code=9)
    for broken in ({**content, "schema": "eid-key-vector/2"}, {**content, "chip": "00"}, {**content, "more": 1}, []):
        vector.write_text(json.dumps(broken))
        assert "not a vector" in typed(home, "anna", 1, one, *told, "--vector", vector, code=9)
    vector.write_text(json.dumps({**content, "dek": "ABCDEF"}))
    typed(home, "anna", 1, one, *told, "--vector", vector)
    assert f"follow from this key by {scheme} are not those" in typed(home, "bert", 2, xor(one, key), code=9)
    assert files_of(home) == set()
    vector.write_text(json.dumps(content))
    typed(home, "anna", 1, one, *told, "--vector", vector)
    assert typed(home, "bert", 2, xor(one, key))["diversification"] == scheme


@pytest.mark.parametrize(("method", "block"), [("zeros", 0), ("globalplatform", 1)])
def test_how_check_values_are_computed_is_said_explicitly(office: CommandLine, method: str, block: int) -> None:
    one, two, _ = WORDS[16]
    told = ("--of", 2, "--kcv", kcv(xor(one, two), block), "--check-value", method)
    other = kcv(one, 1 - block)
    assert "does not have the check value" in typed(office, "anna", 1, one, *told, told=other, code=9)
    typed(office, "anna", 1, one, *told, told=kcv(one, block))
    assert typed(office, "bert", 2, two, told=kcv(two, block))["method"] == method
