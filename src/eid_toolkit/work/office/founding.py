"""A new authority's home: keys, country signing PKI, trust and register, there whole or not at all."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from eid_toolkit.books.authorities.authorities import AuthorityStore, Charter
from eid_toolkit.books.keys import opening as demo
from eid_toolkit.books.keys.keys import CARD_MASTER_KEY, DATA_KEY, TRANSPORT_KEY, KeyStore
from eid_toolkit.books.keys.token import PinProvider
from eid_toolkit.books.keys.token_keys import TokenKeyStore
from eid_toolkit.books.register.register import Register
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.ground.errors import BadInput, EidError, NotPermitted
from eid_toolkit.ground.home.atomic import sync_directory
from eid_toolkit.ground.home.config import HomeConfig
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.ports import Clock, Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.pki.countries import same_state
from eid_toolkit.standards.profiles import DocumentProfile

FOUNDER = "founder"
"""Who acts in the audit log before there is any operator."""

_DATA_KEY_SIZE = 32
_CARD_KEY_SIZE = 16
_DEFAULT_DOCUMENT_TYPES = ("I", "P")  # one letter stands for all codes that begin with it
_DEFAULT_YEARS = 10
_ENDLESS_YEARS = 50  # a document without expiry outlives every certificate; so long its signature can be checked


def found(
    root: Path,
    config: HomeConfig,
    profiles: Iterable[DocumentProfile],
    passphrase: Secret | None,
    clock: Clock,
    entropy: Entropy,
    contact: str | None = None,
    pin: PinProvider | None = None,
    *,
    with_csca: bool = True,
) -> Home:
    """Make a home at ``root``, which must not be there yet, or be an empty directory.

    ``passphrase`` is that of the key store; None only for a demo home, which keeps its own. A demo home has an
    authority for each state that the ``profiles`` issue for, a real one only for its own. ``contact`` is an e-mail
    or web address for the certificates, ``pin`` asks for the PIN of the token where one holds the keys. Without
    ``with_csca`` there is no authority: the home's document signers get their certificates from another home. Raises
    :class:`NotPermitted` if something is there.
    """
    if root.is_dir() and any(root.iterdir()):
        raise NotPermitted("home-exists", home=root)
    root.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{root.name}.", dir=root.parent))
    try:
        home = Home.create(staging, config)
        keys = _create_keys(home, passphrase, entropy, pin)
        with _undone(home, keys, clock, entropy) as register:
            _create_rest(home, register, keys, list(profiles), clock, entropy, contact, with_csca)
            register.close()  # its file goes along
            staging.replace(root)
    except OSError as error:
        shutil.rmtree(staging, ignore_errors=True)
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise NotPermitted("home-exists", home=root) from None
        raise
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    sync_directory(root.parent)
    return Home.open(root)


@contextmanager
def _undone(home: Home, keys: KeyStore, clock: Clock, entropy: Entropy) -> Iterator[Register]:
    """The new home's register; what lies outside the home is taken away again if the founding fails."""
    register: Register | None = None
    try:
        keys.create_master(CARD_MASTER_KEY, _CARD_KEY_SIZE)
        register = Register.open(home, keys, clock, entropy, new=True)
        yield register
    except BaseException:
        if isinstance(keys, TokenKeyStore):
            keys.discard_made()
        if register is not None:
            with suppress(EidError):
                register.database.discard()
        raise
    finally:
        if register is not None:
            register.close()


def charter_for(
    state: str, config: HomeConfig, profiles: Iterable[DocumentProfile], contact: str | None = None
) -> Charter:
    """What the authority of ``state`` needs for the profiles that are issued in its name."""
    own = [profile for profile in profiles if profile.issuable and same_state(profile.issuing_state, state)]
    years = [_validity_years(profile) for profile in own] or [_DEFAULT_YEARS]
    return Charter(
        state=state,
        name=config.authority,
        specimen=config.demo,
        document_types=tuple(sorted({profile.document_code for profile in own})) or _DEFAULT_DOCUMENT_TYPES,
        document_validity=timedelta(days=366 * max(years)),
        contact=contact,
    )


def _no_pin() -> Secret:
    raise BadInput("token-pin-needed")


def _validity_years(profile: DocumentProfile) -> int:
    return profile.validity.years if profile.validity.years is not None else _ENDLESS_YEARS


def _create_keys(home: Home, passphrase: Secret | None, entropy: Entropy, pin: PinProvider | None) -> KeyStore:
    config = home.config
    if config.demo:
        keys = KeyStore.create(home.keys, demo.create_passphrase(home, entropy), entropy, random=True)
        transport = demo.DEVELOPER_CARD_KEY
    elif passphrase is not None:
        keys = KeyStore.create(home.keys, passphrase, entropy)
        transport = Secret(entropy.take(_CARD_KEY_SIZE))
    else:
        raise BadInput("passphrase-needed")
    keys.create_symmetric(DATA_KEY, Secret(entropy.take(_DATA_KEY_SIZE)))
    keys.create_symmetric(TRANSPORT_KEY, transport)
    return keys if config.key_store is None else TokenKeyStore.around(keys, config.key_store, pin or _no_pin)


def _create_rest(
    home: Home,
    register: Register,
    keys: KeyStore,
    profiles: list[DocumentProfile],
    clock: Clock,
    entropy: Entropy,
    contact: str | None,
    with_csca: bool,
) -> None:
    """The authorities that the profiles need, on record."""
    config, now = home.config, clock.now()
    authorities, trust = AuthorityStore(home.pki, keys), TrustStore(home.trust)
    for state in _states(config, profiles) if with_csca else ():
        authorities.create(charter_for(state, config, profiles, contact), now, entropy)
        for item in (authorities.csca(state), authorities.crl(state)):
            trust.add(item, "own authority", now, Operator(FOUNDER))
        fingerprints = {"csca": authorities.csca(state).fingerprint}
        fingerprints["signer"] = authorities.signer_certificate(state).fingerprint
        register.record(FOUNDER, "authority.created", state, dict(fingerprints))
    if not with_csca:
        register.record(FOUNDER, "home.founded", config.country, {})
    register.audit.checkpoint()


def _states(config: HomeConfig, profiles: list[DocumentProfile]) -> list[str]:
    """A demo home issues in every state's name that a profile has, a real one in its own alone."""
    others = {profile.issuing_state for profile in profiles if profile.issuable} if config.demo else set()
    return sorted({config.country, *others})
