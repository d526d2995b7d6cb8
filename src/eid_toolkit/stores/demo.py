"""What a demo home has instead of secrets: a passphrase that lies beside the keys, and developer card keys."""

from __future__ import annotations

from eid_toolkit.home.atomic import write_atomic
from eid_toolkit.home.home import Home
from eid_toolkit.ports import Entropy
from eid_toolkit.secret import Secret
from eid_toolkit.stores.keys import KeyStore
from eid_toolkit.stores.stretching import PassphraseProvider

DEVELOPER_CARD_KEY = Secret(bytes(range(0x40, 0x50)))
"""The key 40..4F of developer cards on the open market: opens no national blank."""

_FILE = "SPECIMEN-PASSPHRASE"


def create_passphrase(home: Home, entropy: Entropy) -> Secret:
    """A random passphrase, kept where every command finds it."""
    passphrase = Secret(entropy.take(32).hex().encode())
    write_atomic(home.keys / _FILE, passphrase.reveal())
    return passphrase


def open_key_store(home: Home, ask: PassphraseProvider, entropy: Entropy) -> KeyStore:
    """The home's key store; ``ask`` is asked for the passphrase unless it is a demo home."""
    if home.config.demo:
        return KeyStore.open(home.keys, lambda: Secret((home.keys / _FILE).read_bytes()), entropy)
    return KeyStore.open(home.keys, ask, entropy)
