"""The country verifying CA, document verifiers and terminals: who lets whom read fingerprints and irises."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from eid_toolkit.books.authorities.authority_files import CVCA, VERIFIER
from eid_toolkit.ground.errors import EidError, NotPermitted
from eid_toolkit.work.office.act import Act, act
from eid_toolkit.work.office.charters import verifying_of
from eid_toolkit.work.office.country_signing import BY_ONE, BY_TWO
from eid_toolkit.work.office.office import Office
from eid_toolkit.work.office.own_files import require_own

if TYPE_CHECKING:
    from eid_toolkit.books.authorities.key_kinds import KeyKind
    from eid_toolkit.books.authorities.terminals import TerminalStore
    from eid_toolkit.standards.crypto.domain_parameters import EcDomain
    from eid_toolkit.standards.pki.cv_certificate import CvCertificate
    from eid_toolkit.standards.pki.cv_request import CvRequest

RIGHTS = {"none": 0, "dg3": 1, "dg4": 2, "both": 3}
"""Which data groups may be read, and the bits that say so (TR-03110-4 2.2.3.2)."""


def create_cvca(office: Office, state: str, kind: KeyKind, mnemonic: str, rights: str, days: int) -> CvCertificate:
    """The CVCA of a state, or its next key with a link certificate from the one before."""
    with act(office, BY_TWO, "cvca.create", state, {"key": kind, "rights": rights, "days": days}) as doing:
        today = office.clock.now().date()
        certificate = verifying_of(office).create_root(state, mnemonic, RIGHTS[rights], today, days, kind)
        made = _made(office, doing, CVCA, state, certificate)
        doing.done("cvca.created", {"reference": reference_of(certificate), **made})
    return certificate


def create_verifier(office: Office, state: str, kind: KeyKind, mnemonic: str, rights: str, days: int) -> CvCertificate:
    """A domestic document verifier, in a home with the CVCA's key."""
    from eid_toolkit.standards.pki.cv_authorization import Role

    with act(office, BY_TWO, "dv.create", state, {"key": kind, "rights": rights, "days": days}) as doing:
        store, today = verifying_of(office), office.clock.now().date()
        request, _ = store.request(state, VERIFIER, mnemonic, kind)
        certificate = store.certify_verifier(state, request, Role.DV_DOMESTIC, RIGHTS[rights], today, days)
        store.install(state, VERIFIER, certificate)
        made = _made(office, doing, VERIFIER, state, certificate)
        doing.done("dv.created", {"reference": reference_of(certificate), **made})
    return certificate


def request_verifier(office: Office, state: str, kind: KeyKind, mnemonic: str, output: Path) -> None:
    """A document verifier's key, and the request for its certificate in ``output``.

    Where an earlier certificate of the verifier is kept here, its key authenticates the request.
    """
    with act(office, BY_ONE, "dv.request", state, {"key": kind}) as doing:
        store = verifying_of(office)
        earlier, numbers = store.verifiers(state), store.files.generations(state, VERIFIER)
        request, number = store.request(state, VERIFIER, mnemonic, kind)
        if earlier:
            key = store.signer_of(state, VERIFIER, numbers[-1])
            request = request.authenticated(key, earlier[-1].content.holder_reference)
        doing.deliver(output, request.encode())
        doing.done("dv.requested", {"number": number})


def issue_verifier(
    office: Office, state: str, request: CvRequest, output: Path, *, foreign: bool, rights: str, days: int
) -> CvCertificate:
    """A document verifier's certificate in ``output``, in a home with the CVCA's key."""
    from eid_toolkit.standards.pki.cv_authorization import Role

    by = request.authenticated_by
    detail = {"holder": request.holder_reference.text, "rights": rights, "days": days, "foreign": foreign}
    detail |= {"authenticated_by": by.text if by is not None else None}
    with act(office, BY_TWO, "dv.issue", state, detail) as doing:
        role, today = Role.DV_FOREIGN if foreign else Role.DV_DOMESTIC, office.clock.now().date()
        certificate = verifying_of(office).certify_verifier(state, request, role, RIGHTS[rights], today, days)
        doing.deliver(output, certificate.encode())
        doing.done("dv.issued", {"reference": reference_of(certificate)})
    return certificate


def install_verifier(office: Office, state: str, certificate: CvCertificate) -> None:
    """Keep the certificate that came for a document verifier's key of this home."""
    detail = {"reference": reference_of(certificate)}
    with act(office, BY_ONE, "dv.install", state, detail) as doing:
        verifying_of(office).install(state, VERIFIER, certificate)
        doing.done("dv.installed", {**detail, **_made(office, doing, VERIFIER, state, certificate)})


def issue_terminal(
    office: Office, state: str, request: CvRequest, output: Path, *, rights: str, days: int
) -> CvCertificate:
    """A terminal's certificate in ``output``, in a home with the document verifier's key."""
    detail = {"reference": request.holder_reference.text}
    with act(office, BY_ONE, "terminal.issue", state, {**detail, "rights": rights, "days": days}) as doing:
        today = office.clock.now().date()
        certificate = verifying_of(office).certify_terminal(state, request, RIGHTS[rights], today, days)
        doing.deliver(output, certificate.encode())
        doing.done("terminal.issued", detail)
    return certificate


def provision_terminal(
    office: Office,
    state: str,
    officer: Path,
    open_terminals: Callable[[], TerminalStore],
    *,
    mnemonic: str,
    number: int | None,
    rights: str,
    days: int,
) -> CvCertificate:
    """A terminal's key in the home of an ``officer``, with its certificate and all above it.

    The key is made in the key store that ``open_terminals`` opens there, on the curve of the CVCA's key.
    """
    from eid_toolkit.standards.crypto.ec import EcPublicKey
    from eid_toolkit.standards.pki.cv_certificate import KeyReference
    from eid_toolkit.standards.pki.cv_public_key import CvEcKey, identifier_of
    from eid_toolkit.standards.pki.cv_request import CvRequest

    store = verifying_of(office)
    require_own(office, state)
    asked = {"officer": officer.name, "rights": rights, "days": days}
    with act(office, BY_ONE, "terminal.provision", state, asked) as doing:
        domain = _curve_of(store.roots(state)[-1:])
        country = store.files.cv_certificate(state, VERIFIER).content.holder_reference.country
        issued = [reference_of(earlier) for earlier in store.issued(state, VERIFIER)]
        sequence = number or _next(f"{country}{mnemonic}", issued)
        reference = KeyReference(f"{country}{mnemonic}{sequence:05}")
        target = open_terminals()
        signer = target.new_key(domain.name, reference, office.entropy)
        public = CvEcKey(identifier_of(signer.algorithm), EcPublicKey.from_spki(signer.public_key).point, domain)
        try:
            request, today = CvRequest.build(public, signer, reference), office.clock.now().date()
            certificate = store.certify_terminal(state, request, RIGHTS[rights], today, days)
        except EidError:
            target.discard_key(reference)
            raise
        target.add((*store.links(state), store.verifiers(state)[-1], certificate), signer)
        doing.done("terminal.provisioned", {"reference": reference.text, "officer": officer.name})
    return certificate


def _made(office: Office, doing: Act, kind: str, state: str, certificate: CvCertificate) -> dict[str, object]:
    """For the outcome's row: who acts vouches for the certificate, whatever file lies in its place later."""
    from eid_toolkit.books.audit.made import in_detail
    from eid_toolkit.books.authorities.vouched import made_of

    made = made_of(kind, state, certificate, office.clock.now())
    return in_detail(office.keys.foundation, doing.people, [made])


def reference_of(certificate: CvCertificate) -> str:
    """The holder's reference."""
    return certificate.content.holder_reference.text


def _next(prefix: str, issued: list[str]) -> int:
    """The sequence number after the last that was issued under a name."""
    numbers = [text.removeprefix(prefix) for text in issued if text.startswith(prefix)]
    return max((int(text) for text in numbers if len(text) == 5 and text.isdigit()), default=0) + 1


def _curve_of(roots: tuple[CvCertificate, ...]) -> EcDomain:
    """The curve that a terminal's key has to be on: the CVCA's (9303-12 7.2.2.3)."""
    from eid_toolkit.standards.pki.cv_public_key import CvEcKey

    for root in roots:
        key = root.content.public_key
        if isinstance(key, CvEcKey) and key.domain is not None:
            return key.domain
    raise NotPermitted("terminal-needs-curve")
