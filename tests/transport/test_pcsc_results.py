"""Each result of PC/SC becomes one error, whether it comes as a signed number or as an unsigned one."""

from __future__ import annotations

import pytest
from smartcard import scard

from eid_toolkit.cards.transport import pcsc
from eid_toolkit.ground.errors import CardRemoved, EidError, NoReaderError, ReaderAway, ServiceAway


@pytest.mark.parametrize(
    ("result", "kind", "code"),
    [
        (scard.SCARD_E_NO_SERVICE, ReaderAway, "pcsc-service-away"),
        (0x8010001D, ReaderAway, "pcsc-service-away"),  # the same as pcsclite.h has it
        (0x8010001D - (1 << 32), ReaderAway, "pcsc-service-away"),
        (scard.SCARD_W_REMOVED_CARD, CardRemoved, "card-removed"),
        (scard.SCARD_E_UNKNOWN_READER, NoReaderError, "reader-gone"),
        (scard.SCARD_E_CANCELLED, ServiceAway, "pcsc-failed"),
    ],
)
def test_a_result_becomes_an_error(result: int, kind: type[EidError], code: str) -> None:
    error = pcsc._error(result, "ACS")
    assert (type(error), error.code, error.facts["reader"]) == (kind, code, "ACS")
    assert error.facts["result"] == f"{result & 0xFFFFFFFF:08X}"
    assert error.facts["meaning"]


def test_every_result_that_is_told_apart_is_one_of_pyscards() -> None:
    assert all(isinstance(getattr(scard, name), int) for name in pcsc._ERRORS)
