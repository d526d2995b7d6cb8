"""Every protocol through pcscd and the vpcd driver: a sample of the combinations, and the same without a reader.

All combinations are run in one process by ``tests/protocols``; here are those that between them have each mapping,
both kinds of key agreement, each cipher, and each kind of signature.
"""

from __future__ import annotations

import pytest

from eid_toolkit.cards.emulator.blank import make_blank
from eid_toolkit.cards.emulator.domain.memory import DomainMemory
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.terminal.file_reader import ReadStatus
from eid_toolkit.cards.terminal.security_domain import SecurityDomain
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.cards.transport.pcsc import PcscTransport
from eid_toolkit.ground.ports import SignatureAlgorithm
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.protocols import globalplatform as gp
from eid_toolkit.standards.protocols.scp03 import KeySet, Options
from support.card_states import ENTROPY, NoGuard, issued_document
from support.combinations import FINGERPRINTS, Access, Chip, Combination, Outcome, Signing, Specimen
from support.emulated import emulated_card
from support.pcscd import PrivatePcscd


def ecdsa(digest: str) -> SignatureAlgorithm:
    return SignatureAlgorithm("ecdsa", digest)


def pss(digest: str, salt: int) -> SignatureAlgorithm:
    return SignatureAlgorithm("rsa-pss", digest, salt)


SAMPLE = [
    Combination(Access("gm", "3des", 12), Chip("3des", 12), signing=Signing("sha1", 1024)),
    Combination(Access("gm", "aes-128", 13), Chip("aes-128", 13), ecdsa("sha256"), Signing("sha256")),
    Combination(Access("gm", "aes-256", 18), Chip("aes-256", 17, 1), ecdsa("sha512"), Signing("sha512", 2048)),
    Combination(Access("gm", "aes-128", 0), Chip("3des", 0, 300)),
    Combination(Access("gm", "aes-256", 2), Chip("aes-256", 2), SignatureAlgorithm("rsa-pkcs1", "sha256")),
    Combination(Access("im", "aes-192", 11), Chip("aes-192", 11), signing=Signing("sha224")),
    Combination(Access("im", "3des", 1), Chip("aes-192", 1, 2), ecdsa("sha1")),
    Combination(Access("im", "aes-256", 15), Chip("aes-128", 2), pss("sha512", 64)),
    Combination(Access("cam", "aes-128", 13), None, ecdsa("sha384"), Signing("sha384")),
    Combination(Access("cam", "aes-256", 16), Chip("aes-256", 14, 5), pss("sha256", 32)),
    Combination(Access("cam", "aes-192", 10)),
    Combination(None, Chip("3des", 9, 1), pss("sha1", 20), Signing("sha256", 2048)),
    Combination(None, Chip("aes-128", 1), ecdsa("sha224"), Signing("sha512")),
]


def expected(combination: Combination) -> Outcome:
    with_rights = combination.rights is not None
    return Outcome(
        access="pace" if combination.access else "bac",
        chip_proved=combination.access is not None and combination.access.mapping == "cam",
        dg1=issued_document().files[ElementaryFile.DG1],
        dg3=FINGERPRINTS if with_rights else None,
        dg3_before=ReadStatus.PROTECTED,
        dg4=ReadStatus.PROTECTED,
        signed=combination.signing is not None,
    )


@pytest.mark.parametrize("combination", SAMPLE, ids=str)
def test_a_card_shows_what_it_has_without_a_reader(combination: Combination) -> None:
    specimen = Specimen(combination)
    transport = InProcessTransport(emulated_card(specimen.memory), "test")
    assert specimen.inspect(transport) == expected(combination)


@pytest.mark.pcsc
@pytest.mark.parametrize("combination", SAMPLE, ids=str)
def test_a_card_in_a_reader_shows_the_same(pcscd: PrivatePcscd, combination: Combination) -> None:
    specimen = Specimen(combination)
    with pcscd.card_in(emulated_card(specimen.memory)) as reader:
        transport = PcscTransport(reader)
        found = specimen.inspect(transport)
        transport.close()
    assert found == expected(combination)


@pytest.mark.pcsc
def test_a_blank_in_a_reader_opens_its_security_domain(pcscd: PrivatePcscd) -> None:
    """SCP03 in the other mode than personalization uses: keys of 32 bytes, challenges and MACs of 16."""
    key = Secret(bytes(range(32)))
    blank = make_blank((key,) * 3, ENTROPY)
    blank.part(DomainMemory).options = Options.FULL_S16
    with pcscd.card_in(emulated_card(blank)) as reader:
        transport = PcscTransport(reader)
        domain = SecurityDomain(CardSession(transport), ENTROPY)
        handshake = domain.initialize(domain.select(), challenge_size=16)
        domain.authenticate(handshake, KeySet(gp.FACTORY_KEY_VERSION, key, key, key), NoGuard())
        states = domain.states()
        transport.close()
    assert states == (blank.state, blank.part(EmrtdMemory).state)
