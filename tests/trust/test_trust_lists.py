"""Lists in the trust store: whose word is taken, what comes of a bad certificate, and what two people decide."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.trust import store as trust
from eid_toolkit.books.trust.importing import Plan
from eid_toolkit.books.trust.packs import Basis
from eid_toolkit.books.trust.sources import Sources, read_bytes, read_files
from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.ground.errors import BadInput, IntegrityBroken
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.codec import der
from eid_toolkit.standards.pki.deviation_list import Concerned, Deviation
from eid_toolkit.standards.pki.master_list import MasterList, build_master_list
from support.authorities import NOW, START, Authority, new_key
from support.people import People
from support.trust_files import import_files

UTOPIA, ATLANTIS, FRANCE, GHANA = Authority(), Authority("VNM"), Authority("FRA"), Authority("GHA")
LIST = UTOPIA.master_list(UTOPIA.csca, ATLANTIS.csca, FRANCE.csca)
PASSPHRASE = Secret(b"operator passphrase")


@pytest.fixture
def store(tmp_path: Path) -> TrustStore:
    return TrustStore(tmp_path / "trust")


def plan(store: TrustStore, *files: bytes, accepted: str = "") -> Plan:
    sources = Sources()
    for number, data in enumerate(files):
        read_bytes(sources, f"file {number}", data)
    return store.plan(sources, NOW, frozenset({accepted}))


def bare_list(*items: bytes) -> bytes:
    return der.sequence(der.integer(0), der.set_of(items))


def countries(store: TrustStore) -> set[str | None]:
    return {anchor.country for anchor in store.material().anchors}


def test_a_list_is_believed_if_its_signer_comes_from_a_believed_csca(store: TrustStore) -> None:
    import_files(store, [("utopia.cer", UTOPIA.csca.der), ("utopia.ml", LIST)], NOW, Operator("anna"))
    assert countries(store) == {"UT", "VN", "FR"}
    entry = store.find(FRANCE.csca.fingerprint)
    assert entry.listed_in is not None
    assert (entry.source, entry.operator, entry.listed_in.basis) == ("utopia.ml", "anna", "signer-chain")
    assert entry.listed_in.signer == MasterList.parse(LIST).signer.subject.text  # type: ignore[union-attr]


def test_a_list_by_a_stranger_is_believed_only_if_its_signer_is_accepted(store: TrustStore) -> None:
    with pytest.raises(BadInput, match="trust-list-signer-unknown") as caught:
        import_files(store, [("utopia.ml", LIST)], NOW, None)
    accepted = plan(store, LIST, accepted=str(caught.value.facts["accept"]))
    assert accepted.decided_by_people() == [accepted.packs[0].sha256]
    store.carry_out(accepted)
    assert countries(store) == {"UT", "VN", "FR"}


def test_a_bare_list_is_believed_only_if_it_is_accepted_itself(store: TrustStore) -> None:
    bare = bare_list(UTOPIA.csca.der, ATLANTIS.csca.der)
    with pytest.raises(BadInput, match="trust-list-bare") as caught:
        import_files(store, [("bare.ml", bare)], NOW, None)
    accepted = plan(store, bare, accepted=str(caught.value.facts["accept"]))
    assert accepted.packs[0].basis is Basis.LIST
    store.carry_out(accepted)
    assert countries(store) == {"UT", "VN"}


def test_a_list_that_was_changed_is_refused_whatever_is_accepted(store: TrustStore) -> None:
    changed = LIST.replace(FRANCE.csca.der[-20:], bytes(20))
    signer = MasterList.parse(LIST).signer
    assert signer is not None
    refused = plan(store, UTOPIA.csca.der, changed, accepted=signer.fingerprint)
    assert refused.packs == []
    with pytest.raises(BadInput, match="list-signature-wrong"):
        refused.check()


def test_one_list_can_bring_the_authority_of_the_next(store: TrustStore) -> None:
    second = FRANCE.master_list(GHANA.csca)
    import_files(store, [("b.ml", second), ("a.ml", LIST), ("u.cer", UTOPIA.csca.der)], NOW, None)
    assert countries(store) == {"UT", "VN", "FR", "GH"}


def test_bad_certificates_are_told_and_do_not_keep_the_others_out(store: TrustStore) -> None:
    broken, signer = der.sequence(der.integer(1)), FRANCE.signer()
    bare = bare_list(UTOPIA.csca.der, broken, signer.der)
    sha256 = plan(store, bare).questions[0].accept
    found = plan(store, bare, accepted=sha256)
    assert {(each.reason, each.unreadable) for each in found.refused} == {
        ("certificate-malformed", True),
        ("trust-not-a-csca", False),
    }
    store.carry_out(found)
    assert countries(store) == {"UT"}


def test_links_in_a_list_are_no_anchors_of_their_own_right(store: TrustStore) -> None:
    successor = Authority(start=START + timedelta(days=5))
    link = UTOPIA.link(successor)
    import_files(store, [("u.cer", UTOPIA.csca.der), ("u.ml", UTOPIA.master_list(link))], NOW, None)
    material = store.material()
    assert (tuple(material.anchors), tuple(material.links)) == ((UTOPIA.csca,), (link,))


def test_what_is_here_already_is_known_and_keeps_its_origin(store: TrustStore) -> None:
    import_files(store, [("utopia.cer", UTOPIA.csca.der), ("utopia.ml", LIST)], NOW, None)
    again = plan(store, UTOPIA.csca.der, LIST)
    assert (again.entries, again.packs, again.refused) == ([], [], [])
    assert {fingerprint for _, fingerprint in again.known} >= {FRANCE.csca.fingerprint, UTOPIA.csca.fingerprint}
    assert store.find(UTOPIA.csca.fingerprint).source == "utopia.cer"


def test_what_was_removed_is_not_brought_back_by_a_list(store: TrustStore) -> None:
    import_files(store, [("utopia.cer", UTOPIA.csca.der), ("utopia.ml", LIST)], NOW, None)
    store.remove(FRANCE.csca.fingerprint)
    newer = plan(store, UTOPIA.master_list(FRANCE.csca, GHANA.csca))
    store.carry_out(newer)
    assert [each.reason for each in newer.refused] == ["trust-removed-before"]
    assert countries(store) == {"UT", "VN", "GH"}
    import_files(store, [("france.cer", FRANCE.csca.der)], NOW, None)
    assert "FR" in countries(store)


def test_a_whole_list_can_be_removed(store: TrustStore) -> None:
    import_files(store, [("utopia.cer", UTOPIA.csca.der), ("utopia.ml", LIST)], NOW, None)
    (pack,) = store.packs.all()
    assert store.find_list(pack.sha256[:12]) == pack
    store.remove_list(pack)
    assert countries(store) == {"UT"}


def test_a_directory_brings_lists_signers_and_revocation_lists(store: TrustStore, tmp_path: Path) -> None:
    signer, crl, strange = UTOPIA.signer(), UTOPIA.crl(), GHANA.crl()
    entries = [
        ("pkdMasterListContent", LIST),
        ("userCertificate;binary", signer.der),
        ("certificateRevocationList;binary", crl.der),
        ("certificateRevocationList;binary", strange.der),
        ("userCertificate;binary", b"no certificate"),
    ]
    path = tmp_path / "directory.ldif"
    path.write_bytes(ldif(entries))
    import_files(store, [("utopia.cer", UTOPIA.csca.der)], NOW, None)
    found = store.plan(read_files((path,)), NOW)
    found.check()
    store.carry_out(found)
    material = store.material()
    assert (countries(store), tuple(material.crls)) == ({"UT", "VN", "FR"}, (crl,))
    assert tuple(material.signers) == (signer.der,)
    assert [each.reason for each in found.refused if not each.unreadable] == ["trust-crl-of-unknown-authority"]
    assert len([each for each in found.refused if each.unreadable]) == 1


def ldif(entries: list[tuple[str, bytes]]) -> bytes:
    lines = ["version: 1", "# a comment", ""]
    for number, (attribute, data) in enumerate(entries):
        text = base64.b64encode(data).decode()
        folded = [text[at : at + 60] for at in range(0, len(text), 60)]
        lines += [f"dn: cn={number},dc=data", f"cn: {number}", f"{attribute}:: {folded[0]}"]
        lines += [f" {line}" for line in folded[1:]] + [""]
    return "\n".join(lines).encode()


def test_a_deviation_list_is_taken_from_a_believed_state_only(store: TrustStore) -> None:
    deviation = Deviation(Concerned(document_type="ID"), "2.23.136.1.1.7.3.2", "wrong check digit", None)
    listed = UTOPIA.deviation_list(deviation)
    with pytest.raises(BadInput, match="trust-list-signer-unknown"):
        import_files(store, [("u.dl", listed)], NOW, None)
    import_files(store, [("u.cer", UTOPIA.csca.der), ("u.dl", listed)], NOW, None)
    (found,) = store.material().deviation_lists
    assert found.deviations == (deviation,)


@pytest.fixture
def people(tmp_path: Path) -> People:
    return People(tmp_path / "home")


def test_in_an_authoritys_home_two_operators_accept_a_list_and_one_takes_a_proved_one(
    tmp_path: Path, people: People
) -> None:
    anna, bert = people.acting("anna"), people.acting("bert")
    store = TrustStore(tmp_path / "trust", people.operators)
    store.add(UTOPIA.csca, "own authority", NOW, anna, bert)
    store.carry_out(plan(store, LIST), anna)
    assert len(store.material().anchors) == 3

    foreign = GHANA.master_list(GHANA.csca)
    accept = plan(store, foreign).questions[0].accept
    store.carry_out(plan(store, foreign, accepted=accept), anna)
    with pytest.raises(IntegrityBroken, match="trust-decision-second-missing"):
        store.material().anchors_of("GH")
    store.carry_out(plan_again(store, foreign, accept), anna, bert)
    assert len(store.material().anchors) == 4


def plan_again(store: TrustStore, data: bytes, accept: str) -> Plan:
    """The plan for a list that is here already: it is removed first."""
    for pack in store.packs.all():
        if pack.basis is Basis.SIGNER:
            store.remove_list(pack)
    return plan(store, data, accepted=accept)


def test_a_list_that_claims_a_proof_it_lacks_is_told(tmp_path: Path, people: People) -> None:
    anna, bert = people.acting("anna"), people.acting("bert")
    store = TrustStore(tmp_path / "trust", people.operators)
    store.add(UTOPIA.csca, "own authority", NOW, anna, bert)
    foreign = GHANA.master_list(GHANA.csca)
    (pack,) = plan(store, foreign, accepted=plan(store, foreign).questions[0].accept).packs
    store.packs.write(replace(pack, basis=Basis.CHAIN).signed_by([anna]))
    with pytest.raises(IntegrityBroken, match="trust-list-not-proved"):
        store.material().anchors_of("GH")


def test_a_stop_in_the_middle_of_a_list_leaves_nothing_of_it(
    store: TrustStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_files(store, [("utopia.cer", UTOPIA.csca.der)], NOW, None)
    found = plan(store, LIST)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(trust, "sweep", stop)
    with pytest.raises(KeyboardInterrupt):
        store.carry_out(found)
    monkeypatch.undo()
    assert countries(store) == {"UT"}
    store.carry_out(plan(store, LIST))
    assert countries(store) == {"UT", "VN", "FR"}


LATER = NOW + timedelta(days=700)
"""When the certificates of list signers have expired."""


@pytest.mark.parametrize(
    ("believed", "at", "code"),
    [
        (False, NOW, "trust-list-signer-unknown"),
        (True, LATER, "trust-list-signer-expired"),
        (False, LATER, "trust-list-signer-expired-unknown"),
        (True, START - timedelta(days=1), "trust-list-signer-not-yet-valid"),
        (True, UTOPIA.csca.not_after + timedelta(days=1), "trust-list-signer-expired"),
    ],
)
def test_why_a_list_is_not_proved_is_told_with_the_date(
    store: TrustStore, believed: bool, at: datetime, code: str
) -> None:
    if believed:
        import_files(store, [("utopia.cer", UTOPIA.csca.der)], NOW, None)
    listed = UTOPIA.master_list(FRANCE.csca, signing_time=START - timedelta(days=1))
    signer = MasterList.parse(listed).signer
    assert signer is not None
    with pytest.raises(BadInput) as caught:
        import_files(store, [("utopia.ml", listed)], at, None)
    assert (caught.value.code, caught.value.facts["accept"]) == (code, signer.fingerprint)
    date = signer.not_before if "not-yet" in code else signer.not_after if "expired" in code else None
    assert caught.value.facts.get("date") == (f"{date:%Y-%m-%d}" if date else None)


def test_an_expired_csca_of_the_list_signer_is_told_with_its_date(store: TrustStore) -> None:
    old = Authority("GHA", start=START - timedelta(days=8000))
    import_files(store, [("gha.cer", old.csca.der)], NOW, None)
    key = new_key()
    signer = old.list_signer(key, start=START)
    listed = build_master_list([old.csca], key, signer, old.csca, "sha256", NOW)
    with pytest.raises(BadInput) as caught:
        import_files(store, [("gha.ml", listed)], NOW, None)
    assert caught.value.code == "trust-list-csca-expired"
    assert caught.value.facts["date"] == f"{old.csca.not_after:%Y-%m-%d}"
