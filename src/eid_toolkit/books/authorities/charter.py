"""What an authority of the country signing PKI is to be: its state, its names, and how long its documents are good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.pki.certificate import SPECIMEN_MARK, Certificate
from eid_toolkit.standards.pki.countries import two_letters
from eid_toolkit.standards.pki.issuing import Publication, distinguished_name
from eid_toolkit.standards.pki.names import ORGANIZATION, DistinguishedName


@dataclass(frozen=True, slots=True)
class Charter:
    """What an authority is to be: its state (code of the MRZ), its name, and what its documents need."""

    state: str
    name: str
    specimen: bool
    document_types: tuple[str, ...]
    document_validity: timedelta
    """The longest time for which one of its documents is good: certificates outlive it."""
    contact: str | None = None
    """An e-mail or web address, to stand in the certificates."""

    @property
    def publication(self) -> Publication:
        """What stands in every certificate."""
        return Publication(self.state, (self.contact,) if self.contact else ())

    def distinguished_name(self, title: str) -> DistinguishedName:
        """A name of the authority's; raises :class:`BadInput` for a state that has no code of two letters."""
        country = two_letters(self.state)
        if country is None:
            raise BadInput("country-unknown", country=self.state)
        mark = f"{SPECIMEN_MARK} " if self.specimen else ""
        return distinguished_name(country, self.name, f"{mark}{title}")

    @classmethod
    def of_csca(cls, state: str, csca: Certificate, signer: Certificate | None) -> Charter:
        """The charter that an existing CSCA was made by, as far as its certificates tell."""
        usage = csca.extensions.private_key_usage
        usage_end = csca.not_after if usage is None or usage.not_after is None else usage.not_after
        contacts = csca.extensions.subject_alternative_names.contacts
        types = signer.extensions.document_types if signer is not None else ()
        return cls(
            state,
            csca.subject.value(ORGANIZATION) or state,
            csca.specimen,
            types,
            csca.not_after - usage_end - timedelta(days=90),
            contacts[0] if contacts else None,
        )
