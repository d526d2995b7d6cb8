"""The forgeries that a spec can name: what each forger has done, and what an inspection says to it.

The checks and reasons are those of a card of the profile ``utopia-id`` that is read with its CAN and judged by whoever
believes the genuine authority; cards with more or fewer protocols add or lack some.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from eid_toolkit.cards.emulator import forgeries
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.cards.transport.interface import Card
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.protocols.passwords import PasswordKind
from eid_toolkit.standards.protocols.personalization_data import AccessProtocols
from eid_toolkit.work.cardspec.authority import SpecimenAuthority
from eid_toolkit.work.cardspec.playing_back import played_back


@dataclass(frozen=True, slots=True, eq=False)
class Genuine:
    """A genuine card, and what a forger can get hold of besides."""

    memory: CardMemory
    entropy: Entropy
    other: Callable[[], CardMemory]
    """Another genuine card of the same authority, of somebody else."""
    issued_by: Callable[[bool], tuple[CardMemory, SpecimenAuthority]] | None = None
    """The same document from an authority that calls itself as the genuine one (False), or of another state (True)."""


@dataclass(frozen=True, slots=True, eq=False)
class Forged:
    """What a forger has made."""

    memory: CardMemory
    performs: Callable[[Card], Card] = lambda card: card
    """What answers in place of a chip with this memory."""
    believed: SpecimenAuthority | None = None
    """Another authority that inspectors believe besides."""


@dataclass(frozen=True, slots=True)
class Forgery:
    """One kind of forged card, and what detects it."""

    name: str
    title: str
    summary: str
    make: Callable[[Genuine], Forged] = field(repr=False)
    failed: Mapping[str, str] = field(default_factory=dict)
    """The checks that fail, and why."""
    refused: str | None = None
    """The code of the error with which opening the card ends, so that there is no verdict."""

    @property
    def failed_checks(self) -> frozenset[str]:
        """The ids of the checks that fail."""
        return frozenset(self.failed)


def forge(name: str, genuine: Genuine) -> Forged:
    """The forgery ``name`` of a genuine card.

    Raises :class:`BadInput` for an unknown name, and for a card that lacks what the forger would change.
    """
    if name not in FORGERIES:
        raise BadInput("forgery-unknown", name=name, known=", ".join(FORGERIES))
    return FORGERIES[name].make(genuine)


def _exchanged(file: ElementaryFile) -> Callable[[Genuine], Forged]:
    return lambda genuine: Forged(forgeries.with_file_of(genuine.memory, genuine.other(), file))


def _changed(change: Callable[[CardMemory], CardMemory]) -> Callable[[Genuine], Forged]:
    return lambda genuine: Forged(change(genuine.memory))


def _with_keys(change: Callable[[CardMemory, Entropy], CardMemory]) -> Callable[[Genuine], Forged]:
    return lambda genuine: Forged(change(genuine.memory, genuine.entropy))


def _by_other_authority(genuine: Genuine, foreign: bool) -> Forged:
    if genuine.issued_by is None:
        raise BadInput("forgery-not-possible", lacks="an authority")
    memory, authority = genuine.issued_by(foreign)
    return Forged(memory, believed=authority if foreign else None)


def _replayed(genuine: Genuine) -> Forged:
    application = genuine.memory.part(EmrtdMemory)
    kind = PasswordKind.CAN if application.protocols & AccessProtocols.PACE else PasswordKind.MRZ
    return Forged(genuine.memory, lambda card: played_back(card, application.passwords[kind], genuine.entropy))


_HASH, _UNSIGNED = "data-group-hash-wrong", {"chip.ca": "ca-key-unsigned", "chip.aa": "aa-key-unsigned"}
FORGERIES = {
    forgery.name: forgery
    for forgery in (
        Forgery(
            "clone",
            "clone without the chip's keys",
            "every file is copied, but not the private keys, which no reader can get",
            _with_keys(forgeries.clone_without_chip_keys),
            {"chip.ca": "ca-proof-wrong", "chip.aa": "aa-signature-wrong"},
        ),
        Forgery(
            "portrait",
            "changed portrait",
            "DG2 comes from another person's card",
            _exchanged(ElementaryFile.DG2),
            {"pa.data-group-hashes": _HASH},
        ),
        Forgery(
            "card-access",
            "weakened EF.CardAccess",
            "EF.CardAccess, which is not signed, offers weaker PACE than the signed DG14",
            _changed(forgeries.with_weakened_card_access),
            {"document.card-access": "card-access-altered"},
        ),
        Forgery(
            "stripped",
            "DG14 and DG15 removed",
            "a clone that hides what it cannot do: DG14 and DG15 are removed, and EF.COM is adapted",
            _changed(forgeries.without_chip_authentication_files),
            {
                "pa.data-group-hashes": "data-group-missing",
                "document.consistency": "com-differs-from-sod",
                "chip.ca": "chip-key-missing",
                "chip.aa": "chip-key-missing",
            },
        ),
        Forgery(
            "impostor",
            "card of an unknown authority",
            "everything is in order, but the authority only has the same name as the genuine one (if not all "
            "authorities of the state are known, the missing one is reported, and nothing is proved)",
            lambda genuine: _by_other_authority(genuine, foreign=False),
            {"pa.dsc-chain": "csca-mismatch"},
        ),
        Forgery(
            "foreign-signer",
            "signer of another country",
            "everything is in order, but signed by another state, whose authority is also trusted",
            lambda genuine: _by_other_authority(genuine, foreign=True),
            {"pa.dsc-chain": "signer-country"},
        ),
        Forgery(
            "exchanged",
            "data group of another card",
            "DG1 comes from another person's genuine card",
            _exchanged(ElementaryFile.DG1),
            {"pa.data-group-hashes": _HASH, "document.consistency": "dg11-differs-from-dg1"},
        ),
        Forgery(
            "other-sod",
            "security object of another card",
            "EF.SOD comes from another person's genuine card",
            _exchanged(ElementaryFile.SOD),
            {"pa.data-group-hashes": _HASH, **_UNSIGNED},
        ),
        Forgery(
            "hash-algorithm",
            "wrong algorithm for the hashes",
            "EF.SOD names a different algorithm from the one used for the data group hashes",
            _changed(forgeries.with_other_hash_algorithm),
            {"pa.sod-signature": "sod-signature-wrong", "pa.data-group-hashes": _HASH, **_UNSIGNED},
        ),
        Forgery(
            "signed-algorithm",
            "wrong algorithm for the signature",
            "EF.SOD's signer names a different algorithm from the one it signed with",
            _changed(forgeries.with_other_signed_algorithm),
            {"pa.sod-signature": "sod-signature-wrong"},
        ),
        Forgery(
            "own-key",
            "DG15 with the forger's key",
            "DG15 contains a key made by the forger, and the chip signs with it",
            _with_keys(forgeries.with_own_signing_key),
            {"pa.data-group-hashes": _HASH, "chip.aa": "aa-key-unsigned"},
        ),
        Forgery(
            "downgraded",
            "weaker PACEInfo",
            "EF.CardAccess and DG14 agree on weaker PACE, but DG14 is signed",
            _changed(forgeries.with_downgraded_pace),
            {"pa.data-group-hashes": _HASH, "chip.ca": "ca-key-unsigned"},
        ),
        Forgery(
            "replayed",
            "recorded session played back",
            "no chip at all, only the answers of a genuine one to another terminal",
            _replayed,
            refused="pace-card-token-wrong",
        ),
    )
}
"""By name."""
