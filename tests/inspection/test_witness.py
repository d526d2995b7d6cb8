"""What evidence cannot prove is worth the word of who wrote it, and no more."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.ground.errors import BadInput, IntegrityBroken, ServiceAway
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.standards.iso7816.files import ElementaryFile as Ef
from eid_toolkit.standards.pki.validation import TrustMaterial
from eid_toolkit.work.inspection.evidence import (
    ActiveAuthenticationEvidence,
    ChipAuthenticationEvidence,
    ChipProof,
    Evidence,
    FileEvidence,
    FileState,
)
from eid_toolkit.work.inspection.evidence_format import decode_evidence, encode_evidence
from eid_toolkit.work.inspection.evidence_keys import KEY_FILE, READERS_FILE, EvidenceKeys
from eid_toolkit.work.inspection.evidence_seal import fingerprint_of, read_seal, sealed
from eid_toolkit.work.inspection.policy import policy_by_name
from eid_toolkit.work.inspection.result import CheckStatus, Layer
from eid_toolkit.work.inspection.verdict import Decision, Verdict, judge
from eid_toolkit.work.inspection.witness import Standing, Witness
from support.authorities import NOW, Authority
from support.documents import IssuedDocument, specimen_mrz, without

OFFICER = policy_by_name("officer")
NOT_BELIEVED = (Standing.STRANGER, Standing.CHANGED, Standing.UNSIGNED)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def trust(authority: Authority) -> TrustMaterial:
    return authority.trust(authority.crl())


@pytest.fixture(scope="module")
def evidence(authority: Authority) -> Evidence:
    return IssuedDocument(authority, specimen_mrz()).evidence()


def without_challenge(evidence: Evidence) -> Evidence:
    """A chip that was asked for Chip Authentication alone."""
    return replace(evidence, active_authentication=ActiveAuthenticationEvidence(ChipProof.NOT_ATTEMPTED))


def judged(evidence: Evidence, trust: TrustMaterial, standing: Standing) -> Verdict:
    return judge(evidence, trust, OFFICER, NOW, witness=Witness(standing))


def outcome(verdict: Verdict, check: str) -> tuple[CheckStatus, str | None]:
    return next((each.status, each.reason) for each in verdict.checks if each.id == check)


@pytest.mark.parametrize("standing", [Standing.SELF, Standing.ENROLLED])
def test_who_is_believed_is_taken_at_their_word(evidence: Evidence, trust: TrustMaterial, standing: Standing) -> None:
    assert judged(without_challenge(evidence), trust, standing).layers[Layer.CHIP] is Decision.PASSED


@pytest.mark.parametrize("standing", NOT_BELIEVED)
@pytest.mark.parametrize("told", [ChipProof.DONE, ChipProof.WRONG, ChipProof.REFUSED])
def test_chip_authentication_is_told_by_the_reader(
    evidence: Evidence, trust: TrustMaterial, standing: Standing, told: ChipProof
) -> None:
    """Neither a proof nor a forgery can be had from what a stranger wrote of it."""
    chip = replace(evidence.chip_authentication, outcome=told)
    verdict = judged(without_challenge(replace(evidence, chip_authentication=chip)), trust, standing)
    assert outcome(verdict, "chip.ca") == (CheckStatus.UNDETERMINED, "told-by-reader")
    assert verdict.layers[Layer.CHIP] is Decision.UNDETERMINED


@pytest.mark.parametrize("standing", NOT_BELIEVED)
def test_active_authentication_is_verified_again(evidence: Evidence, trust: TrustMaterial, standing: Standing) -> None:
    assert outcome(judged(evidence, trust, standing), "chip.aa") == (CheckStatus.PASSED, None)
    wrong = replace(evidence.active_authentication, signature=bytes(64))
    verdict = judged(replace(evidence, active_authentication=wrong), trust, standing)
    assert outcome(verdict, "chip.aa") == (CheckStatus.FAILED, "aa-signature-wrong")


@pytest.mark.parametrize("standing", NOT_BELIEVED)
@pytest.mark.parametrize("state", [FileState.ABSENT, FileState.PROTECTED, FileState.FAILED])
def test_what_became_of_a_file_is_told_by_the_reader(
    evidence: Evidence, trust: TrustMaterial, standing: Standing, state: FileState
) -> None:
    verdict = judged(without(evidence, [Ef.DG2], state), trust, standing)
    assert outcome(verdict, "pa.data-group-hashes") == (CheckStatus.UNDETERMINED, "told-by-reader")
    assert verdict.data_groups[2] is FileState.TOLD


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        (Standing.ENROLLED, (CheckStatus.FAILED, "mrz-differs-from-dg1")),
        *((standing, (CheckStatus.UNDETERMINED, "told-by-reader")) for standing in NOT_BELIEVED),
    ],
)
def test_that_the_printed_mrz_is_another_is_told_by_the_reader(
    evidence: Evidence, trust: TrustMaterial, standing: Standing, expected: tuple[CheckStatus, str]
) -> None:
    other = replace(evidence, access=replace(evidence.access, mrz_matches=False))
    assert outcome(judged(other, trust, standing), "document.consistency") == expected


def test_a_state_of_biometrics_is_refused_for_other_files(evidence: Evidence) -> None:
    data = json.loads(encode_evidence(evidence))
    hidden = {"state": "needs-terminal-authentication", "content": None, "cause": None}
    for label in ("EF.DG1", "EF.DG2", "EF.DG14", "EF.SOD"):
        with pytest.raises(BadInput):
            decode_evidence(json.dumps(data | {"files": data["files"] | {label: hidden}}).encode())
    both = {"EF.DG3": hidden, "EF.DG4": hidden}
    assert decode_evidence(json.dumps(data | {"files": data["files"] | both}).encode()).files[Ef.DG3] == FileEvidence(
        FileState.NEEDS_TERMINAL_AUTHENTICATION
    )
    told = {"state": "told-by-reader", "content": None, "cause": None}
    with pytest.raises(BadInput):
        decode_evidence(json.dumps(data | {"files": data["files"] | {"EF.DG12": told}}).encode())


def test_evidence_that_says_that_no_card_was_opened_is_refused(evidence: Evidence) -> None:
    data = json.loads(encode_evidence(evidence))
    for protocol in ("files", "", None, 1, ["pace"]):
        with pytest.raises(BadInput):
            decode_evidence(json.dumps(data | {"access": data["access"] | {"protocol": protocol}}).encode())


class TestKeys:
    def test_a_home_knows_its_own_evidence_again(self, tmp_path: Path, evidence: Evidence) -> None:
        keys = EvidenceKeys(tmp_path)
        assert keys.own() is None
        raw = sealed(encode_evidence(evidence), keys.own_or_new(SystemEntropy()))
        assert (tmp_path / "evidence" / KEY_FILE).stat().st_mode & 0o777 == 0o600
        assert decode_evidence(raw) == evidence
        assert EvidenceKeys(tmp_path).witness(read_seal(raw)).standing is Standing.SELF
        assert json.loads(raw)["schema"] == "eid-evidence/3"

    def test_another_home_believes_it_after_enrolling_its_fingerprint(self, tmp_path: Path, evidence: Evidence) -> None:
        key = EvidenceKeys(tmp_path / "checkpoint").own_or_new(SystemEntropy())
        seal = read_seal(sealed(encode_evidence(evidence), key))
        here, grouped = EvidenceKeys(tmp_path / "here"), fingerprint_of(key).upper()
        assert here.witness(seal) == Witness(Standing.STRANGER, fingerprint_of(key))
        here.enrol(" ".join(grouped[at : at + 4] for at in range(0, 64, 4)), "Checkpoint 4")
        assert here.witness(seal) == Witness(Standing.ENROLLED, fingerprint_of(key), "Checkpoint 4")
        here.forget(here.find(grouped[:8]))
        assert here.witness(seal).standing is Standing.STRANGER

    @given(data=st.data())
    def test_evidence_that_was_changed_in_any_place_is_nobodys(self, data: st.DataObject) -> None:
        key = EvidenceKeys(Path("/nowhere"))
        whole = json.loads(SEALED)
        name = data.draw(st.sampled_from(sorted(whole.keys() - {"signature", "schema"})))
        whole[name] = data.draw(st.integers() | st.text(max_size=5) | st.none())
        if json.dumps(whole) != json.dumps(json.loads(SEALED)):
            assert key.witness(read_seal(json.dumps(whole).encode())).standing is Standing.CHANGED

    def test_how_a_file_is_indented_does_not_matter(self) -> None:
        seal = read_seal(json.dumps(json.loads(SEALED), indent=4, sort_keys=True).encode())
        assert seal is not None
        assert seal.is_good

    def test_evidence_without_a_signature_is_nobodys(self, tmp_path: Path, evidence: Evidence) -> None:
        raw = encode_evidence(evidence)
        assert EvidenceKeys(tmp_path).witness(read_seal(raw)).standing is Standing.UNSIGNED
        old = json.dumps(json.loads(raw) | {"schema": "eid-evidence/1"}).encode()
        assert decode_evidence(old) == evidence

    @pytest.mark.parametrize(
        "signature", [1, [], {}, {"public_key": "%", "value": ""}, {"public_key": "A" * 4000, "value": ""}, "text"]
    )
    def test_a_signature_that_is_none_is_bad_input(self, evidence: Evidence, signature: object) -> None:
        raw = json.dumps(json.loads(encode_evidence(evidence)) | {"signature": signature}).encode()
        with pytest.raises(BadInput):
            read_seal(raw)

    def test_a_home_that_cannot_be_written_to_says_so(self, tmp_path: Path) -> None:
        (tmp_path / "evidence").write_text("a file where the folder should be")
        with pytest.raises(ServiceAway):
            EvidenceKeys(tmp_path).own_or_new(SystemEntropy())

    def test_damage_is_told(self, tmp_path: Path) -> None:
        keys = EvidenceKeys(tmp_path)
        keys.own_or_new(SystemEntropy())
        keys.enrol("ab" * 32, "A")
        (tmp_path / "evidence" / KEY_FILE).write_bytes(b"nonsense")
        (tmp_path / "evidence" / READERS_FILE).write_bytes(b'{"schema": "eid-evidence-readers/1"}')
        with pytest.raises(IntegrityBroken):
            keys.own()
        with pytest.raises(IntegrityBroken):
            keys.enrolled()

    @pytest.mark.parametrize(
        ("fingerprint", "name"), [("ab", "A"), ("zz" * 32, "A"), ("ab" * 32, ""), ("ab" * 32, "\x1b[2J")]
    )
    def test_what_is_no_fingerprint_or_name_is_refused(self, tmp_path: Path, fingerprint: str, name: str) -> None:
        with pytest.raises(BadInput):
            EvidenceKeys(tmp_path).enrol(fingerprint, name)


def _specimen() -> bytes:
    from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
    from eid_toolkit.standards.crypto.ec import EcPrivateKey

    bare = replace(
        IssuedDocument(Authority(), specimen_mrz()).evidence(),
        chip_authentication=ChipAuthenticationEvidence(ChipProof.NOT_ATTEMPTED),
    )
    return sealed(encode_evidence(bare), EcPrivateKey.generate(ec_domain_by_name("secp256r1"), SystemEntropy()))


SEALED = _specimen()
