"""After issuing, stopping and inspecting: no key, CAN or MRZ stands in clear where it does not belong."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from eid_toolkit.books.keys.opening import DEVELOPER_CARD_KEY
from eid_toolkit.books.register.documents.documents import Document
from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.errors import NoCardError
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.dg1 import Dg1
from eid_toolkit.work.personalization.drivers.card_keys import CardKeys
from support.homes import UTOPIAN, VIETNAMESE, WorkingOffice
from support.silent_clerk import CutLine


def secrets_of(office: WorkingOffice, document: Document) -> dict[str, bytes]:
    """What opens or is the chip, before the register destroys it."""
    package = office.register.documents.load_package(document.id)
    assert package.chip_authentication_key is not None
    assert package.active_authentication_key is not None
    lines = Dg1.parse(package.files[ElementaryFile.DG1]).mrz.lines
    return {
        "CAN": package.can.reveal(),
        "MRZ information": package.mrz_information.reveal(),
        # Whole, since the register has state, number and day of issue side by side, which can look like its beginning.
        "MRZ line 1": lines[0].encode(),
        **{f"MRZ line {number}": line.rstrip("<").encode() for number, line in enumerate(lines[1:], 2)},
        "Chip Authentication key": package.chip_authentication_key.reveal(),
        "Active Authentication key": package.active_authentication_key.reveal(),
        "portrait": package.files[ElementaryFile.DG2][200:232],
    }


def chip_keys_of(office: WorkingOffice, card: str) -> dict[str, bytes]:
    keys = CardKeys.of(office.keys, office.register.stock)
    own = keys.of_chip(office.cards.load(card).chip_identity)
    named = {"ENC": own.enc, "MAC": own.mac, "DEK": own.dek, "card-master": office.keys.symmetric("card-master")}
    return {f"{name} of {card}": key.reveal() for name, key in named.items()}


def forms(secret: bytes) -> Iterator[re.Pattern[bytes]]:
    """The secret as it is, in hexadecimal and in Base64; digits only where they stand alone."""
    if secret.isdigit():
        yield re.compile(rb"(?<![0-9A-Fa-f.])" + secret + rb"(?![0-9A-Fa-f])")
    else:
        yield re.compile(re.escape(secret))
    yield re.compile(secret.hex().encode(), re.IGNORECASE)
    if len(secret) >= 16:  # any of the three alignments
        for shift in range(3):
            yield re.compile(re.escape(base64.b64encode(secret[shift:])[4:-8]))


def found_in(folder: Path, secrets: dict[str, bytes]) -> list[str]:
    contents = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    assert len(contents) > 20
    return [
        f"{name} in {path.relative_to(folder)}"
        for name, secret in secrets.items()
        for path, content in contents.items()
        if any(form.search(content) for form in forms(secret))
    ]


def test_nothing_secret_is_left_in_clear(office: WorkingOffice, tmp_path: Path) -> None:
    first, second = office.document(UTOPIAN), office.document(VIETNAMESE, "vn-cccd")
    secrets = {f"{name} of {document.id}": value for document in (first, second)
               for name, value in secrets_of(office, document).items()}  # fmt: skip
    office.blank("one")
    office.blank("two")
    shown = [
        run(
            office,
            tmp_path,
            "card",
            "personalize",
            "--without-print-check",
            first.id,
            "--reader",
            "emulator:one",
            "--yes",
        )
    ]
    with pytest.raises(NoCardError):
        office.personalize(second, "two", line=lambda inner: CutLine(inner, 30, after=True))
    for document, card in ((first, "one"), (second, "two")):
        can = secrets[f"CAN of {document.id}"].decode()
        shown.append(run(office, tmp_path, "verify", "--reader", f"emulator:{card}", "--can", can))
    shown.append(run(office, tmp_path, "verify", "--reader", "emulator:one", "--can", "000000"))
    shown.append(
        run(
            office,
            tmp_path,
            "card",
            "personalize",
            "--without-print-check",
            second.id,
            "--reader",
            "emulator:one",
            "--yes",
        )
    )
    secrets |= chip_keys_of(office, "one") | chip_keys_of(office, "two")
    (tmp_path / "home" / "what-was-shown").write_text("\n".join(shown))
    assert found_in(tmp_path / "home", secrets | {"transport": DEVELOPER_CARD_KEY.reveal()}) == []


def run(office: WorkingOffice, folder: Path, *arguments: str) -> str:
    """One command, traced into the home; what it printed."""
    home = office.home.root
    common = ["--home", str(home), "--operator", "clerk", "--trace", str(home / "trace")]
    result = CliRunner().invoke(main, [*common, *arguments])
    assert result.exit_code in (0, 3, 4, 6, 7, 10), result.output
    return result.output


def test_the_search_itself_finds_what_is_there(tmp_path: Path) -> None:
    key = bytes(range(32))
    for number in range(21):
        (tmp_path / str(number)).write_bytes(b"x")
    (tmp_path / "raw").write_bytes(b"abc" + key)
    (tmp_path / "hex").write_text(f"key: {key.hex().upper()}")
    (tmp_path / "base64").write_bytes(base64.b64encode(b"ab" + key + b"c"))
    (tmp_path / "can").write_text("CAN 123456.")
    places = found_in(tmp_path, {"key": key, "can": b"123456"})
    assert places == ["key in base64", "key in hex", "key in raw", "can in can"]
