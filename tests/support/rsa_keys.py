"""RSA keys for tests: made once per size and process, for making one takes long."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.rsa import RsaPrivateKey


@cache
def native_rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@cache
def rsa_key(bits: int = 2048) -> RsaPrivateKey:
    return RsaPrivateKey(
        Secret(
            native_rsa_key(bits).private_bytes(
                serialization.Encoding.DER,
                serialization.PrivateFormat.TraditionalOpenSSL,
                serialization.NoEncryption(),
            )
        )
    )
