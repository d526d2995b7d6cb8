"""Whatever a card answers and whatever its files hold: an error of ours or a verdict that is not passed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.ground.errors import EidError
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.pki.validation import TrustMaterial
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.work.inspection.capture import capture
from eid_toolkit.work.inspection.evidence import Evidence
from eid_toolkit.work.inspection.policy import policy_by_name
from eid_toolkit.work.inspection.verdict import Decision, judge
from support.authorities import NOW, Authority
from support.documents import IssuedDocument, specimen_mrz, with_file
from support.scripted import FixedClock

OFFICER = policy_by_name("officer")
SIGNED = [ElementaryFile.of_data_group(number) for number in (1, 2, 11, 12, 14, 15)]
LISTING = [ElementaryFile.SOD, ElementaryFile.COM, ElementaryFile.CARD_ACCESS]


class AnsweringCard:
    """Gives the answers of a list, then 6F00 for ever."""

    atr = b"\x3b\x00"

    def __init__(self, answers: list[bytes]) -> None:
        self._answers: Iterator[bytes] = iter(answers)

    def process(self, command: bytes, /) -> bytes:
        return next(self._answers, b"\x6f\x00")

    def reset(self) -> None:
        pass

    def power_off(self) -> None:
        pass


@pytest.fixture(scope="module")
def genuine() -> tuple[Evidence, TrustMaterial]:
    authority = Authority()
    return IssuedDocument(authority, specimen_mrz()).evidence(), authority.trust(authority.crl())


plain = st.binary(max_size=40).map(lambda data: data + b"\x90\x00")


@given(st.lists(plain | st.binary(max_size=3) | st.sampled_from([b"\x61\x10", b"\x6c\x10", b"\x69\x82"]), max_size=30))
@settings(max_examples=200)
def test_a_card_that_answers_anything_opens_nothing(answers: list[bytes]) -> None:
    password = AccessPassword.from_mrz_information("X0000001<69001311320228")
    transport = InProcessTransport(AnsweringCard(answers), "emulator:hostile")
    with pytest.raises(EidError):
        capture(transport, password, OFFICER, SystemEntropy(), FixedClock(NOW))


@given(file=st.sampled_from(SIGNED + LISTING), content=st.binary(max_size=60))
@settings(max_examples=150)
def test_a_file_of_any_other_content_never_passes(
    genuine: tuple[Evidence, TrustMaterial], file: ElementaryFile, content: bytes
) -> None:
    evidence, trust = genuine
    assert judge(with_file(evidence, file, content), trust, OFFICER, NOW).decision is not Decision.PASSED


@given(file=st.sampled_from(SIGNED), data=st.data())
@settings(max_examples=150)
def test_one_changed_byte_in_a_data_group_never_passes(
    genuine: tuple[Evidence, TrustMaterial], file: ElementaryFile, data: st.DataObject
) -> None:
    evidence, trust = genuine
    content = bytearray(evidence.content(file) or b"")
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    verdict = judge(with_file(evidence, file, bytes(content)), trust, OFFICER, NOW)
    assert verdict.decision is not Decision.PASSED


@given(signature=st.binary(max_size=70))
@settings(max_examples=60)
def test_any_other_answer_to_the_challenge_fails(genuine: tuple[Evidence, TrustMaterial], signature: bytes) -> None:
    evidence, trust = genuine
    active = replace(evidence.active_authentication, signature=signature)
    verdict = judge(replace(evidence, active_authentication=active), trust, OFFICER, NOW)
    assert verdict.failed_checks() == {"chip.aa"}
