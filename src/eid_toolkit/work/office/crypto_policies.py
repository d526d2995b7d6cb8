"""The home's crypto policy: what holds, what another one would change, and what of the home does not comply.

It is set by two security officers, whose signatures stand in its file; its version and digest are on record.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eid_toolkit.books.audit.standing import POLICY_CHANGED, LoggedStanding
from eid_toolkit.books.authorities.home_policy import SUBJECT, PolicyInForce, SignedPolicy
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, NotPermitted
from eid_toolkit.ground.plain_values import to_plain
from eid_toolkit.standards.crypto_policy import CryptoPolicy, read_policy, shipped_policy
from eid_toolkit.standards.crypto_policy.policy import InspectionRules, UseRules
from eid_toolkit.work.office.act import act, by_two
from eid_toolkit.work.office.office import Office

_RIGHTS = (Permission.MANAGE_KEYS,)


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of a policy, with its source: ``uses.csca``, ``least_rsa_bits``."""

    table: str
    name: str
    value: str | None
    """None where it is not limited."""
    source: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """A limit that another policy changes; None where it is none."""

    limit: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """A policy that is to be set."""

    policy: CryptoPolicy
    differences: tuple[Difference, ...]
    unusable: IntegrityBroken | None = None
    """What is wrong with the policy of now, if it cannot be used; the differences are those to the shipped one."""


def limits_of(policy: CryptoPolicy) -> Iterator[Limit]:
    """Every limit, in the order of the file."""
    tables: dict[str, UseRules | InspectionRules] = {f"uses.{use}": rules for use, rules in policy.uses.items()}
    for table, rules in {**tables, "inspection": policy.inspection}.items():
        for name, value in to_plain(rules, without=("sources",)).items():
            if value is not None:
                shown = ", ".join(value) if isinstance(value, list) else str(value)
                yield Limit(table, name, shown, rules.sources.get(name))


def plan_policy(office: Office, data: bytes) -> PolicyChange:
    """What setting the policy in a TOML file would change; raises :class:`BadInput` for a file that is none.

    Raises :class:`NotPermitted` unless two security officers act, before they are asked for anything.
    """
    office.acting.may_both("crypto-policy.set", _RIGHTS, Permission.MANAGE_KEYS)
    policy = read_policy(data, _known(office) + 1)
    if policy.floor.is_weaker_than(shipped_policy().floor):
        raise BadInput("crypto-policy-floor-weak")
    unusable = None
    try:
        before = office.crypto_policy.policy
    except IntegrityBroken as error:  # two security officers mend it by setting another
        before, unusable = shipped_policy(), error
    return PolicyChange(policy, tuple(_differences(before, policy)), unusable)


def set_policy(office: Office, change: PolicyChange) -> PolicyInForce:
    """Have the policy hold from now on."""
    version = change.policy.version
    changed = {each.limit: [each.before, each.after] for each in change.differences}
    right = by_two(*_RIGHTS, second=Permission.MANAGE_KEYS)
    with act(office, right, "crypto-policy.set", SUBJECT, {"version": version, "changed": changed}) as doing:
        if _known(office) != version - 1:  # somebody else has set one since this one was shown
            raise NotPermitted("crypto-policy-changed-meanwhile")
        now = office.clock.now()
        signed = SignedPolicy.of(change.policy, office.keys.foundation, now, doing.people)
        office.home_policy.keep(signed)
        doing.done(POLICY_CHANGED, {"version": version, "policy_sha256": signed.digest})
    office.__dict__.pop("crypto_policy", None)  # what was read before holds no more
    return office.crypto_policy


def _known(office: Office) -> int:
    """The version that the log knows; 0 where none was ever set."""
    known = LoggedStanding(office.register.database).of_crypto_policy(SUBJECT)
    return known[0] if known is not None else 0


def _differences(before: CryptoPolicy, after: CryptoPolicy) -> Iterator[Difference]:
    old, new = (_flat(policy) for policy in (before, after))
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            yield Difference(name, old.get(name), new.get(name))


def _flat(policy: CryptoPolicy) -> dict[str, str | None]:
    """Values and sources by their places."""
    limits = list(limits_of(policy))
    values = {f"{each.table}.{each.name}": each.value for each in limits}
    return {**values, **{f"{each.table}.sources.{each.name}": each.source for each in limits}}
