"""Certificates for a PostgreSQL server of the tests: an authority of one's own, which certifies a name for a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from support.postgres_server import Tls

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class ServerAuthority:
    """A CA that servers are certified by; two of them have the same name and different keys."""

    folder: Path

    @cached_property
    def file(self) -> Path:
        """Its certificate, as a client is given it."""
        path = self.folder / "ca.pem"
        path.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))
        return path

    def certify(self, name: str, *, expired: bool = False) -> Tls:
        """A key and a certificate for a server of this name."""
        key, start = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC) - (3 * _DAY if expired else _DAY)
        certificate = (
            self._builder("server", key.public_key(), start)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        return Tls(certificate.public_bytes(encoding), key.private_bytes(encoding, form, serialization.NoEncryption()))

    @cached_property
    def _key(self) -> ec.EllipticCurvePrivateKey:
        return ec.generate_private_key(ec.SECP256R1())

    @cached_property
    def _certificate(self) -> x509.Certificate:
        builder = self._builder(_ISSUER, self._key.public_key(), datetime.now(UTC) - 7 * _DAY, 14 * _DAY)
        return builder.add_extension(x509.BasicConstraints(True, 0), critical=True).sign(self._key, hashes.SHA256())

    def _builder(
        self, name: str, key: ec.EllipticCurvePublicKey, start: datetime, term: timedelta = 2 * _DAY
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(_named(_ISSUER))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + term)
        )


_ISSUER = "Utopia Servers"


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
