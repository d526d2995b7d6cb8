"""The extensions of certificates that ICAO defines (ICAO Doc 9303-12 7.1.1.5 and 7.1.1.6)."""

from __future__ import annotations

from asn1crypto import core


class DocumentTypes(core.SetOf):
    """Document codes as they stand in the MRZ, without filler."""

    _child_spec = core.PrintableString


class DocumentTypeListSyntax(core.Sequence):
    """The types of documents that a document signer may sign."""

    _fields = [("version", core.Integer), ("docTypeList", DocumentTypes)]


class NameChangeSyntax(core.Null):
    """In a link certificate: the CSCA has another name than before."""


EXTENSIONS: dict[str, type[core.Asn1Value]] = {
    "2.23.136.1.1.6.1": NameChangeSyntax,
    "2.23.136.1.1.6.2": DocumentTypeListSyntax,
}
"""The type of an extension's value by its identifier."""
