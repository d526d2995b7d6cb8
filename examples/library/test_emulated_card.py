"""An emulated card in a test of your own reader software: pytest test_emulated_card.py"""

from eid_toolkit import emulate, verify

SELECT_EMRTD = bytes.fromhex("00A4040C07A0000002471001")


def test_the_card_has_the_application_of_a_passport():
    with emulate("utopia-id") as card:
        assert card.process(SELECT_EMRTD) == b"\x90\x00"


def test_a_copied_chip_is_detected():
    with emulate("utopia-id", forgery="clone") as card:
        assert verify(card, card.can, card.trust).decision == "failed"
