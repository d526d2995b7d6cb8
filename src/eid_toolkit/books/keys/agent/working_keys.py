"""What an agent does with an operator's keys: everything but the parts of keys that two people open together."""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.books.keys.compartment_files import is_share
from eid_toolkit.books.keys.holding import HeldKeys
from eid_toolkit.ground.errors import SealBroken
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.key_wrapping import WrappedKey


@dataclass(frozen=True, slots=True)
class WorkingKeys:
    """Keys without the shares of staff, CSCA and CVCA: two agents of one user would open them with nobody there."""

    inner: HeldKeys

    @property
    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo of the signing key in DER."""
        return self.inner.public_key

    @property
    def wrapping_key(self) -> bytes:
        """SubjectPublicKeyInfo of the unwrapping key in DER."""
        return self.inner.wrapping_key

    def sign(self, statement: bytes, /) -> bytes:
        """ECDSA with SHA-256 over ``statement``, in DER."""
        return self.inner.sign(statement)

    def unwrap(self, wrapped: WrappedKey, context: bytes, /) -> Secret:
        """The key; raises :class:`SealBroken` also for a share of one that two people open."""
        if is_share(context):
            raise SealBroken("sealed-data-broken")
        return self.inner.unwrap(wrapped, context)
