"""Cards out of specs at the command line: made, described, and what an inspector needs written to files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eid_toolkit.doors.cli.output import details, sentence, short
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.ground.home.named_files import write_file

if TYPE_CHECKING:
    from eid_toolkit.work.cardspec import CardSpec, SpecimenCard

SCHEMA = "eid-spec-card/1"
_TERMINAL_ROLES = ("cvca", "dv")


class SpecWord(click.Path):
    """The name of a shipped spec, or a file that is there."""

    name = "spec"

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from eid_toolkit.work.cardspec.shipped_specs import is_name

        return value if is_name(value) else super().convert(value, param, ctx)


def make(word: str) -> tuple[CardSpec, SpecimenCard]:
    """The spec of this name or in this file, and its card; raises :class:`BadInput` for what is none or makes none."""
    from eid_toolkit.work.cardspec import build, find_spec

    spec, folder = find_spec(word)
    return spec, build(spec, folder=folder)


def write_trust(card: SpecimenCard, folder: Path) -> list[Path]:
    """Writes what believes the card, and the key that may read its fingerprints; returns the files.

    ``csca.cer`` and ``csca.crl`` (DER, for ``eid trust import``; ``csca-2`` for a second authority). Where there is
    terminal authentication, ``cvca.cvcert``, ``dv.cvcert`` and ``terminal.cvcert`` (card-verifiable certificates), and
    ``terminal.pk8`` (PKCS#8 in DER, not encrypted).
    """
    from eid_toolkit.ground.home.atomic import private_directory

    private_directory(folder)
    written = []
    for name, data in _files(card):
        write_file(folder / name, data)
        written.append(folder / name)
    return written


def _files(card: SpecimenCard) -> Iterator[tuple[str, bytes]]:
    from eid_toolkit.books.keys.signers import EcSigner

    for number, (anchor, crl) in enumerate(zip(card.trust.anchors, card.trust.crls, strict=True), 1):
        name = "csca" if number == 1 else f"csca-{number}"
        yield f"{name}.cer", anchor.der
        yield f"{name}.crl", crl.der
    for terminal in card.terminals:
        for role, certificate in zip(_TERMINAL_ROLES, terminal.above, strict=True):
            yield f"{role}.cvcert", certificate.encode()
        yield "terminal.cvcert", terminal.certificate.encode()
        if isinstance(terminal.signer, EcSigner):
            yield "terminal.pk8", terminal.signer.key.pkcs8(None)


def describe(spec: CardSpec, card: SpecimenCard) -> dict[str, Any]:
    """What the spec makes, with stable keys."""
    from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory

    application = card.memory.part(EmrtdMemory)
    return {
        "schema": SCHEMA,
        "profile": None if spec.blank else spec.profile,
        "blank": spec.blank,
        "seed": spec.seed,
        "at": card.clock.now().isoformat(timespec="seconds"),
        "atr": card.card.atr.hex().upper(),
        "can": card.can,
        "mrz": None if card.mrz is None else list(card.mrz.lines),
        "access": [protocol.name.lower() for protocol in application.protocols if protocol.name],
        "files": {file.label: len(stored.content) for file, stored in application.files.items()},
        "csca": [anchor.fingerprint for anchor in card.trust.anchors],
        "terminals": [terminal.certificate.content.holder_reference.text for terminal in card.terminals],
        "forgery": _forgery(spec),
        "quirks": list(spec.quirks),
        "faults": [{"fault": fault.fault, "at": fault.at, "repeat": fault.repeat} for fault in spec.faults],
    }


def text(spec: CardSpec, card: SpecimenCard) -> str:
    """The same for a person."""
    data, speaker = describe(spec, card), presentation().speaker
    forgery = data["forgery"]
    if forgery is not None:
        checks = ", ".join(forgery["failed_checks"]) or forgery["refused"]
        title = speaker.value(forgery["title"])
        forgery = sentence("spec-card-forgery", name=forgery["name"], title=title, checks=checks)
    faults = [sentence("spec-card-fault", fault=fault.fault, at=fault.at) for fault in spec.faults]
    shown = [
        ("Card", speaker.value("blank") if spec.blank else data["profile"]),
        ("Seed", spec.seed or speaker.in_short("spec-card-without-seed")),
        ("Issued at", data["at"]),
        ("CAN", data["can"]),
        *((f"MRZ {number}", line) for number, line in enumerate(data["mrz"] or (), 1)),
        ("Opens by", ", ".join(data["access"]).upper() or None),
        ("Files", ", ".join(f"{label} ({size})" for label, size in data["files"].items())),
        ("CSCA", ", ".join(map(short, data["csca"])) or None),
        ("Terminals", ", ".join(data["terminals"]) or None),
        ("Forgery", forgery),
        ("Quirks", ", ".join(spec.quirks) or None),
        ("Faults", ", ".join(faults) or None),
    ]
    return details((label, value) for label, value in shown if value is not None)


def _forgery(spec: CardSpec) -> dict[str, Any] | None:
    from eid_toolkit.work.cardspec.forging import FORGERIES

    if spec.forgery is None:
        return None
    forgery = FORGERIES[spec.forgery]
    return {
        "name": forgery.name,
        "title": forgery.title,
        "failed_checks": sorted(forgery.failed_checks),
        "refused": forgery.refused,
    }
