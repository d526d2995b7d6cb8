"""Reads a finished card as a stranger would, compares every file with what was to be written, and judges it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from eid_toolkit.cards.terminal.access import open_access
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.ground.errors import CardWouldNotPass, DecisionNeeded, EidError, NoCardError
from eid_toolkit.ground.ports import Clock, Entropy
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.sod import Sod
from eid_toolkit.standards.pki.validation import Status, TrustMaterial, check_revocation, validate_signer
from eid_toolkit.standards.protocols.passwords import PasswordKind
from eid_toolkit.standards.protocols.personalization_data import AccessProtocols, AccessRule, access_rule
from eid_toolkit.work.inspection.capture import capture, read_small_files
from eid_toolkit.work.inspection.evidence import FileState
from eid_toolkit.work.inspection.policy import Policy, policy_by_name
from eid_toolkit.work.inspection.result import CheckResult, CheckStatus
from eid_toolkit.work.inspection.verdict import Decision, judge
from eid_toolkit.work.personalization.content import CardContent
from eid_toolkit.work.personalization.rehearsal import rehearsed

POLICY = "issuer-readback"
WOULD_NOT_PASS = "card-would-not-pass"


@dataclass(frozen=True, slots=True)
class ReadBack:
    """The issuer's own inspection."""

    trust: TrustMaterial
    clock: Clock
    entropy: Entropy

    def rehearse(self, content: CardContent) -> None:
        """Looks before a blank is touched whether a card with this content would pass, and why not.

        First whether its signer passes today, then everything: a card in memory is read back as the real one will be.
        Raises :class:`NotPermitted`, with the check that would not pass and its reason.
        """
        self._check_signer(content)
        try:
            self._inspect(rehearsed(content, self.entropy), content)
        except DecisionNeeded as error:
            raise CardWouldNotPass(
                WOULD_NOT_PASS, **{"check": "document.reading", "reason": error.code, **error.facts}
            ) from error
        except EidError as error:  # it cannot even be opened, or takes its own keys for wrong
            raise CardWouldNotPass(WOULD_NOT_PASS, check="document.access", reason=error.code) from error

    def _check_signer(self, content: CardContent) -> None:
        """What costs little, and is the same for all documents of a signer: expired, revoked, lists out of date."""
        signer = Sod.parse(content.files[ElementaryFile.SOD]).signed_data.signer_certificate
        if signer is None:
            raise CardWouldNotPass(WOULD_NOT_PASS, check="pa.dsc-chain", reason="sod-without-signer")
        now = self.clock.now()
        looks = (
            ("pa.dsc-chain", validate_signer(signer, self.trust, now)),
            ("status.revocation", check_revocation(signer, self.trust, now)),
        )
        for check, outcome in looks:
            if outcome.status is not Status.PASSED:
                raise CardWouldNotPass(WOULD_NOT_PASS, check=check, reason=outcome.reason)

    def __call__(self, session: CardSession, content: CardContent) -> dict[str, object]:
        """Opens the card with the CAN, reads and judges it, then opens it once more with the MRZ.

        Raises :class:`DecisionNeeded` if anything is not as it should be: the card is locked by now. A card that
        went away meanwhile is a :class:`NoCardError`, and can be read back again.
        """
        return self._inspect(session, content)

    def _inspect(self, session: CardSession, content: CardContent) -> dict[str, object]:
        policy = policy_by_name(POLICY)
        kind = PasswordKind.CAN if AccessProtocols.PACE in content.protocols else PasswordKind.MRZ
        evidence = capture(session.transport, content.password(kind), policy, self.entropy, self.clock)
        if evidence.interrupted is not None:
            raise NoCardError("read-back-interrupted", cause=evidence.interrupted)
        from_card = {file: evidence.content(file) for file in content.files} | read_small_files(session.transport)
        held_back = {file for file in content.files if access_rule(file) is AccessRule.TERMINAL_AUTHENTICATION}
        open_files = content.files.keys() - held_back
        different = [file.label for file in open_files if from_card[file] != content.files[file]]
        expected = FileState.NEEDS_TERMINAL_AUTHENTICATION
        different += [file.label for file in held_back if evidence.state(file) is not expected]
        if different:
            raise DecisionNeeded("read-back-differs", files=", ".join(sorted(different)))
        verdict = judge(evidence, self.trust, policy, self.clock.now())
        if verdict.decision is not Decision.PASSED:
            wrong = [result for result in verdict.checks if result.status is not CheckStatus.PASSED]
            first = min(wrong, key=partial(_gravity, policy))
            told = {"verdict": str(verdict.decision), "checks": ", ".join(result.id for result in wrong)}
            raise DecisionNeeded(
                "read-back-verdict", **{**first.outcome.facts, **told, "check": first.id, "reason": first.reason}
            )
        session.reset()
        open_access(session, content.password(PasswordKind.MRZ), self.entropy, allow_bac=True)
        return {"verdict": str(verdict.decision), "policy": policy.name, "files": len(content.files)}


def _gravity(policy: Policy, result: CheckResult) -> tuple[bool, bool]:
    """What comes first where one cause is to be told: a failure, then what the policy wants."""
    return result.status is not CheckStatus.FAILED, result.id not in policy.required
