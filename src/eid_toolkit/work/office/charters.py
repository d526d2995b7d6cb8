"""Which state is meant, what its authority is chartered for, and what the home has of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eid_toolkit.work.office.office import Office

if TYPE_CHECKING:
    from eid_toolkit.books.authorities.charter import Charter
    from eid_toolkit.books.authorities.verifying import VerifyingStore


def state_of(office: Office, state: str | None) -> str:
    """The state that is meant: the home's own if none is named."""
    return (state or office.home.config.country).upper()


def charter_of(office: Office, state: str) -> Charter:
    """What the authority of a state is to be, by the profiles and, where there is a CSCA, by its certificate."""
    from dataclasses import replace

    from eid_toolkit.books.authorities.authority_files import CSCA, SIGNER
    from eid_toolkit.books.authorities.charter import Charter
    from eid_toolkit.standards.profiles import list_profiles, load_profile
    from eid_toolkit.work.office.founding import charter_for

    folders = [office.home.profiles]
    profiles = [load_profile(name, folders) for name in list_profiles(folders)]
    planned = charter_for(state, office.home.config, profiles)
    authorities = office.authorities
    if not authorities.files.generations(state, CSCA):
        return planned
    signer = authorities.signer_certificate(state) if authorities.files.generations(state, SIGNER) else None
    certified = Charter.of_csca(state, authorities.csca(state), signer)
    types = tuple(sorted({*planned.document_types, *certified.document_types}))
    return replace(planned, name=certified.name, contact=certified.contact, document_types=types)


def verifying_of(office: Office) -> VerifyingStore:
    """The home's CVCA, document verifiers and terminals."""
    from eid_toolkit.books.authorities.verifying import VerifyingStore

    return VerifyingStore(office.home.pki, office.keys, lambda: office.crypto_policy.policy)
