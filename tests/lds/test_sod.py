"""EF.SOD: built, read, and the published specimen verified."""

from __future__ import annotations

import pytest

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import der
from eid_toolkit.standards.lds.security_object import LdsSecurityObject
from eid_toolkit.standards.lds.sod import Sod, build_sod
from eid_toolkit.standards.pki.cms import build_signed_data, verify_signed_data
from support.authorities import NOW, Authority, new_key
from support.specimen_passport import needs_specimen, specimen_file

KEY = new_key()
SIGNER = Authority().signer(KEY)
DATA_GROUPS = {1: b"first", 2: b"second", 14: b"fourteenth"}


def test_a_new_file_is_of_version_1_and_covers_its_data_groups() -> None:
    file = build_sod(DATA_GROUPS, "sha256", KEY, SIGNER.der, NOW)
    sod = Sod.parse(file)
    assert sod.encode() == file
    assert (sod.version, sod.digest) == (1, "sha256")
    assert (sod.lds_version, sod.security_object.unicode_version) == ("0108", "040000")
    assert tuple(sod.hashes) == (1, 2, 14)
    assert all(sod.covers(number, data) for number, data in DATA_GROUPS.items())
    assert not sod.covers(1, b"other")
    assert not sod.covers(3, b"first")
    assert sod.signer_certificate == SIGNER.der
    assert sod.is_signed()


@pytest.mark.parametrize("digest", ["sha224", "sha256", "sha384", "sha512"])
def test_each_digest_is_written_without_parameters(digest: str) -> None:
    security_object = LdsSecurityObject(digest, {1: b"hash"})
    assert der.null() not in security_object.encode()
    assert LdsSecurityObject.parse(security_object.encode()) == security_object


def test_version_0_is_read() -> None:
    old = LdsSecurityObject("sha1", {1: bytes(20), 2: bytes(20)}, 0, None, None)
    assert LdsSecurityObject.parse(old.encode()) == old


@pytest.mark.parametrize(
    "data",
    [
        b"",
        der.sequence(),
        LdsSecurityObject("sha256", {}, version=2).encode(),
        LdsSecurityObject("sha256", {}, version=0).encode(),
        LdsSecurityObject("sha256", {17: b"hash"}).encode(),
        LdsSecurityObject("sha256", {0: b"hash"}).encode(),
        LdsSecurityObject("sha256", {1: b"hash"}).encode() + b"\0",
    ],
)
def test_a_wrong_security_object_is_bad_input(data: bytes) -> None:
    with pytest.raises(BadInput):
        LdsSecurityObject.parse(data)


def test_a_signature_over_something_else_is_no_sod() -> None:
    cms = build_signed_data(b"", "2.23.136.1.1.2", KEY, SIGNER.der, "sha256")
    with pytest.raises(BadInput) as caught:
        Sod.parse(b"\x77\x82" + len(cms).to_bytes(2, "big") + cms)
    assert caught.value.code == "sod-other-content"


@needs_specimen
def test_the_sod_of_the_published_specimen_is_verified() -> None:
    file = specimen_file("SOD")
    sod = Sod.parse(file)
    assert sod.encode() == file
    assert (sod.version, sod.digest) == (0, "sha1")
    assert tuple(sod.hashes) == (1, 2, 3, 14)
    assert all(sod.covers(number, specimen_file(f"DG{number}")) for number in sod.hashes)
    certificate = sod.signed_data.signer_certificate
    assert certificate is not None
    assert certificate.subject.country == "DE"
    assert verify_signed_data(sod.signed_data, certificate.der)
    changed = Sod.parse(file.replace(sod.hashes[1], bytes(20)))
    assert not verify_signed_data(changed.signed_data, certificate.der)
