"""The trusted time: who tells it, that one list from the future does not spoil it, and how it is taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eid_toolkit.books.trust.bundles import BundleStore
from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.ground.errors import BadInput, IntegrityBroken
from eid_toolkit.standards.pki.trust_bundle import BUNDLE_SIGNING_KEY, TrustBundle, build_trust_bundle, digest_of
from eid_toolkit.standards.pki.trust_material import TrustMaterial
from eid_toolkit.standards.pki.validation import Status, check_revocation
from eid_toolkit.work.inspection.trusted_time import reset_trusted_time, told_times, trusted_time
from support.authorities import NOW, START, Authority, new_key
from support.trust_files import import_files

UTOPIA, ATLANTIS = Authority(), Authority("VNM")
FAR = datetime(2099, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
KEY = new_key()
SIGNER = UTOPIA.list_signer(KEY, purpose=BUNDLE_SIGNING_KEY)


@pytest.fixture
def store(tmp_path: Path) -> TrustStore:
    store = TrustStore(tmp_path / "trust")
    import_files(
        store, [("u.cer", UTOPIA.csca.der), ("u.crl", UTOPIA.crl().der), ("v.cer", ATLANTIS.csca.der)], NOW, None
    )
    return store


def highest(store: TrustStore) -> datetime | None:
    return trusted_time(store.directory, store.material())


def hold_a_list_from_the_future(store: TrustStore) -> None:
    """As an earlier version took it."""
    store.add(ATLANTIS.crl(this_update=FAR), "v.crl", NOW)


def bundle(issued_at: datetime, version: int = 1) -> bytes:
    sections = {"anchors": (UTOPIA.csca.der,)}
    made = TrustBundle("Utopia", version, issued_at, sections, digest_of(sections))
    return build_trust_bundle(made, KEY, SIGNER, (UTOPIA.csca,), issued_at)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("v.crl", ATLANTIS.crl(this_update=FAR).der),
        ("v.ml", ATLANTIS.master_list(ATLANTIS.csca, signing_time=NOW + 2 * DAY)),
        ("v.dl", ATLANTIS.deviation_list(signing_time=FAR)),
    ],
)
def test_a_list_dated_more_than_a_day_ahead_is_refused(store: TrustStore, name: str, data: bytes) -> None:
    before = len(store.entries())
    with pytest.raises(BadInput, match="trust-dated-ahead"):
        import_files(store, [(name, data)], NOW)
    assert len(store.entries()) == before


def test_a_list_that_is_a_little_ahead_is_taken(store: TrustStore) -> None:
    import_files(store, [("v.crl", ATLANTIS.crl(this_update=NOW + DAY / 2).der)], NOW)
    assert highest(store) == NOW + DAY / 2


def test_a_bundle_dated_more_than_a_day_ahead_is_refused(store: TrustStore) -> None:
    bundles = BundleStore(store)
    with pytest.raises(BadInput, match="trust-dated-ahead"):
        bundles.take(bundle(NOW + 2 * DAY), "bundle", NOW, UTOPIA.csca.fingerprint, None)
    assert bundles.present() is None and bundles.pin() is None


def test_a_list_from_the_future_that_is_here_already_tells_no_time(store: TrustStore) -> None:
    hold_a_list_from_the_future(store)
    assert highest(store) == START
    told = {(each.source, each.ignored) for each in told_times(store.directory, store.material())}
    assert {ignored for _, ignored in told} == {None, "dated-ahead"}


def test_what_an_earlier_version_kept_of_such_a_list_is_forgotten(store: TrustStore) -> None:
    hold_a_list_from_the_future(store)
    (store.directory / "trusted-time").write_text(FAR.isoformat())
    assert highest(store) == START


def test_what_an_earlier_version_kept_otherwise_still_counts(store: TrustStore) -> None:
    (store.directory / "trusted-time").write_text((NOW + 90 * DAY).isoformat())
    assert highest(store) == NOW + 90 * DAY
    assert "earlier" in {each.kind for each in told_times(store.directory, store.material())}


def test_a_time_stays_known_when_its_list_is_gone(store: TrustStore) -> None:
    import_files(store, [("v.crl", ATLANTIS.crl(this_update=NOW).der)], NOW)
    assert highest(store) == NOW
    (entry,) = (each for each in store.entries() if each.kind == "crl" and each.item.country == "VN")
    store.remove(entry.fingerprint)
    assert highest(store) == NOW
    (told,) = (each for each in told_times(store.directory, store.material()) if each.time == NOW)
    assert (told.fingerprint, told.taken_at) == (entry.fingerprint, NOW)


def test_a_list_from_the_future_does_not_hide_the_current_one(store: TrustStore) -> None:
    import_files(store, [("v.crl", ATLANTIS.crl(this_update=NOW).der)], NOW)
    hold_a_list_from_the_future(store)
    assert check_revocation(ATLANTIS.signer(), store.material(), NOW).status is Status.PASSED


def test_a_list_from_the_future_still_revokes(store: TrustStore) -> None:
    signer = ATLANTIS.signer()
    store.add(ATLANTIS.crl(signer, this_update=FAR), "v.crl", NOW)
    assert check_revocation(signer, store.material(), NOW).reason == "signer-revoked"


def test_the_next_bundle_takes_back_what_lists_told_of_a_later_time(store: TrustStore) -> None:
    (store.directory / "trusted-time").write_text(FAR.isoformat())  # of a list that was removed since
    import_files(store, [("v.crl", ATLANTIS.crl(this_update=NOW + DAY / 2).der)], NOW)
    assert highest(store) == FAR
    bundles = BundleStore(store)
    bundles.take(bundle(NOW), "bundle", NOW + DAY / 4, UTOPIA.csca.fingerprint, None)
    assert highest(store) == NOW
    assert highest(store) == NOW  # also when it is read again

    later = ATLANTIS.crl(this_update=NOW + DAY, number=2)
    import_files(store, [("v2.crl", later.der)], NOW + DAY, None)
    assert highest(store) == NOW + DAY


def test_a_bundle_takes_nothing_back_that_another_bundle_told(store: TrustStore) -> None:
    bundles = BundleStore(store)
    bundles.take(bundle(NOW, 1), "bundle", NOW, UTOPIA.csca.fingerprint, None)
    assert highest(store) == NOW
    bundles.take(bundle(NOW - DAY, 2), "bundle", NOW + DAY, None, None)
    assert highest(store) == NOW


def test_two_people_take_back_what_was_told_of_a_later_time(store: TrustStore) -> None:
    (store.directory / "trusted-time").write_text(FAR.isoformat())
    import_files(store, [("v.crl", ATLANTIS.crl(this_update=NOW + DAY / 2).der)], NOW)
    reset_trusted_time(store.directory, store.material(), NOW + DAY / 4, ["anna", "bert"])
    assert highest(store) == NOW + DAY / 4
    told = {each.kind: each for each in told_times(store.directory, store.material()) if each.ignored is None}
    assert told["reset"].source == "anna, bert"
    assert told["crl"].time == START


def test_without_anything_told_there_is_no_trusted_time(tmp_path: Path) -> None:
    assert trusted_time(tmp_path, TrustMaterial()) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    ["", "soon", "{", '{"schema": "eid-trusted-time/9"}', '{"schema": "eid-trusted-time/1", "sources": [{}]}', "[" * 9],
)
def test_a_damaged_file_is_told(store: TrustStore, text: str) -> None:
    (store.directory / "trusted-time").write_text(text)
    with pytest.raises(IntegrityBroken, match="trusted-time-damaged"):
        highest(store)
