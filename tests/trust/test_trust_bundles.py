"""Bundles in an officer's home: whose are taken, which are refused, and what a delta comes to."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from eid_toolkit.books.trust import bundles as trust_bundles
from eid_toolkit.books.trust import packs as trust_packs
from eid_toolkit.books.trust.bundles import BundleManifests, BundleStore, bundle_of
from eid_toolkit.books.trust.packs import Role
from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.ground.errors import BadInput, NotPermitted
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.trust_bundle import BUNDLE_SIGNING_KEY, TrustBundle, build_trust_bundle, digest_of
from eid_toolkit.standards.pki.trust_bundle import SECTIONS as SECTION_NAMES
from support.authorities import NOW, START, Authority, new_key

DAY = timedelta(days=1)
UTOPIA, ATLANTIS, FRANCE = Authority(), Authority("VNM"), Authority("FRA")
KEY = new_key()
SIGNER = UTOPIA.list_signer(KEY, purpose=BUNDLE_SIGNING_KEY)
PIN = UTOPIA.csca.fingerprint
SECTIONS = {"anchors": (UTOPIA.csca.der, ATLANTIS.csca.der), "crls": (UTOPIA.crl().der,)}
LATER = {"anchors": (UTOPIA.csca.der, FRANCE.csca.der), "crls": (UTOPIA.crl(number=2).der,)}


def signed(bundle: TrustBundle, authority: Authority = UTOPIA, signer: Certificate = SIGNER, key=KEY) -> bytes:
    return build_trust_bundle(bundle, key, signer, (authority.csca,), bundle.issued_at)


def full(version: int = 1, sections=SECTIONS, issued_at: datetime = NOW) -> TrustBundle:
    return bundle_of("Utopia", version, issued_at, sections)


def delta(version: int = 2, base: int = 1, before=SECTIONS, after=LATER) -> TrustBundle:
    held = [sha256(item).hexdigest() for items in before.values() for item in items]
    return bundle_of("Utopia", version, NOW, after, base=(base, held))


@pytest.fixture
def trust(tmp_path: Path) -> TrustStore:
    return TrustStore(tmp_path / "trust")


@pytest.fixture
def store(trust: TrustStore) -> BundleStore:
    return BundleStore(trust)


def take(store: BundleStore, data: bytes, accept: str | None = None, now: datetime = NOW) -> bool:
    _, new = store.take(data, "bundle", now, accept, "officer")
    return new


def countries(trust: TrustStore) -> set[str | None]:
    return {anchor.country for anchor in trust.material().anchors}


def test_the_first_bundle_is_taken_by_its_makers_fingerprint_only(trust: TrustStore, store: BundleStore) -> None:
    with pytest.raises(NotPermitted, match="bundle-authority-unknown") as caught:
        take(store, signed(full()))
    assert caught.value.facts["fingerprint"] == PIN
    with pytest.raises(NotPermitted, match="bundle-accept-mismatch"):
        take(store, signed(full()), accept=ATLANTIS.csca.fingerprint)
    assert take(store, signed(full()), accept=PIN)
    material = trust.material()
    assert (countries(trust), len(material.crls)) == ({"UT", "VN"}, 1)
    assert material.bundle is not None
    assert (material.bundle.version, material.bundle.issued_at) == (1, NOW)


def test_the_signer_itself_can_be_pinned(trust: TrustStore, store: BundleStore) -> None:
    assert take(store, signed(full()), accept=SIGNER.fingerprint)
    assert take(store, signed(full(2)))


def test_the_next_bundle_replaces_the_one_before(trust: TrustStore, store: BundleStore) -> None:
    take(store, signed(full()), accept=PIN)
    assert take(store, signed(full(2, LATER)))
    assert countries(trust) == {"UT", "FR"}
    assert len(trust.packs.all()) == 1


def test_the_same_file_again_changes_nothing(trust: TrustStore, store: BundleStore) -> None:
    data = signed(full())
    assert [take(store, data, accept=PIN), take(store, data)] == [True, False]


def test_an_older_bundle_is_refused_also_when_the_newer_was_removed(trust: TrustStore, store: BundleStore) -> None:
    take(store, signed(full(2, LATER)), accept=PIN)
    for _ in range(2):
        with pytest.raises(BadInput, match="bundle-replayed"):
            take(store, signed(full(1)))
        if (present := store.present()) is not None:
            trust.remove_list(present)


def test_a_delta_needs_the_bundle_that_it_is_on(trust: TrustStore, store: BundleStore) -> None:
    with pytest.raises(BadInput, match="bundle-base-missing"):
        take(store, signed(delta()), accept=PIN)
    take(store, signed(full()), accept=PIN)
    with pytest.raises(BadInput, match="bundle-base-missing"):
        take(store, signed(delta(5, base=3)))
    assert take(store, signed(delta()))
    assert countries(trust) == {"UT", "FR"}
    assert {crl.number for crl in trust.material().crls} == {2}


def test_a_delta_that_does_not_come_to_what_it_says_is_refused_whole(trust: TrustStore, store: BundleStore) -> None:
    take(store, signed(full()), accept=PIN)
    with pytest.raises(BadInput, match="bundle-result-differs"):
        take(store, signed(replace(delta(), result_sha256=digest_of(SECTIONS))))
    assert countries(trust) == {"UT", "VN"}


def test_a_delta_on_a_bundle_is_smaller_than_the_bundle() -> None:
    many = {"anchors": tuple(Authority(name=f"CSCA {number}").csca.der for number in range(8))}
    more = {"anchors": (*many["anchors"], FRANCE.csca.der)}
    assert len(signed(delta(before=many, after=more))) < len(signed(full(2, more))) / 2


def test_a_changed_or_cut_bundle_is_refused_or_says_what_was_signed(tmp_path: Path) -> None:
    """A CMS names its digests and its signer outside of what is signed: what is changed there changes nothing."""
    data = signed(full())
    genuine = BundleStore(TrustStore(tmp_path / "genuine"))
    take(genuine, data, accept=PIN)
    refused = 0
    places = range(0, len(data), 97)
    for place in places:
        store = BundleStore(TrustStore(tmp_path / str(place)))
        with pytest.raises(BadInput):
            take(store, data[:place], accept=PIN)
        assert store.present() is None
        changed = bytearray(data)
        changed[place] ^= 0x40
        try:
            take(store, bytes(changed), accept=PIN)
        except (BadInput, NotPermitted):
            refused += 1
            assert store.present() is None
        else:
            assert contents(store) == contents(genuine)
    assert refused > len(places) - 5


def contents(store: BundleStore) -> tuple[object, ...]:
    pack = store.present()
    assert pack is not None
    return pack.facts, [(member.role, member.data) for member in pack.members]


def test_a_strangers_bundle_is_refused_though_its_state_is_believed(store: BundleStore) -> None:
    take(store, signed(full()), accept=PIN)
    key = new_key()
    signer = ATLANTIS.list_signer(key, purpose=BUNDLE_SIGNING_KEY)
    with pytest.raises(NotPermitted, match="bundle-of-stranger"):
        take(store, signed(full(2), ATLANTIS, signer, key))


@pytest.mark.parametrize("purpose", [None, "document"])
def test_a_signer_of_something_else_signs_no_bundle(store: BundleStore, purpose: str | None) -> None:
    key = new_key()
    signer = UTOPIA.list_signer(key) if purpose is None else UTOPIA.signer(key)
    with pytest.raises(BadInput, match="bundle-signer-purpose"):
        take(store, signed(full(), UTOPIA, signer, key), accept=PIN)


def test_a_revoked_signer_signs_no_more(store: BundleStore) -> None:
    sections = {"anchors": (UTOPIA.csca.der,), "crls": (UTOPIA.crl(SIGNER).der,)}
    take(store, signed(full(1, sections)), accept=PIN)
    with pytest.raises(NotPermitted, match="bundle-signer-revoked"):
        take(store, signed(full(2)))


def test_another_authority_can_be_accepted_and_counts_anew(trust: TrustStore, store: BundleStore) -> None:
    take(store, signed(full(9)), accept=PIN)
    key = new_key()
    signer = ATLANTIS.list_signer(key, purpose=BUNDLE_SIGNING_KEY)
    other = signed(full(1, LATER), ATLANTIS, signer, key)
    assert take(store, other, accept=ATLANTIS.csca.fingerprint)
    assert countries(trust) == {"UT", "FR"}
    with pytest.raises(NotPermitted, match="bundle-of-stranger"):
        take(store, signed(full(10)))


def test_an_expired_signer_signs_no_more(store: BundleStore) -> None:
    late = NOW + 3000 * DAY
    with pytest.raises(NotPermitted, match="bundle-signer-expired"):
        take(store, signed(full(issued_at=late)), accept=PIN, now=late)


def test_after_a_roll_over_a_link_leads_to_the_new_signer(store: BundleStore) -> None:
    take(store, signed(full()), accept=PIN)
    new, key = Authority(start=START + DAY), new_key()
    signer = new.list_signer(key, purpose=BUNDLE_SIGNING_KEY)
    others = (new.csca, UTOPIA.link(new))
    with pytest.raises(NotPermitted, match="bundle-of-stranger"):
        take(store, build_trust_bundle(full(2), key, signer, (new.csca,), NOW))
    assert take(store, build_trust_bundle(full(2), key, signer, others, NOW))


def test_a_stop_in_the_middle_leaves_the_old_bundle_or_the_new_one(
    trust: TrustStore, store: BundleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(store, signed(full()), accept=PIN)
    for module, stop in ((trust_packs, "sweep"), (trust_bundles, "write_atomic")):
        monkeypatch.setattr(module, stop, _stop)
        with pytest.raises(KeyboardInterrupt):
            take(store, signed(full(2, LATER)))
        monkeypatch.undo()
        material = trust.material()
        assert material.bundle is not None
        assert countries(trust) == ({"UT", "VN"} if material.bundle.version == 1 else {"UT", "FR"})
    take(store, signed(full(3)))
    assert len(trust.packs.all()) == 1


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"schema": "eid-trust-bundle/2"}',
        full().encode().replace(b'"version": 1', b'"version": true'),
        full().encode().replace(b'"version": 1', b'"version": -1'),
        full().encode().replace(b'"base": null', b'"base": 7'),
        full().encode().replace(b"+00:00", b""),
        full().encode().replace(b'"allow_bac": true', b'"allow_bac": 1'),
        full().encode().replace(b'"removed": []', b'"removed": [1]'),
        full().encode().replace(b'"anchors": [', b'"anchors": ["!",'),
    ],
)
def test_content_out_of_place_is_refused(content: bytes) -> None:
    with pytest.raises(BadInput, match="bundle-"):
        TrustBundle.parse(content)


def test_what_is_written_is_read() -> None:
    bundle = delta()
    assert TrustBundle.parse(bundle.encode()) == replace(
        bundle,
        sections={**dict.fromkeys(SECTION_NAMES, ()), **bundle.sections},
    )


def test_the_authority_numbers_its_bundles_and_knows_what_each_held(tmp_path: Path) -> None:
    manifests = BundleManifests(tmp_path / "bundles")
    assert manifests.last() == 0
    manifests.write(1, NOW, SECTIONS)
    assert manifests.last() == 1
    assert sha256(ATLANTIS.csca.der).hexdigest() in manifests.members(1)
    with pytest.raises(BadInput, match="bundle-version-unknown"):
        manifests.members(2)


def test_members_keep_their_roles(store: BundleStore) -> None:
    pack, _ = store.take(signed(full()), "bundle", NOW, PIN, None)
    assert pack.counts == {"anchor": 2, "crl": 1}
    assert pack.data_of(Role.CRL) == SECTIONS["crls"]
