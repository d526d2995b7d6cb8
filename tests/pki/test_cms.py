"""CMS SignedData: written as ICAO Doc 9303-10 asks, read as it comes."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from asn1crypto import cms as slow
from asn1crypto import core, x509

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import SignatureAlgorithm
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.pki.cms import SignedData, build_signed_data, find_signer, verify_signed_data
from support.authorities import NOW, Authority, new_key

CONTENT_TYPE = "2.23.136.1.1.1"
CONTENT = b"the hashes of all data groups"
AUTHORITY = Authority()
KEY = new_key()
CERTIFICATE = AUTHORITY.signer(KEY)
MASTER_LISTS = Path(__file__).parents[3] / "shared" / "data" / "master-lists"


class _ScriptedSigner:
    """Gives one signature whatever is signed: so that two ways of encoding can be compared."""

    algorithm = SignatureAlgorithm("ecdsa", "sha256")
    public_key = KEY.public_key

    def sign(self, message: bytes, /) -> bytes:
        return der.sequence(der.integer(7), der.integer(9))


def _built(content: bytes = CONTENT, signing_time: datetime | None = NOW) -> bytes:
    return build_signed_data(content, CONTENT_TYPE, KEY, CERTIFICATE.der, "sha256", signing_time)


def test_what_is_built_is_read_and_verified() -> None:
    signed = SignedData.parse(_built())
    assert (signed.content_type, signed.content) == (CONTENT_TYPE, CONTENT)
    assert signed.certificates == (CERTIFICATE.der,)
    assert signed.signer_certificate == CERTIFICATE
    assert signed.signers[0].signing_time == NOW
    assert verify_signed_data(signed, CERTIFICATE.der)


def test_a_signature_without_content_is_over_what_is_given() -> None:
    signed = tlv.parse(_built()).children()
    version, digests, encapsulated, *rest = tlv.parse(der.expect(signed[1], 0xA0)).children()
    parts = (version, digests, tlv.parse(der.sequence(encapsulated.children()[0].encode())), *rest)
    inner = der.sequence(*(part.encode() for part in parts))
    detached = der.sequence(signed[0].encode(), tlv.encode(0xA0, inner))
    assert verify_signed_data(SignedData.parse(detached, CONTENT), CERTIFICATE.der)
    assert not verify_signed_data(SignedData.parse(detached, CONTENT + b"!"), CERTIFICATE.der)
    assert SignedData.parse(_built(), b"another").content == CONTENT
    with pytest.raises(BadInput, match="cms-malformed"):
        SignedData.parse(detached)


def test_the_signing_time_may_be_left_out() -> None:
    signed = SignedData.parse(_built(signing_time=None))
    assert signed.signers[0].signing_time is None
    assert verify_signed_data(signed, CERTIFICATE.der)


def test_the_encoding_by_hand_is_that_of_a_general_library() -> None:
    built = build_signed_data(CONTENT, CONTENT_TYPE, _ScriptedSigner(), CERTIFICATE.der, "sha256", NOW)
    certificate = x509.Certificate.load(CERTIFICATE.der)
    # The library would add the parameters NULL, which the standard does not want.
    digest = slow.DigestAlgorithm.load(der.sequence(der.object_identifier("2.16.840.1.101.3.4.2.1")))
    attributes = slow.CMSAttributes(
        [
            {"type": "content_type", "values": [CONTENT_TYPE]},
            {"type": "message_digest", "values": [sha256(CONTENT).digest()]},
            {"type": "signing_time", "values": [slow.Time({"utc_time": core.UTCTime(NOW)})]},
        ]
    )
    expected = slow.ContentInfo(
        {
            "content_type": "signed_data",
            "content": {
                "version": "v3",
                "digest_algorithms": [digest],
                "encap_content_info": {
                    "content_type": CONTENT_TYPE,
                    "content": core.ParsableOctetString(CONTENT),
                },
                "certificates": [certificate],
                "signer_infos": [
                    {
                        "version": "v1",
                        "sid": slow.SignerIdentifier(
                            {
                                "issuer_and_serial_number": {
                                    "issuer": certificate.issuer,
                                    "serial_number": certificate.serial_number,
                                }
                            }
                        ),
                        "digest_algorithm": digest,
                        "signed_attrs": attributes,
                        "signature_algorithm": {"algorithm": "sha256_ecdsa"},
                        "signature": _ScriptedSigner().sign(b""),
                    }
                ],
            },
        }
    )
    assert built == expected.dump()


def test_openssl_verifies_it_too(tmp_path: Path) -> None:
    (tmp_path / "signed.der").write_bytes(_built())
    command = ["openssl", "cms", "-verify", "-noverify", "-binary", "-inform", "DER", "-in", "signed.der"]
    found = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, timeout=20)
    assert found.returncode == 0, found.stderr
    assert found.stdout == CONTENT


def test_another_content_another_key_and_a_changed_attribute_do_not_verify() -> None:
    built = _built()
    changed = SignedData.parse(built.replace(CONTENT, CONTENT[::-1]))
    assert not verify_signed_data(changed, CERTIFICATE.der)
    assert not verify_signed_data(SignedData.parse(built), AUTHORITY.signer().der)
    utc = NOW.strftime("%y%m%d%H%M%SZ").encode()
    assert utc in built
    later = SignedData.parse(built.replace(utc, b"271231235959Z"))
    assert later.signers[0].signing_time == datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert not verify_signed_data(later, CERTIFICATE.der)


def test_a_signature_over_another_content_type_does_not_verify() -> None:
    encoded = der.object_identifier(CONTENT_TYPE)
    other = der.object_identifier("2.23.136.1.1.2")
    signed = SignedData.parse(_built().replace(encoded, other, 1))
    assert signed.content_type == "2.23.136.1.1.2"
    assert not verify_signed_data(signed, CERTIFICATE.der)


def _rebuilt(signer_info: bytes, content: bytes = der.octet_string(CONTENT)) -> bytes:
    signed_data = der.sequence(
        der.integer(3),
        der.set_of([]),
        der.sequence(der.object_identifier(CONTENT_TYPE), tlv.encode(0xA0, content)),
        tlv.encode(0xA0, CERTIFICATE.der),
        tlv.encode(0xA1),
        der.set_of([signer_info]),
    )
    return der.sequence(der.object_identifier("1.2.840.113549.1.7.2"), tlv.encode(0xA0, signed_data))


def _signer_info(who: bytes, digest_parameters: bytes, signature_parameters: bytes) -> bytes:
    """Without signed attributes, so the signature is over the content itself."""
    return der.sequence(
        der.integer(3),
        who,
        der.sequence(der.object_identifier("2.16.840.1.101.3.4.2.1"), digest_parameters),
        der.sequence(der.object_identifier("1.2.840.10045.4.3.2"), signature_parameters),
        der.octet_string(KEY.sign(CONTENT)),
    )


def test_the_variants_that_are_met_are_read() -> None:
    key_identifier = CERTIFICATE.extensions.subject_key_identifier
    assert key_identifier is not None
    by_key = tlv.encode(0x80, key_identifier)
    by_name = der.sequence(CERTIFICATE.issuer.der, der.integer(CERTIFICATE.serial))
    pieces = tlv.encode(0x24, der.octet_string(CONTENT[:5]), der.octet_string(CONTENT[5:]))
    for who in (by_key, by_name):
        for parameters in (b"", der.null()):
            for content in (der.octet_string(CONTENT), pieces):
                signed = SignedData.parse(_rebuilt(_signer_info(who, parameters, parameters), content))
                assert signed.signer_certificate == CERTIFICATE
                assert verify_signed_data(signed, CERTIFICATE.der)


def test_a_signer_that_is_not_enclosed_is_none() -> None:
    by_another = der.sequence(
        der.integer(3),
        tlv.encode(0x80, b"another key"),
        der.sequence(der.object_identifier("2.16.840.1.101.3.4.2.1")),
        der.sequence(der.object_identifier("1.2.840.10045.4.3.2")),
        der.octet_string(new_key().sign(CONTENT)),
    )
    signed = SignedData.parse(_rebuilt(by_another))
    assert signed.signer_certificate is None
    assert not verify_signed_data(signed, CERTIFICATE.der)


def test_the_only_certificate_enclosed_is_the_signers_if_its_key_signed_whomever_the_signature_names() -> None:
    signed = SignedData.parse(_rebuilt(_signer_info(tlv.encode(0x80, b"another key"), b"", b"")))
    found = find_signer(signed)
    assert found is not None
    assert (found.certificate, found.named) == (CERTIFICATE, False)
    assert verify_signed_data(signed, CERTIFICATE.der)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"0\x00",
        der.sequence(der.object_identifier("1.2.840.113549.1.7.1"), tlv.encode(0xA0, der.octet_string(b""))),
        der.sequence(der.object_identifier("1.2.840.113549.1.7.2"), tlv.encode(0xA0, der.sequence())),
        _rebuilt(der.sequence()),
        _rebuilt(der.sequence(der.integer(1), der.sequence(), der.sequence())),
    ],
)
def test_what_is_no_signed_data_is_bad_input(data: bytes) -> None:
    with pytest.raises(BadInput):
        SignedData.parse(data)


@pytest.mark.skipif(not MASTER_LISTS.is_dir(), reason="the Dutch master list is not at hand")
def test_the_dutch_master_list_is_read_and_verified() -> None:
    signed = SignedData.parse((MASTER_LISTS / "NL_ML_2025-07-29.ml").read_bytes())
    assert signed.content_type == "2.23.136.1.1.2"
    certificate = signed.signer_certificate
    assert certificate is not None
    assert certificate.subject.country == "NL"
    assert verify_signed_data(signed, certificate.der)
