"""What a demo home has instead of secrets: a passphrase that lies beside the keys, and developer card keys."""

from __future__ import annotations

from eid_toolkit.books.keys.keys import KeyStore
from eid_toolkit.books.keys.stretching import PassphraseProvider
from eid_toolkit.books.keys.token import PinProvider
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.ground.home.atomic import write_atomic
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret

DEVELOPER_CARD_KEY = Secret(bytes(range(0x40, 0x50)))
"""The key 40..4F of developer cards on the open market: opens no national blank."""

_FILE = "SPECIMEN-PASSPHRASE"


def create_passphrase(home: Home, entropy: Entropy) -> Secret:
    """A random passphrase, kept where every command finds it."""
    passphrase = Secret(entropy.take(32).hex().encode())
    write_atomic(home.keys / _FILE, passphrase.reveal())
    return passphrase


def open_key_store(
    home: Home, ask: PassphraseProvider, entropy: Entropy, ask_pin: PinProvider | None = None
) -> KeyStore:
    """The home's key store; ``ask`` is asked for the passphrase unless it is a demo home.

    ``ask_pin`` is asked for the PIN where the keys are in a token. Raises :class:`IntegrityBroken` for a real home
    that was marked as demo later, or the other way round.
    """
    keys = KeyStore.open(home.keys, (lambda: _passphrase(home)) if home.config.demo else ask, entropy)
    if keys.has_random_passphrase is not home.config.demo:  # else a line in eid.toml would do away with all operators
        raise IntegrityBroken("home-demo-mark-changed")
    if home.config.key_store is None:
        return keys
    from eid_toolkit.books.keys.token_keys import TokenKeyStore

    return TokenKeyStore.around(keys, home.config.key_store, ask_pin or ask)


def _passphrase(home: Home) -> Secret:
    try:
        return Secret((home.keys / _FILE).read_bytes())
    except FileNotFoundError:
        raise IntegrityBroken("key-store-damaged", file=_FILE) from None
