"""A new authority's home: keys, country signing PKI, trust and register, there whole or not at all."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from eid_toolkit.books.authorities.authorities import AuthorityStore
from eid_toolkit.books.authorities.charter import Charter
from eid_toolkit.books.keys.compartments import Compartment
from eid_toolkit.books.keys.keys import CARD_MASTER_KEY, DATA_KEY, LOOK_UP_KEY, TRANSPORT_KEY
from eid_toolkit.books.keys.opening import DEVELOPER_CARD_KEY
from eid_toolkit.books.keys.token_keys import Access, discard_made, write_access
from eid_toolkit.books.register.register import Register
from eid_toolkit.books.staff.roles import Role
from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.ground.errors import BadInput, EidError, NotPermitted
from eid_toolkit.ground.home.atomic import sync_directory
from eid_toolkit.ground.home.config import HomeConfig
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.ports import Clock, Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.crypto_policy import shipped_policy
from eid_toolkit.standards.pki.countries import same_state
from eid_toolkit.standards.profiles import DocumentProfile
from eid_toolkit.work.office.staffing import FOUNDER, Staffing

OWN_AUTHORITY = "own authority"
"""The source in the trust store of what this home's authority signs."""

_OFFICERS = 2

_DATA_KEY_SIZE = 32
_CARD_KEY_SIZE = 16
_DEFAULT_DOCUMENT_TYPES = ("I", "P")  # one letter stands for all codes that begin with it
_DEFAULT_YEARS = 10
_ENDLESS_YEARS = 50  # a document without expiry outlives every certificate; so long its signature can be checked


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Somebody who is an operator of the home from its founding on."""

    name: str
    passphrase: Secret
    roles: frozenset[Role] = frozenset({Role.SECURITY_OFFICER})
    signing: EcPrivateKey | None = None
    """The key that was theirs before; a new one if there is none."""


@dataclass(frozen=True, slots=True)
class TokenPlace:
    """The token of one compartment: its `pkcs11:` URI and its user PIN."""

    uri: str
    pin: Secret


@dataclass(frozen=True, slots=True)
class Founded:
    """A new home, and the recovery share of each security officer."""

    home: Home
    recovery_shares: Mapping[str, Secret]


def require_vacant(root: Path) -> None:
    """Raises :class:`NotPermitted` if something is at ``root``."""
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise NotPermitted("home-exists", home=root)


def check_plan(
    root: Path,
    config: HomeConfig,
    profiles: Iterable[DocumentProfile],
    uris: Iterable[str],
) -> None:
    """What would stop a founding and is known before any passphrase: raises as :func:`found` does."""
    from eid_toolkit.books.keys.pkcs11_uri import Pkcs11Uri
    from eid_toolkit.books.keys.token_module import need_package
    from eid_toolkit.books.ledger.register_address import RegisterAddress

    require_vacant(root)
    charter_for(config.country, config, profiles).distinguished_name("CSCA")
    RegisterAddress.configured(config)
    if config.signature_limit is not None:
        shipped_policy().require(shipped_policy().of_signature_limit(config.signature_limit))
    named = list(map(Pkcs11Uri.parse, uris))
    if named:
        need_package()
    if len({(uri.token, uri.serial) for uri in named}) < len(named):  # a token has one PIN
        raise NotPermitted("token-of-two-compartments")


def check_names(names: Sequence[str]) -> None:
    """Raises :class:`BadInput` if nobody can be called so, :class:`NotPermitted` if it is one person twice."""
    from eid_toolkit.books.staff.operators import OPERATOR_NAME

    for name in names:
        if not OPERATOR_NAME.fullmatch(name):
            raise BadInput("operator-name-malformed", name=name)
    if len({name.casefold() for name in names}) < len(names):
        raise NotPermitted("second-person-same", operator=names[0])


def found(
    root: Path,
    config: HomeConfig,
    profiles: Iterable[DocumentProfile],
    officers: Sequence[Enrolment],
    clock: Clock,
    entropy: Entropy,
    contact: str | None = None,
    tokens: Mapping[Compartment, TokenPlace] | None = None,
    *,
    with_csca: bool = True,
) -> Founded:
    """Make a home at ``root``, which must not be there yet, or be an empty directory.

    ``officers`` are at least two security officers; none for a demo home, which has one operator key that lies open. A
    demo home has an authority for each state that the ``profiles`` issue for, a real one only for its own. ``contact``
    is an e-mail or web address for the certificates, ``tokens`` hold the keys of some compartments. Without
    ``with_csca`` there is no authority: the home's document signers get their certificates from another home. Raises
    :class:`NotPermitted` if something is there, or the officers are too few.
    """
    require_vacant(root)
    _check_officers(config, officers)
    root.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{root.name}.", dir=root.parent))
    try:
        staff = Staffing(Home.create(staging, config), officers, clock.now(), entropy)
        with _undone(staff, tokens or {}, clock, entropy) as register:
            _create_rest(staff, register, list(profiles), clock, entropy, contact, with_csca)
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
    return Founded(Home.open(root), staff.recovery_shares)


def _check_officers(config: HomeConfig, officers: Sequence[Enrolment]) -> None:
    names = {officer.name.casefold() for officer in officers if Role.SECURITY_OFFICER in officer.roles}
    if not config.demo and len(names) < _OFFICERS:
        raise NotPermitted("founding-needs-officers")


@contextmanager
def _undone(
    staff: Staffing, tokens: Mapping[Compartment, TokenPlace], clock: Clock, entropy: Entropy
) -> Iterator[Register]:
    """The new home's register; what lies outside the home is taken away again if the founding fails."""
    register: Register | None = None
    keys, home = staff.keys, staff.home
    try:
        for compartment, place in tokens.items():
            access = Access(place.uri, place.pin.reveal().decode("utf-8", "surrogateescape"))
            write_access(keys.directory, compartment, keys.sealing_key(compartment), access, entropy)
        keys.create_symmetric(DATA_KEY, Secret(entropy.take(_DATA_KEY_SIZE)))
        keys.create_symmetric(LOOK_UP_KEY, Secret(entropy.take(_DATA_KEY_SIZE)))
        transport = DEVELOPER_CARD_KEY if home.config.demo else Secret(entropy.take(_CARD_KEY_SIZE))
        keys.create_symmetric(TRANSPORT_KEY, transport)
        keys.create_master(CARD_MASTER_KEY, _CARD_KEY_SIZE)
        register = Register.open(home, keys, staff.operators, clock, entropy, new=True)
        yield register
    except BaseException:
        discard_made(keys.directory)
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


def _validity_years(profile: DocumentProfile) -> int:
    return profile.validity.years if profile.validity.years is not None else _ENDLESS_YEARS


def _create_rest(
    staff: Staffing,
    register: Register,
    profiles: list[DocumentProfile],
    clock: Clock,
    entropy: Entropy,
    contact: str | None,
    with_csca: bool,
) -> None:
    """The authorities that the profiles need, on record."""
    config, now = staff.home.config, clock.now()
    authorities, trust = AuthorityStore(staff.home.pki, staff.keys), TrustStore(staff.home.trust)
    for record in staff.records:
        register.record(FOUNDER, "operator.added", record.name, staff.standing(record))
    for state in _states(config, profiles) if with_csca else ():
        authorities.create(charter_for(state, config, profiles, contact), now, entropy)
        for item in (authorities.csca(state), authorities.crl(state)):
            trust.add(item, OWN_AUTHORITY, now, *staff.people)
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
