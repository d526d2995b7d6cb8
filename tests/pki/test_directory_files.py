"""LDIF and deviation lists: what is read of them, and where reading stops."""

from __future__ import annotations

import base64
from contextlib import suppress
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.asn1.oids import DEVIATION_LIST
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.pki import ldif
from eid_toolkit.standards.pki.cms import build_signed_data
from eid_toolkit.standards.pki.deviation_list import KINDS, Concerned, Deviation, DeviationList
from eid_toolkit.standards.pki.ldif import Kind, LdifValue, looks_like_ldif, read_ldif
from support.authorities import Authority, new_key

UTOPIA = Authority()
SIGNER = UTOPIA.signer()


def read(text: str) -> list[LdifValue]:
    return list(read_ldif(text.encode().splitlines(keepends=True)))


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("width", [1, 7, 76, 5000])
def test_folded_values_are_put_together(newline: str, width: int) -> None:
    data = bytes(range(256)) * 3
    text = f"userCertificate;binary:: {base64.b64encode(data).decode()}"
    folded = [text[:40], *(f" {text[at : at + width]}" for at in range(40, len(text), width))]
    (found,) = read(newline.join(["version: 1", "# note", "dn: cn=a", *folded, "cn: a", ""]))
    assert (found.kind, found.data, found.line) == (Kind.CERTIFICATE, data, 4)


def test_a_folded_comment_is_no_value() -> None:
    assert read("# a comment that goes on\n userCertificate:: AAAA\n") == []


def test_names_of_attributes_in_any_letter_case_and_with_options() -> None:
    found = read(
        "USERCERTIFICATE;binary;x:: AA==\npkdMasterListContent:: AQ==\nCertificateRevocationList:: Ag==\nsn:: Aw==\n"
    )
    assert [(each.kind, each.data) for each in found] == [
        (Kind.CERTIFICATE, b"\x00"),
        (Kind.MASTER_LIST, b"\x01"),
        (Kind.CRL, b"\x02"),
    ]


def test_a_value_that_is_not_base64_comes_as_it_stands() -> None:
    assert [each.data for each in read("userCertificate:: !!!\nuserCertificate: plain\n")] == [b": !!!", b"plain"]


def test_what_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="ldif-value-too-large"):
        list(read_ldif([b"userCertificate:: " + bytes(2 << 20)]))
    with pytest.raises(BadInput, match="ldif-value-too-large"):
        list(read_ldif([b"userCertificate:: "] + [b" " + b"A" * 100_000] * 300))
    monkeypatch.setattr(ldif, "_MAX_VALUES", 2)
    with pytest.raises(BadInput, match="ldif-too-long"):
        read("userCertificate:: AA==\n" * 3)


@pytest.mark.parametrize(
    ("head", "expected"),
    [(b"version: 1\n", True), (b"# x\n\ndn: c=UT\n", True), (b"\x30\x82", False), (b"-----BEGIN", False), (b"", False)],
)
def test_a_directory_file_is_told_by_its_first_line(head: bytes, expected: bool) -> None:
    assert looks_like_ldif(head) is expected


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_by_name(data: bytes) -> None:
    with suppress(BadInput):
        list(read_ldif(data.splitlines(keepends=True)))


NAMED = Concerned(
    document_type="ID",
    issued_from=date(2026, 1, 1),
    issued_until=date(2026, 6, 30),
    document_numbers=frozenset({"X1", "X2"}),
)


@pytest.mark.parametrize(
    ("code", "number", "issued", "expected"),
    [
        ("ID", "X1", date(2026, 3, 1), True),
        ("P<", "X1", date(2026, 3, 1), False),
        ("ID", "X3", date(2026, 3, 1), False),
        ("ID", "X1", date(2025, 12, 31), False),
        ("ID", "X1", date(2026, 7, 1), False),
        ("", "", None, True),  # what could not be read excludes nothing
        ("ID", "X2<<<", None, True),
    ],
)
def test_a_deviation_names_the_documents_that_it_is_about(
    code: str, number: str, issued: date | None, expected: bool
) -> None:
    assert NAMED.names(SIGNER, None, code, number, issued) is expected


def test_a_deviation_names_a_signer_in_three_ways() -> None:
    from eid_toolkit.standards.crypto.digests import digest

    other = UTOPIA.signer()
    ways = (
        Concerned(issuer=SIGNER.issuer, serial=SIGNER.serial),
        Concerned(key_identifier=SIGNER.extensions.subject_key_identifier),
        Concerned(certificate_digest=digest("sha256", SIGNER.der)),
    )
    for concerned in ways:
        assert concerned.names(SIGNER, "sha256", "ID", "X1", None)
        assert not concerned.names(other, "sha256", "ID", "X1", None)


def test_what_is_written_is_read() -> None:
    ways = (NAMED, Concerned(), Concerned(key_identifier=bytes(20)), Concerned(certificate_digest=bytes(32)))
    deviations = tuple(
        Deviation(way, f"{DEVIATION_LIST}.{kind}", None, None) for way, kind in zip(ways, KINDS, strict=False)
    )
    found = DeviationList.parse(UTOPIA.deviation_list(*deviations))
    assert set(found.deviations) == set(deviations)
    assert {each.kind for each in found.deviations} <= set(KINDS.values())
    assert replace(found.deviations[0], oid="1.2.3").kind == "1.2.3"


def listed(content: bytes, oid: str = DEVIATION_LIST) -> bytes:
    key = new_key()
    return build_signed_data(content, oid, key, UTOPIA.signer(key).der, "sha256")


EMPTY = der.set_of([])


@pytest.mark.parametrize(
    ("tag", "written", "text"),
    [
        (0x13, b"wrong", "wrong"),
        (0x0C, "fälsch".encode(), "fälsch"),
        (0x0C, b"f\xe4lsch", "f\ufffdlsch"),  # no UTF-8
        (0x14, b"wrong", "wrong"),
        (0x1E, "wrong".encode("utf-16-be"), "wrong"),
        (0x1B, b"wrong", "wrong"),
    ],
)
def test_a_text_of_another_type_spoils_no_list(tag: int, written: bytes, text: str) -> None:
    documents = der.sequence(tlv.encode(0xA5, tlv.encode(tag, written)))
    description = der.sequence(tlv.encode(tag, written), der.object_identifier(f"{DEVIATION_LIST}.2.1"))
    content = der.sequence(der.integer(0), der.set_of([der.sequence(documents, der.set_of([description]))]))
    (deviation,) = DeviationList.parse(listed(content)).deviations
    assert (deviation.text, deviation.concerned.document_numbers) == (text, frozenset({text}))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (lambda: listed(der.sequence(der.integer(1), EMPTY)), "deviation-list-version"),
        (lambda: listed(der.sequence(der.integer(0))), "deviation-list-malformed"),
        (lambda: listed(der.sequence(der.integer(0), EMPTY), "1.2.3"), "deviation-list-wrong-content"),
        (lambda: bytes(5 << 20), "deviation-list-too-large"),
        (lambda: listed(der.sequence(der.integer(0), tlv.encode(der.SET, der.sequence()))), "deviation-list-malformed"),
        (lambda: listed(der.sequence(der.integer(0), many(2001))), "deviation-list-too-long"),
        (lambda: b"\x30\x00", "cms-malformed"),
    ],
)
def test_what_is_no_deviation_list_is_refused(data, reason: str) -> None:
    with pytest.raises(BadInput) as caught:
        DeviationList.parse(data())
    assert caught.value.code == reason


def many(count: int) -> bytes:
    """One deviation with that many descriptions."""
    description = der.sequence(der.object_identifier(f"{DEVIATION_LIST}.5"))
    return tlv.encode(der.SET, der.sequence(der.sequence(), tlv.encode(der.SET, description * count)))
