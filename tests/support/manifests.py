"""A vendor of blanks: manifests, and signatures on them by another implementation of CMS."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from eid_toolkit.standards.pki.certificate import Certificate

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)


def chip_of(number: int) -> str:
    return f"e1d00001{number:012x}"


def serial_of(number: int) -> str:
    return f"BL-{number:05}"


def manifest(*numbers: int, vendor: str = "Cards Ltd", batch: str = "B1") -> bytes:
    """A manifest in JSON of the blanks of these numbers."""
    blanks = [{"serial": serial_of(number), "chip": chip_of(number)} for number in numbers]
    content = {"schema": "eid-blank-manifest/1", "vendor": vendor, "batch": batch, "blanks": blanks}
    return json.dumps(content).encode()


@dataclass
class SigningVendor:
    """Somebody with a key and a certificate of its own."""

    name: str = "Cards Ltd"
    start: datetime = START
    end: datetime = END
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False
        )
        self.issued = builder.not_valid_before(self.start).not_valid_after(self.end).sign(self.key, hashes.SHA256())

    @property
    def der(self) -> bytes:
        return self.issued.public_bytes(serialization.Encoding.DER)

    @property
    def certificate(self) -> Certificate:
        return Certificate.parse(self.der)

    def sign(
        self, data: bytes, *, detached: bool = True, encoding: serialization.Encoding = serialization.Encoding.DER
    ) -> bytes:
        options = [pkcs7.PKCS7Options.Binary, *([pkcs7.PKCS7Options.DetachedSignature] if detached else [])]
        builder = pkcs7.PKCS7SignatureBuilder().set_data(data).add_signer(self.issued, self.key, hashes.SHA256())
        return builder.sign(encoding, options)
