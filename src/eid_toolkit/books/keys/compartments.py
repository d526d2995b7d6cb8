"""The compartments of the key store: which keys lie together, and whether one person opens them or two."""

from __future__ import annotations

from enum import StrEnum


class Compartment(StrEnum):
    """One part of the key store, with a sealing key of its own."""

    REGISTER = "register"
    CARDS = "cards"
    DOCUMENT_SIGNING = "document-signing"
    CSCA = "csca"
    CVCA = "cvca"
    VERIFYING = "verifying"
    STAFF = "staff"
    AUDIT = "audit"
    BUNDLE = "bundle"
    EVIDENCE = "evidence"

    @property
    def by_two(self) -> bool:
        """Whether two of its holders have to open it together, outside a demo home."""
        return self in _BY_TWO

    @property
    def for_staff(self) -> bool:
        """Whether its key is sealed for the staff compartment, too, so that a role can be given."""
        return self not in _BY_TWO

    @property
    def in_token(self) -> bool:
        """Whether its keys can be in a token: they sign, or give a CMAC; the rest is used as such."""
        return self not in _IN_FILES


_BY_TWO = frozenset((Compartment.CSCA, Compartment.CVCA, Compartment.STAFF))
_IN_FILES = frozenset((Compartment.REGISTER, Compartment.STAFF, Compartment.EVIDENCE))

_BY_NAME = {
    "data": Compartment.REGISTER,
    "look-ups": Compartment.REGISTER,
    "card-master": Compartment.CARDS,
    "transport": Compartment.CARDS,
    "vendor": Compartment.CARDS,
    "ds": Compartment.DOCUMENT_SIGNING,
    "csca": Compartment.CSCA,
    "cvca": Compartment.CVCA,
    "dv": Compartment.VERIFYING,
    "is": Compartment.VERIFYING,
    "staff": Compartment.STAFF,
    "audit": Compartment.AUDIT,
    "mls": Compartment.BUNDLE,
    "tbs": Compartment.BUNDLE,
    "evidence": Compartment.EVIDENCE,
}


def compartment_of(name: str) -> Compartment:
    """Where the key ``name`` lies: its name is a word of the table, or begins with one and a hyphen.

    Raises :class:`KeyError` for a name that has no place.
    """
    for length in range(len(parts := name.split("-")), 0, -1):
        if (place := _BY_NAME.get("-".join(parts[:length]))) is not None:
            return place
    raise KeyError(name)


def words_of(compartment: Compartment) -> tuple[str, ...]:
    """How the names of its keys begin."""
    return tuple(word for word, place in _BY_NAME.items() if place is compartment)


def lies_in(name: str, compartment: Compartment) -> bool:
    """Whether a key of that name has its place there."""
    try:
        return compartment_of(name) is compartment
    except KeyError:
        return False
