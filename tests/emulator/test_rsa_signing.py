"""Active Authentication with RSA: key personalized, kept in the image, asked for in long and short answers, judged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eid_toolkit.cards.emulator import image
from eid_toolkit.cards.emulator.emrtd import personalizer
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.refusal import Refused
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.codec.dgi import Dgi
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.standards.lds.dg15 import Dg15
from eid_toolkit.standards.protocols import active_authentication as aa
from eid_toolkit.standards.protocols import personalization_data as layout
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.standards.protocols.personalization_data import RSA_DIGEST_REFERENCES, AccessProtocols, RsaSigningKey
from eid_toolkit.work.inspection.capture import capture
from eid_toolkit.work.inspection.evidence import ChipProof
from eid_toolkit.work.inspection.policy import policy_by_name
from eid_toolkit.work.inspection.verdict import judge
from support.authorities import NOW, Authority
from support.card_states import pace_app
from support.documents import IssuedDocument, specimen_mrz
from support.emulated import CAN, card_memory, emulated_card
from support.rsa_keys import rsa_key
from support.scripted import FixedClock

ENTROPY = SystemEntropy()
DEK = Secret(bytes(16))


def signing_key(bits: int = 2048, digest: str = "sha256") -> RsaSigningKey:
    return RsaSigningKey(RSA_DIGEST_REFERENCES[digest], rsa_key(bits))


def rsa_document(bits: int = 2048) -> IssuedDocument:
    document = IssuedDocument(Authority(), specimen_mrz())
    document.data_groups[15] = Dg15(rsa_key(bits).public_key.spki()).encode()
    return document


def rsa_memory(
    document: IssuedDocument, key: RsaSigningKey, protocols: AccessProtocols = AccessProtocols.PACE
) -> CardMemory:
    without_pace = [] if protocols & AccessProtocols.PACE else [ElementaryFile.CARD_ACCESS]
    memory = card_memory(document, protocols=protocols, leave_out=without_pace)
    memory.part(EmrtdMemory).active_authentication_key = key
    return memory


@pytest.mark.parametrize(("bits", "digest"), [(1024, "sha1"), (2048, "sha256"), (3072, "sha512"), (4096, "sha384")])
@pytest.mark.parametrize("protocols", [AccessProtocols.PACE, AccessProtocols.BAC])
def test_a_card_that_signs_with_rsa_is_judged_genuine(bits: int, digest: str, protocols: AccessProtocols) -> None:
    document = rsa_document(bits)
    card = emulated_card(rsa_memory(document, signing_key(bits, digest), protocols))
    password = AccessPassword.from_mrz_information(document.mrz.information)
    policy = replace(policy_by_name("officer"), allow_bac=True)
    evidence = capture(InProcessTransport(card, "test"), password, policy, ENTROPY, FixedClock(NOW))
    verdict = judge(evidence, document.authority.trust(), policy, NOW)
    assert next(check.status for check in verdict.checks if check.id == "chip.aa") == "passed"
    assert evidence.active_authentication.signature is not None
    assert len(evidence.active_authentication.signature) == bits // 8


def test_a_copy_with_another_rsa_key_is_found_out() -> None:
    document = rsa_document()
    card = emulated_card(rsa_memory(document, signing_key(3072)))
    evidence = capture(
        InProcessTransport(card, "test"), AccessPassword.from_can(CAN), policy_by_name("officer"), ENTROPY,
        FixedClock(NOW),
    )  # fmt: skip
    verdict = judge(evidence, document.authority.trust(), policy_by_name("officer"), NOW)
    assert evidence.active_authentication.outcome is ChipProof.DONE
    assert next(check.reason for check in verdict.checks if check.id == "chip.aa") == "aa-signature-wrong"


def test_a_short_answer_goes_out_in_parts() -> None:
    line = pace_app()
    line.card.memory.part(EmrtdMemory).active_authentication_key = signing_key(3072)
    line.ok(commands.select_application(EMRTD_AID))
    answer = line.ok(commands.internal_authenticate(bytes(8)))
    assert aa.verify_rsa(rsa_key(3072).public_key, aa.ActiveAuthenticationTranscript(bytes(8), answer))


@pytest.mark.parametrize("digest", RSA_DIGEST_REFERENCES)
def test_the_key_is_personalized_and_kept(digest: str) -> None:
    memory = card_memory(rsa_document())
    application = EmrtdMemory()
    grouping = layout.encrypt(layout.RSA_SIGNING_KEY, signing_key(digest=digest).encode(), DEK)
    personalizer.store(application, (grouping,), DEK)
    memory.part(EmrtdMemory).active_authentication_key = application.active_authentication_key
    kept = image.decode(image.encode(memory)).part(EmrtdMemory).active_authentication_key
    assert isinstance(kept, RsaSigningKey)
    assert (kept.reference, kept.key.public_key) == (RSA_DIGEST_REFERENCES[digest], rsa_key().public_key)


@pytest.mark.parametrize(
    "data", [b"", b"\x00", b"\x02", b"\x06" + rsa_key().pkcs1.reveal(), b"\x02" + rsa_key().pkcs1.reveal()[:-1]]
)
def test_what_is_no_key_is_refused(data: bytes) -> None:
    application = EmrtdMemory()
    grouping: Dgi = layout.encrypt(layout.RSA_SIGNING_KEY, data, DEK)
    with pytest.raises(Refused):
        personalizer.store(application, (grouping,), DEK)
    assert application.active_authentication_key is None
