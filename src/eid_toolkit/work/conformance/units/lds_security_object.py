"""EF.COM and EF.SOD: what the chip says that it holds, and what the issuer signed (ICAO Doc 9303-10 4.6)."""

from __future__ import annotations

from collections.abc import Iterator

from eid_toolkit.cards.terminal.file_reader import ReadStatus
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.com import Com
from eid_toolkit.standards.lds.sod import Sod
from eid_toolkit.standards.pki.cms import find_signer
from eid_toolkit.work.conformance.case import Cases, Unit
from eid_toolkit.work.conformance.coding import has, is_shortest, parsed, read
from eid_toolkit.work.conformance.probe import Probe

case = Cases(Unit.LDS, "The chip was read.")

_COM, _SOD = ElementaryFile.COM, ElementaryFile.SOD
_VERSIONS = {"0107": 0, "0108": 1}
"""LDS versions, with the version of EF.SOD that goes with each."""
_UNICODE_SIZE = 6
_MANDATORY = {1, 2}
_TAGS = {file.tag for file in ElementaryFile if file.data_group is not None}
_CMS_VERSION = 3


@case(
    11,
    "9303-10 4.6.1",
    "EF.COM has its three objects in order, with minimal length encoding.",
    steps="The bytes of EF.COM.",
    expected="60 with 5F01, 5F36 and 5C.",
    condition=has(_COM),
)
def com_coding(probe: Probe) -> None:
    read(probe, _COM, Com.parse)
    probe.require(is_shortest(probe.facts.files[_COM]), "a length in EF.COM is longer than it need be")


@case(
    12,
    "9303-10 4.6.1",
    "EF.COM names existing versions.",
    steps="Objects 5F01 and 5F36 of EF.COM.",
    expected="LDS version 0107 or 0108, Unicode version in six digits.",
    condition=has(_COM),
)
def com_versions(probe: Probe) -> None:
    com = read(probe, _COM, Com.parse)
    probe.require(com.lds_version in _VERSIONS, f"the LDS version is {com.lds_version}")
    probe.require(len(com.unicode_version) == _UNICODE_SIZE, f"the Unicode version is {com.unicode_version}")


@case(
    13,
    "9303-10 4.6.1",
    "EF.COM lists tags of data groups, each once.",
    steps="Object 5C of EF.COM.",
    expected="Only tags of DG1 to DG16, none twice.",
    condition=has(_COM),
)
def com_tags(probe: Probe) -> None:
    tags = read(probe, _COM, Com.parse).tags
    unknown = [f"{tag:02X}" for tag in tags if tag not in _TAGS]
    probe.require(not unknown, f"EF.COM lists {', '.join(unknown)}")
    probe.require(len(set(tags)) == len(tags), "EF.COM lists a data group twice")


@case(
    14,
    "9303-10 4.6.1",
    "EF.COM lists DG1 and DG2.",
    steps="Object 5C of EF.COM.",
    expected="61 and 75 among the tags.",
    condition=has(_COM),
)
def com_mandatory(probe: Probe) -> None:
    missing = _MANDATORY - set(read(probe, _COM, Com.parse).data_groups)
    probe.require(not missing, f"EF.COM does not list DG{min(missing, default=0)}")


@case(
    15,
    "9303-10 4.6.2",
    "EF.COM and EF.SOD list the same data groups.",
    steps="Object 5C of EF.COM, the numbers in the LDSSecurityObject.",
    expected="The same data groups in both.",
    condition=has(_COM, _SOD),
)
def same_data_groups(probe: Probe) -> None:
    listed = set(read(probe, _COM, Com.parse).data_groups)
    signed = set(read(probe, _SOD, Sod.parse).hashes)
    for number in sorted(listed ^ signed):
        probe.require(False, f"DG{number} stands in {'EF.COM' if number in listed else 'EF.SOD'} alone")


@case(
    16,
    "9303-10 4.6.2",
    "The LDS version in EF.COM matches the version of EF.SOD.",
    steps="Object 5F01 of EF.COM, the version of the LDSSecurityObject.",
    expected="0107 with version 0, 0108 with version 1.",
    condition=has(_COM, _SOD),
)
def versions_agree(probe: Probe) -> None:
    named, version = read(probe, _COM, Com.parse).lds_version, read(probe, _SOD, Sod.parse).version
    probe.require(_VERSIONS.get(named, version) == version, f"LDS version {named} with version {version} of EF.SOD")


@case(
    17,
    "9303-10 4.6.2",
    "The versions that EF.SOD signs are those of EF.COM.",
    steps="Objects 5F01 and 5F36 of EF.COM, ldsVersionInfo of the LDSSecurityObject.",
    expected="The same versions in both; none in version 0 of EF.SOD.",
    condition=has(_COM, _SOD),
)
def signed_versions(probe: Probe) -> None:
    com, signed = read(probe, _COM, Com.parse), read(probe, _SOD, Sod.parse).security_object
    probe.require(signed.lds_version is not None or not signed.version, "EF.SOD of version 1 has no ldsVersionInfo")
    if signed.lds_version is not None:
        same = (com.lds_version, com.unicode_version) == (signed.lds_version, signed.unicode_version)
        probe.require(same, f"EF.SOD signs LDS version {signed.lds_version}, Unicode version {signed.unicode_version}")


@case(
    18,
    "9303-10 4.6",
    "Every listed data group is present.",
    steps="READ BINARY of each data group that EF.COM or EF.SOD lists.",
    expected="Its bytes, or a refusal for want of rights.",
)
def listed_are_there(probe: Probe) -> None:
    there = (ReadStatus.READ, ReadStatus.PROTECTED)
    for file, status in probe.facts.statuses.items():
        probe.require(status in there, f"{file.label} is listed, but reading it ended with: {status.value}")


def _signed_data(content: bytes) -> tuple[Tlv, ...]:
    """The parts of SignedData."""
    _, content_info = tlv.parse(tlv.parse(content, _SOD.tag).value, der.SEQUENCE).children()
    return tlv.parse(content_info.value, der.SEQUENCE).children()


@case(
    19,
    "9303-10 4.6.2",
    "EF.SOD is CMS SignedData in version 3 over an LDSSecurityObject.",
    steps="The bytes of EF.SOD.",
    expected="77 with SignedData of version 3; content 2.23.136.1.1.1.",
    condition=has(_SOD),
)
def signed_data_version(probe: Probe) -> None:
    sod = read(probe, _SOD, Sod.parse)
    probe.require(sod.names_its_content, f"the content has the type {sod.signed_data.content_type}")
    version = der.read_integer(read(probe, _SOD, _signed_data)[0])
    probe.require(version == _CMS_VERSION, f"SignedData has version {version}")


@case(
    20,
    "9303-10 4.6.2",
    "EF.SOD encloses the document signer's certificate.",
    steps="The certificates and the signer's name in EF.SOD.",
    expected="The certificate that the signer info names.",
    condition=has(_SOD),
)
def enclosed_certificate(probe: Probe) -> None:
    signer = find_signer(read(probe, _SOD, Sod.parse).signed_data)
    probe.require(signer is not None and signer.named, "no certificate that the signer info names")


@case(
    21,
    "9303-11 5.1.1",
    "The signature on EF.SOD is valid.",
    steps="The signature, and the key of the enclosed certificate.",
    expected="A good signature over attributes that hold the content's type and digest.",
    condition=has(_SOD),
)
def sod_signature(probe: Probe) -> None:
    probe.require(read(probe, _SOD, lambda content: Sod.parse(content).is_signed()), "the signature is wrong")


@case(
    22,
    "9303-11 5.1.1",
    "Every data group read has the signed hash.",
    steps="The digest over each data group.",
    expected="The value in the LDSSecurityObject.",
    condition=has(_SOD),
)
def hashes(probe: Probe) -> None:
    sod = read(probe, _SOD, Sod.parse)
    for file, content in probe.facts.files.items():
        if file.data_group is not None and file.data_group in sod.hashes:
            probe.require(sod.covers(file.data_group, content), f"{file.label} has another hash than EF.SOD says")


@case(
    23,
    "9303-10 4.6.2",
    "Digest algorithms have no parameters.",
    steps="The digest algorithms in SignedData, in the signer infos and in the LDSSecurityObject.",
    expected="An identifier alone in each.",
    condition=has(_SOD),
)
def digest_parameters(probe: Probe) -> None:
    for algorithm in parsed(probe.facts.files[_SOD], "EF.SOD", lambda content: list(_digest_algorithms(content))):
        oid, *parameters = der.read_sequence(algorithm)
        probe.require(not parameters, f"{der.read_object_identifier(oid)} has parameters")


def _digest_algorithms(content: bytes) -> Iterator[Tlv]:
    parts = _signed_data(content)
    yield from tlv.parse_all(der.expect(parts[1], der.SET))
    for signer in tlv.parse_all(der.expect(parts[-1], der.SET)):
        yield der.read_sequence(signer)[2]
    security_object = Sod.parse(content).signed_data.content
    yield tlv.parse(security_object, der.SEQUENCE).children()[1]
