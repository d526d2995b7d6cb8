"""`eid decode`: what stands in a file."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from eid_toolkit.books.trust.bundles import bundle_of
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.doors.cli.main import main
from eid_toolkit.standards.asn1.security_infos import PaceInfo, SecurityInfos, UnknownSecurityInfo
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.dg1 import Dg1
from eid_toolkit.standards.lds.dg2 import Dg2
from eid_toolkit.standards.lds.dg3 import Dg3
from eid_toolkit.standards.lds.dg4 import Dg4
from eid_toolkit.standards.lds.dg11 import Dg11
from eid_toolkit.standards.lds.dg12 import Dg12
from eid_toolkit.standards.lds.dg13 import Dg13
from eid_toolkit.standards.lds.dg14 import Dg14
from eid_toolkit.standards.lds.ef_cvca import EfCvca
from eid_toolkit.standards.lds.finger_record import Finger, FingerView
from eid_toolkit.standards.lds.iris_record import Eye
from eid_toolkit.standards.lds.mrz import Mrz
from eid_toolkit.standards.lds.sod import build_sod
from eid_toolkit.standards.lds.vietnam import NationalField, VietnamNationalData
from eid_toolkit.standards.pki.cms import build_signed_data
from eid_toolkit.standards.pki.cv_certificate import KeyReference
from eid_toolkit.standards.pki.cv_public_key import CvEcKey, identifier_of
from eid_toolkit.standards.pki.cv_request import CvRequest
from eid_toolkit.standards.pki.deviation_list import Concerned, Deviation
from eid_toolkit.standards.pki.request import CertificateRequest
from eid_toolkit.standards.pki.trust_bundle import BUNDLE_SIGNING_KEY, build_trust_bundle
from eid_toolkit.work.cardspec.making import make
from support.authorities import NOW, START, Authority, new_key
from support.biometric_blocks import VERSION, block_file, choice, finger_block, iris_block
from support.specimen_passport import FOLDER, needs_specimen
from vectors import load

MRZ = "IDVNM0990000176000099000017<<6\n9901018M3901016VNM<<<<<<<<<<<8\nNGUYEN<<VAN<AN<<<<<<<<<<<<<<<<\n"
AUTHORITY = Authority()


def _decode(tmp_path: Path, data: bytes, *options: str) -> Result:
    file = tmp_path / "file"
    file.write_bytes(data)
    return CliRunner().invoke(main, ["decode", str(file), *options])


def _content(tmp_path: Path, data: bytes) -> tuple[str, Any]:
    result = _decode(tmp_path, data, "--format", "json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    return found["kind"], found["content"]


def test_an_mrz_as_text(tmp_path: Path) -> None:
    kind, content = _content(tmp_path, MRZ.encode())
    assert kind == "MRZ"
    assert content["document_number"] == "099000017"
    assert content["primary_identifier"] == "NGUYEN"
    assert content["wrong_check_digits"] == []


def test_files_of_a_card(tmp_path: Path) -> None:
    mrz = Mrz.parse(MRZ)
    assert _content(tmp_path, Dg1(mrz).encode())[1]["lines"] == MRZ.split()
    kind, face = _content(tmp_path, Dg2.of_portrait(b"\xff\xd8\xff...", 1, 1).encode())
    assert (kind, face["encodings"], face["images"][0]["media_type"]) == ("EF.DG2", ["19794-5"], "image/jpeg")
    national = VietnamNationalData.of({NationalField.PARENTS: ("A", "B"), NationalField.FULL_NAME: "C"})
    assert _content(tmp_path, Dg13(national.encode()).encode())[1] == {"full_name": "C", "parents": ["A", "B"]}
    assert _content(tmp_path, Dg13(b"\x01").encode())[1] == {"content": "01"}
    infos = SecurityInfos.of(
        PaceInfo("0.4.0.127.0.7.2.2.4.2.4", 2, 13),
        PaceInfo("0.4.0.127.0.7.2.2.4.9.9", 2),
        UnknownSecurityInfo("2.999", der.sequence(der.object_identifier("2.999"))),
    )
    described = _content(tmp_path, Dg14(infos).encode())[1]["security_infos"]
    assert {entry.get("cipher") for entry in described} == {"aes-256", None}


def test_fingers_are_told_in_words_and_not_shown(tmp_path: Path) -> None:
    image = b"\xff\xa0\xff secret"
    kind, content = _content(tmp_path, Dg3.of_fingers(FingerView(image, 300, 400, Finger.LEFT_INDEX)).encode())
    assert kind == "EF.DG3"
    (template,) = content["templates"]
    assert template["format"] == "19794-4"
    (shown,) = template["images"]
    assert len(shown.pop("sha256")) == 64
    assert shown == {
        "finger": "left index",
        "width": 300,
        "height": 400,
        "horizontal_resolution": 500,
        "vertical_resolution": 500,
        "resolution_unit": "inch",
        "compression": "wsq",
        "media_type": "image/x-wsq",
        "size": len(image),
    }
    newer = block_file(0x63, finger_block(image, position=choice(0xA0, 61)))
    (template,) = _content(tmp_path, newer)[1]["templates"]
    assert template["format"] == "39794-4"
    block_image = template["images"][0]
    assert block_image.keys() == shown.keys() | {"sha256"}
    assert (block_image["finger"], block_image["width"], block_image["compression"]) == ("code 61", None, "wsq")
    assert (block_image["horizontal_resolution"], block_image["resolution_unit"]) == (500, "inch")
    for data in (newer, Dg3.of_fingers(FingerView(image, 1, 1, 0)).encode()):
        output = _decode(tmp_path, data).stdout
        assert "templates 1 / images 1 / media type" in output
        assert "secret" not in output
        assert image.hex() not in output


def test_irises_are_told_in_words_and_not_shown(tmp_path: Path) -> None:
    image = b"\x00\x00\x00\x0cjP   secret"
    kind, content = _content(tmp_path, Dg4.of_irises((Eye.LEFT, image), width=640, height=480).encode())
    assert kind == "EF.DG4"
    (template,) = content["templates"]
    assert template["format"] == "19794-6"
    (shown,) = template["images"]
    assert len(shown.pop("sha256")) == 64
    assert shown == {
        "eye": "left",
        "width": 640,
        "height": 480,
        "iris_diameter": None,
        "compression": "mono jpeg 2000",
        "media_type": "image/jp2",
        "size": len(image),
    }
    (template,) = _content(tmp_path, block_file(0x76, iris_block(image)))[1]["templates"]
    assert template["format"] == "39794-6"
    assert template["images"][0].keys() == shown.keys() | {"sha256"}
    assert (template["images"][0]["eye"], template["images"][0]["compression"]) == ("left", "jpeg 2000 lossy")


def test_a_file_without_fingers_is_shown_as_that(tmp_path: Path) -> None:
    content = _content(tmp_path, Dg3((), b"random").encode())[1]
    assert content["templates"] == []
    assert content["issuer_content"]["size"] == 6
    assert _content(tmp_path, Dg4(()).encode())[1] == {"templates": []}


def test_a_signed_object_with_its_signer(tmp_path: Path) -> None:
    key = new_key()
    signer = AUTHORITY.signer(key)
    kind, sod = _content(tmp_path, build_sod({1: b"one"}, "sha256", key, signer.der, NOW))
    assert (kind, sod["version"], sod["signed_by_enclosed_signer"]) == ("EF.SOD", 1, True)
    assert sod["signer"]["public_key"] == "brainpoolP256r1"
    certificates = tlv.encode(der.SET, AUTHORITY.csca.der)
    content = der.sequence(der.integer(0), certificates)
    master_list = build_signed_data(content, "2.23.136.1.1.2", key, signer.der, "sha256")
    assert _content(tmp_path, master_list)[1]["certificates"] == 1


def test_lists_of_the_pki(tmp_path: Path) -> None:
    kind, content = _content(tmp_path, AUTHORITY.master_list(AUTHORITY.csca, Authority("VNM").csca))
    assert (kind, content["countries"], content["signed"]) == ("MasterList", {"UT": 1, "VN": 1}, True)
    bare = der.sequence(der.integer(0), der.set_of([AUTHORITY.csca.der, der.sequence(der.integer(1))]))
    kind, content = _content(tmp_path, bare)
    assert (kind, content["signer"], content["certificates"]) == ("MasterList", None, 2)
    assert content["unreadable"][0]["reason"] == "certificate-malformed"

    concerned = Concerned("ID", document_numbers=frozenset({"X1"}), issued_from=START.date(), issued_until=NOW.date())
    deviation = Deviation(concerned, "2.23.136.1.1.7.2.2", "hash of DG2", b"\x02\x01\x02")
    kind, content = _content(tmp_path, AUTHORITY.deviation_list(deviation))
    assert (kind, content["country"]) == ("DeviationList", "UT")
    assert content["deviations"] == [
        {
            "kind": "data-group-hash-wrong",
            "type": "2.23.136.1.1.7.2.2",
            "description": "hash of DG2",
            "parameters": "020102",
            "document_type": "ID",
            "issued_from": "2026-03-01",
            "issued_until": "2026-03-11",
            "document_numbers": ["X1"],
        }
    ]


def test_requests(tmp_path: Path) -> None:
    key = new_key()
    asked = CertificateRequest.build(AUTHORITY.csca.subject, key)
    kind, content = _content(tmp_path, asked.der)
    assert (kind, content["subject"]) == ("CertificateRequest", "CN=CSCA, O=Ministry, C=UT")
    public = CvEcKey(identifier_of(key.algorithm), key.key.public_key.point, key.key.public_key.domain)
    wanted = CvRequest.build(public, key, KeyReference("UTIS00001"), KeyReference("UTCVCA00001"))
    for request, by in ((wanted, None), (wanted.authenticated(key, KeyReference("UTIS00000")), "UTIS00000")):
        kind, content = _content(tmp_path, request.encode())
        assert (kind, content["holder_reference"]) == ("CvRequest", "UTIS00001")
        assert content["authenticated_by"] == by


def test_a_trust_bundle(tmp_path: Path) -> None:
    key = new_key()
    signer = AUTHORITY.list_signer(key, purpose=BUNDLE_SIGNING_KEY)
    made = bundle_of("Utopia", 7, NOW, {"anchors": (AUTHORITY.csca.der,)})
    kind, content = _content(tmp_path, build_trust_bundle(made, key, signer, (AUTHORITY.csca,), NOW))
    assert (kind, content["version"], content["anchors"]) == ("TrustBundle", 7, 1)


def test_certificates_and_revocation_lists_in_der_and_pem(tmp_path: Path) -> None:
    kind, certificate = _content(tmp_path, AUTHORITY.csca.der)
    assert (kind, certificate["is_ca"], certificate["state"]) == ("Certificate", True, "UTO")
    crl = AUTHORITY.crl().der
    assert _content(tmp_path, crl)[0] == "CRL"
    blocks = ((b"CERTIFICATE", AUTHORITY.csca.der), (b"X509 CRL", crl))
    pem = b"".join(
        b"-----BEGIN %s-----\n%s-----END %s-----\n" % (label, base64.encodebytes(data), label) for label, data in blocks
    )
    both = json.loads(_decode(tmp_path, pem, "--format", "json").stdout)
    assert [found["kind"] for found in both] == ["Certificate", "CRL"]


def test_card_verifiable_certificates_and_the_names_a_chip_trusts(tmp_path: Path) -> None:
    vectors = load("bsi_eac_cv_certificates")
    kind, cvca = _content(tmp_path, bytes.fromhex(vectors["cvca_cert"]))
    assert (kind, cvca["role"], cvca["link"]) == ("CvCertificate", "country verifying authority", False)
    assert cvca["authority_reference"] == cvca["holder_reference"] == "DECVCAAT00001"
    terminal = _content(tmp_path, bytes.fromhex(vectors["ta_cert"]))[1]
    assert (terminal["role"], terminal["terminal_type"]) == ("terminal", "authentication-terminal")
    file = EfCvca((KeyReference("UTCVCA00002"), KeyReference("UTCVCA00001"))).encode()
    assert _content(tmp_path, file) == ("EF.CVCA", {"trusted_references": ["UTCVCA00002", "UTCVCA00001"]})


@pytest.mark.parametrize("data", ["7f21", "7f2100", "7f217f4e00", "42", "4200", "420d44450000"])
def test_damaged_card_verifiable_data_is_bad_input(tmp_path: Path, data: str) -> None:
    assert _decode(tmp_path, bytes.fromhex(data)).exit_code == 9


def test_text_for_a_person_holds_no_harmful_characters(tmp_path: Path) -> None:
    nasty = "Eve\x1b[2J\u202e\u200b\r\n\x00" + "e\u0301" + "\u0301" * 50
    data = Dg11.of(primary_identifier=nasty, date_of_birth=PartialDate(1990, 1, 1)).encode()
    for options in ((), ("--format", "json")):
        shown = _decode(tmp_path, data, *options).stdout
        assert all(character.isprintable() or character == "\n" for character in shown)
        assert "Eve" in shown


@needs_specimen
@pytest.mark.parametrize("file", sorted(FOLDER.glob("EF_*.bin")), ids=lambda file: file.stem)
def test_every_file_of_the_published_specimen_is_shown(file: Path) -> None:
    result = CliRunner().invoke(main, ["decode", str(file)])
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("kind ")


@pytest.mark.parametrize(
    "data", [b"", b"\x00", b"0\x00", b"hello", b"\xff" * 100, b"\x89PNG\r\n\x1a\n", b"0\x03\x02\x01\x01"]
)
def test_what_is_not_known_is_bad_input(tmp_path: Path, data: bytes) -> None:
    assert _decode(tmp_path, data).exit_code == 9


FIXTURES = Path(__file__).parents[1] / "fixtures" / "odd_files"


def test_a_file_with_one_odd_date_shows_it_as_it_stands_and_everything_else(tmp_path: Path) -> None:
    odd = (FIXTURES / "dg11-date6.bin").read_bytes()
    assert _content(tmp_path, odd) == ("EF.DG11", {"date_of_birth": "220301"})
    full = Dg11.of(primary_identifier="ERIKSSON", personal_number="99", date_of_birth=PartialDate(1990, 1, 31))
    for was, becomes, shown in (
        (b"19900131", b"19901331", "19901331"),
        (b"19900131", b"31011990", "31011990"),
        (b"\x08" + b"19900131", b"\x08" + "né en 9".encode(), "né en 9"),
    ):
        kind, content = _content(tmp_path, full.encode().replace(was, becomes))
        assert (kind, content["date_of_birth"]) == ("EF.DG11", shown)
        assert (content["primary_identifier"], content["personal_number"]) == ("ERIKSSON", "99")


def test_document_details_with_an_odd_date_and_odd_persons_are_shown(tmp_path: Path) -> None:
    dg12 = Dg12.of(date_of_issue=PartialDate(2026, 1, 31), issuing_authority="Utopia", other_persons=["SOMEBODY"])
    data = dg12.encode().replace(b"20260131", b"2026-1-1")
    data = data.replace(tlv.encode(0x5F1A, b"SOMEBODY"), b"\x5f\x1a\x7f" + bytes(8))
    kind, content = _content(tmp_path, data)
    assert kind == "EF.DG12"
    assert (content["date_of_issue"], content["issuing_authority"]) == ("2026-1-1", "Utopia")
    assert content["other_persons"] == ["0201015f1a7f0000000000000000"]


def test_a_directory_is_shown_line_by_line(tmp_path: Path) -> None:
    values = (
        ("userCertificate;binary", AUTHORITY.signer().der),
        ("certificateRevocationList;binary", AUTHORITY.crl().der),
        ("pkdMasterListContent", AUTHORITY.master_list(AUTHORITY.csca)),
        ("pkdDeviationListContent", AUTHORITY.deviation_list()),
        ("userCertificate;binary", b"rubbish"),
    )
    lines = ["version: 1"]
    for attribute, data in values:
        lines += ["", "dn: cn=1", f"{attribute}:: {base64.b64encode(data).decode()}"]
    kind, content = _content(tmp_path, "\n".join(lines).encode())
    assert kind == "LDIF"
    assert [(entry["line"], entry["kind"]) for entry in content["listed"]] == [
        (4, "certificate"),
        (7, "crl"),
        (10, "master-list"),
        (13, "deviation-list"),
    ]
    assert {entry["country"] for entry in content["listed"]} == {"UT"}
    assert content["unreadable"] == [{"line": 16, "kind": "certificate", "reason": "tlv-truncated"}]
    assert (content["values"], content["master-list"]) == (5, 1)


def test_certificates_that_are_handed_out_together_are_shown(tmp_path: Path) -> None:
    kind, content = _content(tmp_path, (FIXTURES / "certs-only.p7b").read_bytes())
    assert (kind, content["certificates"], content["unreadable"]) == ("Certificates", 1, [])
    assert content["listed"][0]["country"] == "UT"


PICTURE = b"\xff\xd8\xff..."
FACE_REPRESENTATION = der.sequence(
    tlv.encode(0x80, b"\x01"), tlv.encode(0xA1, tlv.encode(0xA0, tlv.encode(0xA0, tlv.encode(0x80, PICTURE))))
)
RECORDS = (
    ("face record, ISO/IEC 19794-5", Dg2.of_portrait(PICTURE, 1, 1)),
    ("finger record, ISO/IEC 19794-4", Dg3.of_fingers(FingerView(PICTURE, 1, 1, Finger.LEFT_INDEX))),
    ("iris record, ISO/IEC 19794-6", Dg4.of_irises((Eye.LEFT, PICTURE), width=1, height=1)),
)
BLOCKS = {
    **{name: file.templates[0].data.encode() for name, file in RECORDS},
    "face block, ISO/IEC 39794-5": tlv.encode(0x65, VERSION, tlv.encode(0xA1, FACE_REPRESENTATION)),
    "finger block, ISO/IEC 39794-4": finger_block(PICTURE),
    "iris block, ISO/IEC 39794-6": iris_block(PICTURE),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_a_record_or_block_outside_a_file_is_called_what_it_is(tmp_path: Path, name: str) -> None:
    bare = BLOCKS[name]
    block = "block" in name
    wrapped = tlv.encode(0x7F2E, tlv.encode(0xA1, bare)) if block else tlv.encode(0x5F2E, bare)
    for data in (bare, wrapped, *([tlv.encode(0x7F2E, bare)] if block else [])):
        kind, content = _content(tmp_path, data)
        assert (kind, len(content["images"])) == (name, 1)
    assert _decode(tmp_path, bare[: len(bare) // 2]).exit_code == 9


def test_a_data_object_of_something_else_is_refused(tmp_path: Path) -> None:
    for data in (tlv.encode(0x5F2E, b"something"), tlv.encode(0x7F2E, b""), b"\x5f\x2e\x82\x00\x04" * 3):
        assert _decode(tmp_path, data).exit_code == 9


def test_what_is_decoded_is_told_in_the_language_of_the_person(tmp_path: Path) -> None:
    """Days, the state that issues, fingers and rights; JSON stays as it is."""
    made = make("fingerprints", {"at": datetime(2026, 11, 3, tzinfo=UTC), "seed": "decode"})
    files = made.memory.part(EmrtdMemory).files
    shown = {
        "dg1": (files[ElementaryFile.DG1].content, "12/08/1974"),
        "dg3": (files[ElementaryFile.DG3].content, "ngón trỏ phải"),
        "csca": (made.trust.anchors[0].der, "quốc gia (mã MRZ)"),
        "cv": (made.terminals[0].certificate.encode(), "đọc DG3 (vân tay), đọc DG4 (mống mắt)"),
    }
    for name, (content, told) in shown.items():
        (tmp_path / name).write_bytes(content)
        words = ["decode", str(tmp_path / name)]
        text = CliRunner().invoke(main, ["--lang", "vi", *words]).stdout
        assert told in text
        in_english, in_vietnamese = (
            CliRunner().invoke(main, ["--lang", language, *words, "--format", "json"]).stdout
            for language in ("en", "vi")
        )
        assert in_english == in_vietnamese
    assert "03/11/2026" in text and "2026-11-03" not in text  # from when to when
