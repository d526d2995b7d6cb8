"""The home's own card keys: its transport key for a card maker, and the next card-master key."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from eid_toolkit.books.keys.compartments import Compartment
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import BadInput, NotPermitted
from eid_toolkit.standards.pki.certificate import Certificate, read_pem_or_der
from eid_toolkit.work.office.act import act, by, by_two
from eid_toolkit.work.office.office import Office

MAX_RECIPIENT = 1 << 17
"""The largest file in bytes that is read as a certificate or public key."""
_PUBLIC_KEY, _CERTIFICATE = "PUBLIC KEY", "CERTIFICATE"
_BY_TWO = by_two(Permission.MANAGE_KEYS)


@dataclass(frozen=True, slots=True)
class Recipient:
    """A card maker's public key (SubjectPublicKeyInfo in DER), and the certificate that it came in, if it did."""

    spki: bytes
    certificate: Certificate | None = None

    @classmethod
    def read(cls, data: bytes) -> Recipient:
        """Of a certificate or a public key, in PEM or DER; raises :class:`BadInput` for anything else."""
        (label, der), *_ = read_pem_or_der(data)
        if label not in ("", _PUBLIC_KEY, _CERTIFICATE):
            raise BadInput("transport-public-key-unsuitable")
        if label == _PUBLIC_KEY:
            return cls(der)
        try:
            certificate = Certificate.parse(der)
        except BadInput:
            if label == _CERTIFICATE:
                raise
            return cls(der)
        return cls(certificate.spki, certificate)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the public key, in hex, as the card maker tells it."""
        return sha256(self.spki).hexdigest()


@dataclass(frozen=True, slots=True)
class ExportedKey:
    """What is told of an export."""

    algorithm: str
    fingerprint: str
    bits: int
    check_value: str


def export_transport_key(office: Office, recipient: Recipient, output: Path) -> ExportedKey:
    """The home's transport key, wrapped for a card maker's public key, in ``output``.

    Raises :class:`BadInput` for a key that none can be wrapped for, :class:`NotPermitted` for a certificate that is
    not valid today.
    """
    from eid_toolkit.books.keys.keys import TRANSPORT_KEY
    from eid_toolkit.standards.crypto.check_values import check_value
    from eid_toolkit.standards.crypto.key_transport import algorithm_of, wrap_for

    if recipient.certificate is not None and not recipient.certificate.is_valid_at(office.clock.now()):
        raise NotPermitted("card-maker-certificate-not-valid")
    algorithm, subject = algorithm_of(recipient.spki), recipient.fingerprint
    people = _BY_TWO(office, "stock.key-export", subject)
    key = office.keys.symmetric(TRANSPORT_KEY)
    exported = ExportedKey(str(algorithm), subject, 8 * len(key), check_value(key).hex().upper())
    detail = {"algorithm": exported.algorithm, "check_value": exported.check_value}
    with act(office, by(people), "stock.key-export", subject, detail) as doing:
        doing.deliver(output, wrap_for(key, recipient.spki, office.entropy))
        doing.done("stock.key-exported", detail)
    return exported


def roll_card_master(office: Office) -> int:
    """The next card-master key, from which the keys of new cards follow; returns its key version."""
    from eid_toolkit.books.keys.card_masters import roll_master
    from eid_toolkit.books.keys.keys import CARD_MASTER_KEY

    people = _BY_TWO(office, "card-master.roll", CARD_MASTER_KEY)
    office.keys.unlock(Compartment.CARDS)
    with act(office, by(people), "card-master.roll", CARD_MASTER_KEY, {}) as doing:
        names = [person.name for person in people]
        version = roll_master(office.keys, {"made_at": office.clock.now().isoformat(), "operators": names})
        doing.done("card-master.rolled", {"key_version": f"{version:02X}"})
    return version
