"""Everything works without gmpy2, only more slowly: points, RSA keys out of given randomness, a card read by PACE."""

from __future__ import annotations

import subprocess
import sys

import gmpy2
import pytest

from eid_toolkit.standards.crypto import primes

WITHOUT = "import sys; sys.modules['gmpy2'] = None\n"
"""An import of gmpy2 fails from here on."""
RSA = """
import hashlib
from eid_toolkit.standards.crypto.rsa import RsaPrivateKey

class Counted:
    def __init__(self): self.count = 0
    def take(self, size):
        self.count += 1
        return hashlib.shake_128(self.count.to_bytes(4, "big")).digest(size)

print(hex(RsaPrivateKey.generate(1024, Counted()).public_key.n))
"""
POINTS = """
from eid_toolkit.standards.crypto.domain_parameters import domain_by_id
from eid_toolkit.standards.crypto.points import multiply_base, multiply_base_add
for parameter_id in range(8, 19):
    domain = domain_by_id(parameter_id)
    print(multiply_base_add(domain, 5, multiply_base(domain, domain.n - 3)))
"""
CARD = """
from eid_toolkit.work.cardspec import CardSpec, build
from eid_toolkit.work.inspection.capture import capture
from eid_toolkit.work.inspection.policy import policy_by_name
from eid_toolkit.work.inspection.verdict import judge
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.cards.transport.inprocess import InProcessTransport
card = build(CardSpec(profile="utopia-id", seed="x"))
clock, policy = card.clock, policy_by_name("officer")
password = AccessPassword.from_mrz_information(card.mrz.information)
evidence = capture(InProcessTransport(card.card, "card"), password, policy, SystemEntropy(), clock)
print(evidence.access.protocol, judge(evidence, card.trust, policy, clock.now()).decision)
"""


def printed(script: str) -> str:
    command = [sys.executable, "-c", script]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=600).stdout


@pytest.mark.parametrize("script", [RSA, POINTS], ids=["an RSA key", "points on every curve"])
def test_without_gmpy2_the_same_comes_out(script: str) -> None:
    assert printed(WITHOUT + script) == printed(script) != ""


def test_without_gmpy2_a_card_is_made_read_by_pace_and_judged() -> None:
    assert printed(WITHOUT + CARD).split() == ["pace", "passed"]


def test_primes_are_told_from_composites_as_by_gmpy2() -> None:
    several = (
        *range(2000),
        *range((1 << 521) - 301, 1 << 521, 2),
        *(number * number for number in range(1009, 1100, 2)),
    )
    for number in several:
        assert primes._is_prime(number) == gmpy2.is_prime(number), number
    for pseudoprime in (3215031751, 3825123056546413051, 318665857834031151167461):  # strong to the first bases
        assert not primes._is_prime(pseudoprime)
