"""What certificates and revocation lists have in common: names, times, numbers, and the rules of DER (9303-12 7.1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.crypto.signatures import algorithms_agree
from eid_toolkit.standards.pki.countries import is_two_letters
from eid_toolkit.standards.pki.lint.finding import Finding, error, warning
from eid_toolkit.standards.pki.names import COMMON_NAME, COUNTRY, SERIAL_NUMBER, DistinguishedName
from eid_toolkit.standards.pki.times import GENERALIZED_TIME, UTC_TIME

_FIRST_GENERALIZED_YEAR = 2050
_MAX_NUMBER = 20
_TEXT_TAGS = frozenset({der.UTF8_STRING, der.PRINTABLE_STRING})
_FULL_TIME = {UTC_TIME: 13, GENERALIZED_TIME: 15}
"""Characters with seconds and Z."""


def name_findings(encoded: bytes, which: str, section: str) -> Iterator[Finding]:
    """A name has a country in upper case, and its text is in strings that everybody reads."""
    name = DistinguishedName.read(tlv.parse(encoded))
    country = name.value(COUNTRY)
    if country is None:
        yield error("lint-name-without-country", "7.1.1.1", which=which)
    elif country != country.upper():
        yield error("lint-country-lower-case", section, which=which, country=country)
    elif not is_two_letters(country):
        yield error("lint-country-unknown", "7.1.1.1", which=which, country=country)
    if name.value(COMMON_NAME) is None:
        yield error("lint-name-without-common-name", "7.1.1.1", which=which)
    for oid, tag, text in _attributes(encoded):
        if oid in (COUNTRY, SERIAL_NUMBER) and tag != der.PRINTABLE_STRING:
            yield error("lint-name-not-printable-string", section, which=which, attribute=oid)
        elif tag not in _TEXT_TAGS:
            yield error("lint-name-string-type", section, which=which, attribute=oid)
        if text != text.strip():
            yield warning("lint-name-blanks", "RFC 5280 7.1", which=which, attribute=oid)


def _attributes(encoded: bytes) -> Iterator[tuple[str, int, str]]:
    for step in der.read_sequence(tlv.parse(encoded)):
        for part in step.children():
            oid, value = der.read_sequence(part)
            yield der.read_object_identifier(oid), value.tag, value.value.decode("latin-1")


def time_findings(item: Tlv, time: datetime, which: str, section: str) -> Iterator[Finding]:
    """UTCTime to 2049 and GeneralizedTime from 2050 on, with seconds, without a fraction, in Z."""
    expected_tag = UTC_TIME if time.year < _FIRST_GENERALIZED_YEAR else GENERALIZED_TIME
    if item.tag != expected_tag:
        yield error("lint-time-kind", section, which=which)
    elif len(item.value) != _FULL_TIME[expected_tag]:
        yield error("lint-time-form", section, which=which)


def algorithm_findings(outer: bytes, inner: bytes, section: str) -> Iterator[Finding]:
    """The signature algorithm stands there twice: the same, byte for byte."""
    if outer == inner:
        return
    if algorithms_agree(outer, inner):
        yield warning("lint-signature-algorithms-written-differently", section)
    else:
        yield error("lint-signature-algorithms-differ", section)


def number_findings(item: Tlv, which: str, section: str) -> Iterator[Finding]:
    """A positive number of at most 20 bytes, in the fewest."""
    number = der.read_integer(item)
    if number < 0:
        yield error("lint-number-negative", section, which=which)
    elif number == 0 and which == "serialNumber":
        yield error("lint-number-zero", section, which=which)
    if len(item.value) > _MAX_NUMBER:
        yield error("lint-number-long", section, which=which, length=len(item.value))
    if tlv.encode(der.INTEGER, item.value) != der.integer(number):
        yield error("lint-number-padded", section, which=which)


def der_findings(data: bytes) -> Iterator[Finding]:
    """The whole is DER: what is parsed and written again is the same (X.690 10)."""
    try:
        same = _again(tlv.parse(data)) == data
    except BadInput:
        same = False
    if not same:
        yield warning("lint-not-der", "X.690 10")


def _again(item: Tlv, depth: int = 0) -> bytes:
    """The object encoded anew, to its innermost; deep nesting is none of a certificate."""
    if not item.constructed or depth > 30:
        return item.encode()
    return tlv.encode(item.tag, *(_again(child, depth + 1) for child in item.children()))
