"""What is believed, out of folders, files and memory; and files judged by it."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from eid_toolkit import Reading, Trust, emulate, errors, judge, read
from eid_toolkit.standards.pki.master_list import build_master_list
from support.authorities import Authority, new_key

START = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority(start=START)


@pytest.fixture(scope="module")
def read_card() -> tuple[Reading, Trust]:
    with emulate("utopia-id") as card:
        return read(card, card.can), card.trust


def test_a_folder_is_believed_and_what_is_not_is_told(tmp_path: Path, authority: Authority) -> None:
    (tmp_path / "csca.cer").write_bytes(authority.csca.der)
    (tmp_path / "list.crl").write_bytes(authority.crl(this_update=START).der)
    (tmp_path / "signer.cer").write_bytes(authority.signer(start=START).der)
    (tmp_path / "stranger.crl").write_bytes(Authority(start=START).crl(this_update=START).der)
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / ".hidden").write_text("not looked at")
    os.mkfifo(tmp_path / "pipe")
    trust = Trust.from_folder(tmp_path)
    assert trust.states == ("UT",)
    assert {each.source: each.reason for each in trust.left_out} == {
        "notes.txt": "trust-file-unknown",
        "signer.cer": "trust-not-a-csca",
        "stranger.crl": "trust-crl-of-unknown-authority",
    }
    assert all(each.sentence.endswith(".") and "{" not in each.sentence for each in trust.left_out)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Trust.from_folder(tmp_path / "nowhere")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    (told,) = Trust.from_files(tmp_path / "nothing.cer").left_out
    assert (told.source, told.reason) == ("nothing.cer", "file-away")


def test_a_master_list_is_believed_if_its_signer_is_or_if_somebody_vouches_for_it(
    tmp_path: Path, authority: Authority
) -> None:
    """9303-12 9: a list is not believed because it is there."""
    other, key = Authority("VNM", start=START), new_key()
    signer = authority.list_signer(key, start=START)
    listed = build_master_list([other.csca], key, signer, authority.csca, "sha256", START)
    (tmp_path / "list.ml").write_bytes(listed)
    alone = Trust.from_folder(tmp_path)
    (told,) = alone.left_out
    assert (alone.states, told.accept) == ((), signer.fingerprint)
    assert "{" not in told.sentence
    assert Trust.from_folder(tmp_path, accept=[signer.fingerprint.upper()]).states == ("VN",)
    (tmp_path / "csca.cer").write_bytes(authority.csca.der)
    proved = Trust.from_folder(tmp_path)
    assert (proved.states, proved.left_out) == (("UT", "VN"), ())


def test_certificates_from_memory_are_der_or_pem_or_objects_of_cryptography(authority: Authority) -> None:
    der, crl = authority.csca.der, authority.crl(this_update=START).der
    foreign = x509.load_der_x509_certificate(der)
    foreign_crl = x509.load_der_x509_crl(crl)
    pem = foreign.public_bytes(Encoding.PEM)
    for certificate, revoked in ((der, crl), (pem, crl), (foreign, foreign_crl)):
        trust = Trust.of([certificate], [revoked])
        assert (trust.states, trust.left_out) == (("UT",), ())


def test_what_is_no_certificate_in_memory_is_told() -> None:
    (told,) = Trust.of([b"\x30\x00"]).left_out
    assert told.source == "certificate 1"


def test_a_signer_that_no_csca_made_is_proved_false_only_where_all_cscas_are_known(
    read_card: tuple[Reading, Trust], authority: Authority
) -> None:
    """9303-12 2: of another state, a CSCA may just be missing here."""
    reading, _ = read_card
    assert judge(reading, Trust.of([authority.csca.der])).layers["document"] == "undetermined"
    assert judge(reading, Trust.of([authority.csca.der], complete_states=["UTO"])).layers["document"] == "failed"


def test_a_reading_is_judged_again(read_card: tuple[Reading, Trust]) -> None:
    reading, trust = read_card
    assert judge(reading, trust).decision == "passed"
    assert judge(reading, trust, at=datetime(2040, 1, 1)).decision == "failed"  # expired; a naive time is UTC


def test_files_and_folders_of_another_tool_are_judged(read_card: tuple[Reading, Trust], tmp_path: Path) -> None:
    reading, trust = read_card
    for name, content in reading.files.items():
        (tmp_path / f"{name}.bin").write_bytes(content)
    (tmp_path / "notes.txt").write_text("0: a note")
    for source in (reading.files, tmp_path, str(tmp_path)):
        verdict = judge(source, trust)
        assert verdict.layers["document"] != "failed"
        assert {check.id for check in verdict.causes} >= {"chip.ca", "chip.aa"}
        assert verdict.reading.protocol == "files"
    assert verdict.reading.not_recognized == ("notes.txt",)


def test_a_changed_data_group_fails(read_card: tuple[Reading, Trust]) -> None:
    reading, trust = read_card
    files = reading.files
    files["EF.DG1"] = files["EF.DG1"].replace(b"ANNA", b"ANNE")
    assert "pa.data-group-hashes" in {check.id for check in judge(files, trust).causes}
    assert reading.files["EF.DG1"] != files["EF.DG1"]  # what was read cannot be changed from outside


def test_files_without_ef_sod_are_refused() -> None:
    with pytest.raises(errors.BadInput, match="dumped-files-without-sod"):
        judge({"EF.DG1": b"\x61\x00"}, Trust.of([]))


def test_evidence_that_comes_as_bytes_or_as_a_file_is_believed_only_for_what_it_proves(
    read_card: tuple[Reading, Trust], tmp_path: Path
) -> None:
    """Whoever writes evidence may write that the chip proved its key."""
    reading, trust = read_card
    (tmp_path / "evidence.json").write_bytes(reading.encode())
    for source in (reading.encode(), tmp_path / "evidence.json"):
        verdict = judge(source, trust)
        statuses = {check.id: (check.status, check.reason) for check in verdict.checks}
        assert statuses["chip.ca"] == ("undetermined", "told-by-reader")
        assert statuses["chip.aa"] == ("passed", None)


def test_evidence_with_a_signature_is_told_from_evidence_without(read_card: tuple[Reading, Trust]) -> None:
    from eid_toolkit.ground.ports import SystemEntropy
    from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
    from eid_toolkit.standards.crypto.ec import EcPrivateKey
    from eid_toolkit.work.inspection.evidence_seal import sealed

    reading, trust = read_card
    signed = sealed(reading.encode(), EcPrivateKey.generate(ec_domain_by_name("secp256r1"), SystemEntropy()))
    changed = json.dumps({**json.loads(signed), "reader": "another"}).encode()
    standings = [judge(data, trust).to_json()["evidence"] for data in (reading.encode(), signed, changed)]
    assert [each["standing"] for each in standings] == ["unsigned", "stranger", "changed"]  # type: ignore[index]


def test_what_is_no_evidence_is_refused() -> None:
    with pytest.raises(errors.BadInput, match="evidence-malformed"):
        judge(b"{}", Trust.of([]))


def test_a_clock_behind_a_list_has_been_set_back(
    read_card: tuple[Reading, Trust], monkeypatch: pytest.MonkeyPatch
) -> None:
    """TR-03110-1 2.2.2: revocation lists tell the least that the time can be."""
    import eid_toolkit.api.inspecting as inspecting

    class Behind(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) - timedelta(days=30)

    monkeypatch.setattr(inspecting, "datetime", Behind)
    statuses = {check.id: check.reason for check in judge(*read_card).checks}
    assert statuses["status.clock"] == "clock-set-back"


def test_a_policy_that_is_not_known_is_refused(read_card: tuple[Reading, Trust]) -> None:
    with pytest.raises(errors.UsageError, match="policy-unknown"):
        judge(*read_card, policy="lenient")
