"""The specimen passport of the BSI (2008): real files of another maker, judged as far as they can be.

Its files are found beside the project; the test is skipped where they are not.
"""

from __future__ import annotations

from datetime import UTC, datetime

from eid_toolkit.standards.iso7816.files import ElementaryFile as Ef
from eid_toolkit.standards.pki.validation import TrustMaterial
from eid_toolkit.work.inspection.evidence import AccessEvidence, Evidence, FileEvidence, FileState
from eid_toolkit.work.inspection.policy import policy_by_name
from eid_toolkit.work.inspection.verdict import Decision, judge
from support.specimen_passport import needs_specimen, specimen_file

SIGNED = (Ef.COM, Ef.SOD, Ef.DG1, Ef.DG2, Ef.DG14)
NOW = datetime(2009, 1, 1, tzinfo=UTC)


@needs_specimen
def test_what_its_issuer_signed_is_genuine_and_the_rest_is_not_claimed() -> None:
    files = {file: FileEvidence(FileState.READ, specimen_file(file.label.removeprefix("EF."))) for file in SIGNED}
    files[Ef.DG3] = FileEvidence(FileState.NEEDS_TERMINAL_AUTHENTICATION)
    files[Ef.CARD_ACCESS] = FileEvidence(FileState.ABSENT)
    evidence = Evidence(NOW, 0, "files", b"", AccessEvidence("bac", "mrz", cipher="3des"), files)
    verdict = judge(evidence, TrustMaterial(), policy_by_name("officer"), NOW)
    status = {result.id: result.reason or result.status.value for result in verdict.checks}
    assert (status["pa.sod-signature"], status["pa.data-group-hashes"]) == ("passed", "passed")
    assert (status["pa.dsc-chain"], status["document.card-access"]) == ("csca-unknown", "passed")
    assert (status["chip.ca"], status["chip.aa"]) == ("ca-not-attempted", "chip-key-not-offered")
    assert verdict.decision is not Decision.PASSED
    assert verdict.holder is not None
    assert verdict.holder.primary_identifier == "MUSTERMANN"
