"""Files of an eMRTD parsed, and EF.COM and EF.SOD made for data groups that somebody has (ICAO Doc 9303-10)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, overload

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.iso7816.files import MAX_EF_SIZE, ElementaryFile

if TYPE_CHECKING:
    from eid_toolkit.api import files
    from eid_toolkit.ground.ports import Signer


class Encodable(Protocol):
    """A data group that was built, such as ``files.Dg1``."""

    def encode(self) -> bytes:
        """The whole file."""
        ...


@overload
def parse_file(data: bytes, name: Literal["EF.CardAccess"]) -> files.CardAccess: ...
@overload
def parse_file(data: bytes, name: Literal["EF.CardSecurity"]) -> files.CardSecurity: ...
@overload
def parse_file(data: bytes, name: Literal["EF.COM"]) -> files.Com: ...
@overload
def parse_file(data: bytes, name: Literal["EF.SOD"]) -> files.Sod: ...
@overload
def parse_file(data: bytes, name: Literal["EF.DIR"]) -> files.EfDir: ...
@overload
def parse_file(data: bytes, name: Literal["EF.ATR/INFO"]) -> files.AtrInfo: ...
@overload
def parse_file(data: bytes, name: Literal["EF.DG1"]) -> files.Dg1: ...
@overload
def parse_file(data: bytes, name: Literal["EF.DG2"]) -> files.Dg2: ...
@overload
def parse_file(data: bytes, name: Literal["EF.DG3"]) -> files.Dg3: ...
@overload
def parse_file(data: bytes, name: Literal["EF.DG4"]) -> files.Dg4: ...
@overload
def parse_file(data: bytes, name: Literal["EF.DG11"]) -> files.Dg11: ...
@overload
def parse_file(data: bytes, name: Literal["EF.DG12"]) -> files.Dg12: ...
@overload
def parse_file(data: bytes, name: Literal["EF.DG13"]) -> files.Dg13: ...
@overload
def parse_file(data: bytes, name: Literal["EF.DG14"]) -> files.Dg14: ...
@overload
def parse_file(data: bytes, name: Literal["EF.DG15"]) -> files.Dg15: ...
@overload
def parse_file(data: bytes, name: str | None = None) -> Any: ...
def parse_file(data: bytes, name: str | None = None) -> Any:
    """The content of a whole file of an eMRTD: a ``Dg1``, ``Dg2``, ``Sod`` ... of ``files``.

    ``name`` is ``EF.DG1``, by which type checkers know the class, ``DG1`` or ``EF_DG1.bin``; without it the file is
    told by its tags, which only EF.CardSecurity has not. Raises :class:`BadInput` if the bytes are no such file, or no
    file that is known.
    """
    from eid_toolkit.standards.lds.registry import parse_file as parse
    from eid_toolkit.standards.lds.registry import recognise

    file = recognise(data) if name is None else _file_called(name)
    if file is None:
        raise BadInput("decode-unknown")
    return parse(file, data)


def sign_records(
    data_groups: Mapping[int, bytes | Encodable],
    signer: Signer | Any,
    certificate: bytes | Any,
    *,
    digest: str | None = None,
    signing_time: datetime | None = None,
) -> dict[str, bytes]:
    """EF.COM and EF.SOD for these data groups, by their numbers; all files by name, as they go onto a chip.

    ``signer`` is the document signer's key: a private key of the package ``cryptography``, or any object with
    ``algorithm`` (``family``: ``ecdsa``, ``rsa-pss`` or ``rsa-pkcs1``; ``digest``; ``salt_length`` in bytes for PSS),
    ``public_key`` (SubjectPublicKeyInfo in DER) and ``sign(bytes) -> bytes``, as for an HSM.
    ``certificate`` is in DER or PEM, or an object of ``cryptography``. ``digest`` is that of the data groups; that of
    the signature if it is not given.

    Raises :class:`BadInput` for a data group that is none or does not fit on a card, and where ``signer`` is not the
    key of the certificate.
    """
    from eid_toolkit.books.keys.foreign import der_of, signer_of
    from eid_toolkit.standards.lds.com import Com
    from eid_toolkit.standards.lds.sod import Sod, build_sod

    groups = {number: _content(number, data_group) for number, data_group in sorted(data_groups.items())}
    key, now = signer_of(signer), signing_time or datetime.now(UTC).replace(microsecond=0)
    sod = build_sod(groups, digest or key.algorithm.digest, key, der_of(certificate), now)
    if not Sod.parse(sod).is_signed():
        raise BadInput("sod-key-of-another-certificate")
    named = {ElementaryFile.of_data_group(number).label: content for number, content in groups.items()}
    signed = {ElementaryFile.COM.label: Com.of_data_groups(groups).encode(), ElementaryFile.SOD.label: sod, **named}
    for label, content in signed.items():
        if len(content) > MAX_EF_SIZE:
            raise BadInput("file-too-large", file=label, length=len(content), limit=MAX_EF_SIZE)
    return signed


def _content(number: int, data_group: bytes | Encodable) -> bytes:
    from eid_toolkit.standards.lds.registry import recognise

    content = data_group if isinstance(data_group, bytes) else data_group.encode()
    file = recognise(content)
    if file is None or file.data_group != number:
        raise BadInput("data-group-of-another-number", data_group=number)
    return content


def _file_called(name: str) -> ElementaryFile:
    letters = _letters(name)
    for file in ElementaryFile:
        label = _letters(file.label)
        if letters in (label, label.removeprefix("EF"), f"{label}BIN"):
            return file
    raise BadInput("file-name-unknown", name=name)


def _letters(name: str) -> str:
    return re.sub("[^A-Z0-9]", "", name.upper())
