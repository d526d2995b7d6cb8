"""The crypto policy of a home: one file with a version, signed by two operators, and held to the audit log.

The file says which home it is for. Who puts an older one back, changes it or removes it is found out by the newest row
of the log; an inspection, which opens no register, holds it to the signatures alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from eid_toolkit.books.keys.foundation import Foundation
from eid_toolkit.books.staff.operators import Operator, OperatorStore
from eid_toolkit.ground.errors import BadInput, IntegrityBroken
from eid_toolkit.ground.home.regular import read_regular
from eid_toolkit.ground.home.undo import change
from eid_toolkit.ground.plain_values import Hex, UtcTime, read_json, to_plain
from eid_toolkit.standards.crypto_policy import CryptoPolicy, shipped_policy
from eid_toolkit.standards.crypto_policy.reading import SCHEMA, policy_of

FILE = "crypto-policy.json"
SUBJECT = "crypto-policy"
_LIMIT = 1 << 17
_SIGNERS = 2

Newest = Callable[[], "tuple[int, str] | None"]
"""Version and digest of the policy by the newest row of the audit log; None where it has none."""


@dataclass(frozen=True, slots=True)
class PolicySignature:
    """Who decided; a demo home has no signatures."""

    operator: str
    signature: Hex | None


@dataclass(frozen=True, slots=True)
class SignedPolicy:
    """The file of a home: a version of the policy, and those who decided on it."""

    home: Hex
    """The home's identifier."""
    version: int
    decided_at: UtcTime
    content: Mapping[str, Any]
    """The policy as plain values, without its version."""
    signatures: tuple[PolicySignature, ...] = ()

    @classmethod
    def of(
        cls, policy: CryptoPolicy, foundation: Foundation, decided_at: datetime, people: Sequence[Operator]
    ) -> SignedPolicy:
        """The policy with the signatures of those who decide on it now."""
        content = to_plain(policy, without=("version",))
        unsigned = tuple(PolicySignature(person.name, None) for person in people)
        draft = cls(foundation.home, policy.version, decided_at, content, unsigned)
        statement = draft.statement()
        signatures = tuple(PolicySignature(person.name, person.sign(statement)) for person in people)
        return cls(draft.home, draft.version, draft.decided_at, content, signatures)

    def statement(self) -> bytes:
        """What is signed: all but the signatures, and the names of those who sign."""
        names = [each.operator for each in self.signatures]
        values = {"schema": SCHEMA, **to_plain(self, without=("signatures",)), "operators": names}
        return json.dumps(values, sort_keys=True).encode()

    @property
    def digest(self) -> str:
        """SHA-256 over the statement in hex: by it the audit log knows the file."""
        return hashlib.sha256(self.statement()).hexdigest()

    def encode(self) -> bytes:
        """The file's bytes."""
        return json.dumps({"schema": SCHEMA, **to_plain(self)}, indent=1).encode()

    def policy(self) -> CryptoPolicy:
        """What it says; raises :class:`ValueError` if it is no policy."""
        if self.version < 1:
            raise ValueError(self.version)
        return policy_of(dict(self.content), self.version)


@dataclass(frozen=True, slots=True)
class PolicyInForce:
    """The policy that holds in a home; ``signed`` is None where it is the shipped one."""

    policy: CryptoPolicy
    signed: SignedPolicy | None = None


class HomePolicy:
    """The crypto policy of the home in the folder ``root``."""

    def __init__(
        self, root: Path, foundation: Foundation, operators: OperatorStore, newest: Newest | None = None
    ) -> None:
        """Without ``newest``, the file is held to its signatures alone."""
        self._path = root / FILE
        self._foundation, self._operators, self._newest = foundation, operators, newest

    def load(self) -> PolicyInForce:
        """What holds; raises :class:`IntegrityBroken` for a file that is damaged, forged, old, or gone."""
        known = self._newest() if self._newest is not None else None
        try:
            data = read_regular(self._path, _LIMIT + 1)
        except FileNotFoundError:
            if known is not None:
                raise IntegrityBroken("crypto-policy-missing", version=known[0]) from None
            return PolicyInForce(shipped_policy())
        except BadInput:
            raise IntegrityBroken("crypto-policy-damaged", file=FILE) from None
        signed, policy = self._parsed(data)
        self._check_signatures(signed)
        if self._newest is not None and known != (signed.version, signed.digest):
            version = known[0] if known is not None else 0
            code = "crypto-policy-old" if signed.version < version else "crypto-policy-not-on-record"
            raise IntegrityBroken(code, version=signed.version, known=version)
        return PolicyInForce(policy, signed)

    def keep(self, signed: SignedPolicy) -> None:
        """From now on this is the policy."""
        change(self._path, signed.encode())

    def _parsed(self, data: bytes) -> tuple[SignedPolicy, CryptoPolicy]:
        try:
            if len(data) > _LIMIT:
                raise ValueError(len(data))
            signed = read_json(SignedPolicy, data, SCHEMA, strict=True)
            if signed.home == self._foundation.home:
                return signed, signed.policy()
        except (ValueError, RecursionError):
            pass
        raise IntegrityBroken("crypto-policy-damaged", file=FILE)

    def _check_signatures(self, signed: SignedPolicy) -> None:
        if self._foundation.demo:
            return
        names = {each.operator.casefold() for each in signed.signatures}
        statement = signed.statement()
        if len(names) < _SIGNERS or not all(
            self._operators.verify(each.operator, statement, each.signature, signed.decided_at)
            for each in signed.signatures
        ):
            raise IntegrityBroken("crypto-policy-unsigned", version=signed.version)
