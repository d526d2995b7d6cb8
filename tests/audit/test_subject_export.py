"""What the log tells of one subject is proved without the register, and nothing is shown of the other rows."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.books.audit.inclusion import leaf, path_to, root, root_by
from eid_toolkit.books.audit.subject_export import SubjectProof, check_subject
from eid_toolkit.ground.errors import BadInput, IntegrityBroken
from support.offices import CommandLine, new_office, prepared


@given(st.integers(2, 40), st.data())
def test_each_head_leads_to_the_root_and_to_no_other(count: int, data: st.DataObject) -> None:
    heads = {f"operator/{number:03}": (number + 1, f"{number:064x}") for number in range(count)}
    chain = data.draw(st.sampled_from(sorted(heads)))
    place, path = path_to(heads, chain)
    hashes = [bytes.fromhex(each) for each in path]
    head = leaf(chain, *heads[chain])
    assert root_by(head, place, count, hashes).hex() == root(heads)
    assert root_by(leaf(chain, heads[chain][0], "f" * 64), place, count, hashes).hex() != root(heads)
    with pytest.raises(ValueError, match="path"):
        root_by(head, place, count, [*hashes, head])


def test_the_tree_is_that_of_the_standard() -> None:
    # RFC 6962 2.1: of three leaves the left part has two.
    heads = {name: (1, name * 64) for name in ("a", "b", "c")}
    a, b, c = (leaf(name, 1, name * 64) for name in "abc")
    assert root(heads) == sha256(b"\1" + sha256(b"\1" + a + b).digest() + c).hexdigest()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    return new_office(tmp_path_factory.mktemp("office") / "home")


@pytest.fixture(scope="module")
def proof(office: CommandLine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    folder = tmp_path_factory.mktemp("proof")
    document = prepared(office, folder)
    refused = office.one("audit", "export", "--subject", document["id"], code=10)
    assert "checkpoint" in refused.stderr
    office.one("audit", "checkpoint")
    office.one("audit", "export", "--subject", document["id"], "--output", folder / "proof.json")
    yield folder / "proof.json", document["id"]


def test_it_is_verified_without_the_register(office: CommandLine, proof: tuple[Path, str]) -> None:
    path, document = proof
    words = ("audit", "verify", "--file", path)
    assert "document.prepared" in office.call(*words).output
    shown = json.loads(office.call(*words, "--key", office.root / "audit" / "audit-key.pem", "--format", "json").stdout)
    assert shown["key_proved"] and [row["action"] for row in shown["rows"]] == ["document.prepared"]
    assert "Eriksson" not in path.read_text("utf-8")
    subjects = {row["subject"] for row in json.loads(path.read_text("utf-8"))["rows"]}
    assert subjects == {document, "anna"}, "the subject, and the operator who wrote about it"


def leaves(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all values in a document of JSON."""
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(each, (*place, key))
    else:
        yield place


def test_any_changed_value_is_refused(proof: tuple[Path, str]) -> None:
    document = json.loads(proof[0].read_text("utf-8"))
    unchanged = []
    for place in leaves(document):
        changed = copy.deepcopy(document)
        at = changed
        for key in place[:-1]:
            at = at[key]
        value = at[place[-1]]
        at[place[-1]] = value + 1 if isinstance(value, int) else ("0" if value is None else f"{value[:-1]}x")
        try:
            check_subject(SubjectProof.read(json.dumps(changed).encode()), None)
            unchanged.append(place)
        except (IntegrityBroken, BadInput):
            pass
    names = {place[-1] if isinstance(place[-1], str) else place[-2] for place in unchanged}
    # What it says about itself, what of a home nobody needs for it, and a blank behind the key.
    assert names <= {"subject", "older", "country", "created", "staff_wrapping", "chains", "key"}
