"""The key that a home signs its evidence with, and the keys of other homes whose evidence it believes.

An authority's home keeps its key in the key store (``office/evidence_signing.py``). An officer's home has none, and
nobody who types a passphrase at a road-side, so the key lies in a file that only its owner can read: it says which home
read a card, and opens nothing. What is believed are fingerprints.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from eid_toolkit.ground.errors import AccessDenied, BadInput, IntegrityBroken, ServiceAway
from eid_toolkit.ground.home.atomic import new_file, private_directory, remove_durably, write_atomic
from eid_toolkit.ground.home.undo import change
from eid_toolkit.ground.plain_values import read_json, to_plain
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey, EcPublicKey
from eid_toolkit.work.inspection.evidence_seal import Seal, fingerprint_of
from eid_toolkit.work.inspection.witness import SELF, UNSIGNED, Standing, Witness

FOLDER = "evidence"
KEY_FILE, PUBLIC_FILE, READERS_FILE = "evidence-key.der", "evidence-key.spki", "enrolled.json"
SCHEMA = "eid-evidence-readers/1"
_CURVE = "secp256r1"
_LIMIT = 1 << 20
_MAX_NAME = 100
_FINGERPRINT = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Reader:
    """A home whose evidence is believed here: the fingerprint of its key, and what it is called here."""

    fingerprint: str
    name: str

    def __post_init__(self) -> None:
        if not _FINGERPRINT.fullmatch(self.fingerprint):
            raise BadInput("evidence-fingerprint-malformed", fingerprint=self.fingerprint[:80])
        if not self.name or len(self.name) > _MAX_NAME or not self.name.isprintable():
            raise BadInput("evidence-reader-name-malformed", limit=_MAX_NAME)


@dataclass(frozen=True, slots=True)
class _Enrolled:
    readers: tuple[Reader, ...]


class EvidenceKeys:
    """The evidence keys of the home at ``root``, an authority's or an officer's."""

    def __init__(self, root: Path) -> None:
        self._folder = root / FOLDER

    def own(self) -> EcPrivateKey | None:
        """This home's key; None where there is none yet. Raises :class:`IntegrityBroken` if it is damaged."""
        try:
            return EcPrivateKey.from_pkcs8((self._folder / KEY_FILE).read_bytes(), None)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (BadInput, AccessDenied):
            raise IntegrityBroken("evidence-key-damaged", file=KEY_FILE) from None

    def own_or_new(self, entropy: Entropy) -> EcPrivateKey:
        """This home's key, made at its first use; raises :class:`ServiceAway` where the home cannot keep one."""
        try:
            key = self.own()
            if key is not None:
                return key
            new_key = EcPrivateKey.generate(ec_domain_by_name(_CURVE), entropy)
            private_directory(self._folder)
            with suppress(FileExistsError), new_file(self._folder / KEY_FILE) as (stream, publish):
                stream.write(new_key.pkcs8(None))
                publish()
            return self.own() or new_key  # another process may have been first
        except OSError as error:
            raise ServiceAway("evidence-key-not-kept", reason=error.strerror or "") from None

    def announce(self, key: EcPublicKey) -> None:
        """Keep the public half of a key that lies in the key store, so that the home knows its own evidence."""
        path, data = self._folder / PUBLIC_FILE, key.spki(explicit=False)
        if not path.exists() or path.read_bytes() != data:
            write_atomic(private_directory(self._folder) / PUBLIC_FILE, data)

    def give_up(self) -> None:
        """Remove the file with the private key: it lies in the key store now."""
        if (self._folder / KEY_FILE).exists():
            remove_durably(self._folder / KEY_FILE)

    def own_fingerprint(self) -> str | None:
        """That of this home's key; None where there is none yet. Raises :class:`IntegrityBroken` if it is damaged."""
        try:
            return sha256((self._folder / PUBLIC_FILE).read_bytes()).hexdigest()
        except (FileNotFoundError, NotADirectoryError):
            key = self.own()
            return None if key is None else fingerprint_of(key)

    def enrolled(self) -> tuple[Reader, ...]:
        """The homes whose evidence is believed; raises :class:`IntegrityBroken` if the list is damaged."""
        path = self._folder / READERS_FILE
        try:
            with path.open("rb") as stream:
                return read_json(_Enrolled, stream.read(_LIMIT), SCHEMA).readers
        except FileNotFoundError:
            return ()
        except (ValueError, BadInput):
            raise IntegrityBroken("evidence-readers-damaged", file=READERS_FILE) from None

    @staticmethod
    def check(fingerprint: str, name: str) -> Reader:
        """What enrolling would write; raises :class:`BadInput` for what is no fingerprint or no name."""
        return Reader(cleaned(fingerprint), name.strip())

    def enrol(self, fingerprint: str, name: str) -> Reader:
        """Believe the evidence of the home with this key; its name replaces an earlier one."""
        reader = self.check(fingerprint, name)
        self._write(*(other for other in self.enrolled() if other.fingerprint != reader.fingerprint), reader)
        return reader

    def find(self, fingerprint: str) -> Reader:
        """The enrolled home whose fingerprint begins so; raises :class:`BadInput` unless it is just one."""
        prefix = cleaned(fingerprint)
        matches = [reader for reader in self.enrolled() if reader.fingerprint.startswith(prefix)]
        if not prefix or len(matches) != 1:
            raise BadInput("evidence-reader-unknown", fingerprint=fingerprint, matches=len(matches))
        return matches[0]

    def forget(self, reader: Reader) -> None:
        """Believe that home's evidence no more."""
        self._write(*(other for other in self.enrolled() if other != reader))

    def witness(self, seal: Seal | None) -> Witness:
        """Who answers for evidence with this signature."""
        unknown = witness_without_home(seal)
        if seal is None or unknown.standing is not Standing.STRANGER:
            return unknown
        if self.own_fingerprint() == seal.fingerprint:
            return Witness(SELF.standing, seal.fingerprint)
        names = {reader.fingerprint: reader.name for reader in self.enrolled()}
        if seal.fingerprint in names:
            return Witness(Standing.ENROLLED, seal.fingerprint, names[seal.fingerprint])
        return unknown

    def _write(self, *readers: Reader) -> None:
        data = {"schema": SCHEMA, **to_plain(_Enrolled(readers))}
        change(private_directory(self._folder) / READERS_FILE, json.dumps(data, indent=1).encode())


def witness_without_home(seal: Seal | None) -> Witness:
    """Who answers for evidence with this signature, where no home has enrolled anybody."""
    if seal is None:
        return UNSIGNED
    return Witness(Standing.STRANGER if seal.is_good else Standing.CHANGED, seal.fingerprint)


def cleaned(fingerprint: str) -> str:
    """A fingerprint as people write it, in groups and in capitals, as it is compared."""
    return fingerprint.replace(":", "").replace(" ", "").lower()
