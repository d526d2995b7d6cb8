"""Certificates of terminals in a bundle: they come beside the terminal's key where there is one, and only there."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from eid_toolkit.books.authorities.terminals import TerminalStore, refresh
from eid_toolkit.books.trust.bundles import BundleStore, bundle_of
from eid_toolkit.books.trust.packs import Role as PackRole
from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.pki.cv_authorization import Role
from eid_toolkit.standards.pki.cv_certificate import CvCertificate
from eid_toolkit.standards.pki.trust_bundle import BUNDLE_SIGNING_KEY, SignedBundle, build_trust_bundle
from support.authorities import NOW, Authority, new_key
from support.cv_chain import CvEcSigner, cvca, ec_signer

ROOT = cvca(ec_signer(digest="sha384"))
VERIFIER = ROOT.issue("UTDV00001", Role.DV_DOMESTIC)
TERMINAL = VERIFIER.issue("UTIS00001", Role.TERMINAL)
RENEWED = ROOT.issue("UTDV00002", Role.DV_DOMESTIC).certificate


def bundled(*certificates: CvCertificate) -> bytes:
    authority, key = Authority(), new_key()
    signer = authority.list_signer(key, purpose=BUNDLE_SIGNING_KEY)
    sections = {
        "anchors": (authority.csca.der,),
        "terminal_certificates": tuple(certificate.encode() for certificate in certificates),
    }
    made = bundle_of("Utopia", 1, NOW - timedelta(days=1), sections)
    return build_trust_bundle(made, key, signer, (authority.csca,), NOW)


def taken(root: Path) -> tuple[CvCertificate, ...]:
    """What a bundle with the verifier's new certificate leaves in the trust store."""
    data = bundled(VERIFIER.certificate, RENEWED)
    store = BundleStore(TrustStore(root / "trust"))
    pack, _ = store.take(data, "bundle", NOW, SignedBundle.parse(data).signer.fingerprint, None)
    return tuple(map(CvCertificate.parse, pack.data_of(PackRole.TERMINAL)))


def test_a_renewed_verifier_reaches_the_terminal_without_its_passphrase(tmp_path: Path) -> None:
    passphrase = Secret(b"a passphrase for tests")
    store = TerminalStore.create(tmp_path, lambda: passphrase, SystemEntropy())
    assert isinstance(TERMINAL.signer, CvEcSigner)
    store.add([VERIFIER.certificate, TERMINAL.certificate], TERMINAL.signer.key)
    refresh(tmp_path, taken(tmp_path))
    (identity,) = store.identities()
    assert set(identity.above) == {VERIFIER.certificate, RENEWED}


def test_a_home_without_terminals_gets_none(tmp_path: Path) -> None:
    refresh(tmp_path, taken(tmp_path))
    assert not (tmp_path / "terminal").exists()
