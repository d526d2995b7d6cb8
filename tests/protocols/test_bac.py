"""Basic Access Control and secure messaging against the worked example of Doc 9303-11 appendix D."""

from __future__ import annotations

import pytest

from eid_toolkit.ground.errors import AccessDenied, ChannelError, ProtocolError
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.messaging_suites import suite_from_keys
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.protocols import bac
from eid_toolkit.standards.protocols.bac import BacKeys
from eid_toolkit.standards.protocols.flow import run
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.standards.protocols.secure_messaging import SecureChannel
from support.scripted import ScriptedEntropy
from vectors import load

D = load("icao_D_bac_sm")
D3 = {name: bytes.fromhex(value) for name, value in D["D3"].items()}
INFORMATION = D["D2"][3]["mrz_information"]


def password() -> AccessPassword:
    return AccessPassword.from_mrz_information(INFORMATION)


def card(command: CommandApdu) -> ResponseApdu:
    """Answers as the example's chip does, through our own card side."""
    if command.ins == 0x84:
        return ResponseApdu(D3["rnd_ic"], 0x9000)
    assert command.encode() == D3["cmd"]
    found = bac.respond(BacKeys.of(password()), D3["rnd_ic"], command.data, ScriptedEntropy([D3["k_ic"]]))
    assert found is not None
    return ResponseApdu(found[0], 0x9000)


def test_document_keys_follow_from_the_mrz() -> None:
    encryption, authentication = password().bac_keys()
    assert encryption.matches(bytes.fromhex(D["D1"]["k_enc"]))
    assert authentication.matches(bytes.fromhex(D["D1"]["k_mac"]))


@pytest.mark.parametrize("example", D["D2"], ids=lambda example: example["form"])
def test_every_example_of_mrz_information_gives_keys(example: dict[str, str]) -> None:
    AccessPassword.from_mrz_information(example["mrz_information"]).bac_keys()


def test_both_ends_reproduce_the_example() -> None:
    channel = run(bac.authenticate(password(), ScriptedEntropy([D3["rnd_ifd"], D3["k_ifd"]])), card)
    for example in D["D4"]:
        protected = channel.protect_command(CommandApdu.decode(bytes.fromhex(example["plain"])))
        assert protected.encode().hex().upper() == example["protected"]
        answer = channel.open_response(protected.ins, ResponseApdu.decode(bytes.fromhex(example["rapdu"])))
        assert answer == ResponseApdu(bytes.fromhex(example["data"]), 0x9000)


def test_the_card_side_of_secure_messaging_reproduces_the_example() -> None:
    suite = suite_from_keys("3des", Secret(D3["ks_enc"]), Secret(D3["ks_mac"]))
    channel = SecureChannel(suite, int.from_bytes(D3["ssc"], "big"))
    for example in D["D4"]:
        command = channel.open_command(CommandApdu.decode(bytes.fromhex(example["protected"])))
        assert command.encode().hex().upper() == example["plain"]
        answer = channel.protect_response(command.ins, ResponseApdu(bytes.fromhex(example["data"]), 0x9000))
        assert answer.encode().hex().upper() == example["rapdu"]


def test_a_wrong_mrz_is_refused_by_the_card() -> None:
    keys = BacKeys.of(AccessPassword.from_mrz_information("L898902C<369080619406237"))
    assert bac.respond(keys, D3["rnd_ic"], D3["cmd"][5:45], ScriptedEntropy([])) is None


def test_a_refusal_is_access_denied_and_names_no_mrz() -> None:
    def refusing(command: CommandApdu) -> ResponseApdu:
        return ResponseApdu(bytes(8), 0x9000) if command.ins == 0x84 else ResponseApdu(b"", 0x6300)

    with pytest.raises(AccessDenied) as caught:
        run(bac.authenticate(password(), ScriptedEntropy([bytes(8), bytes(16)])), refusing)
    assert "L898902C" not in str(caught.value)


def test_a_card_answer_that_is_not_authentic_is_refused() -> None:
    def forging(command: CommandApdu) -> ResponseApdu:
        return ResponseApdu(bytes(8 if command.ins == 0x84 else 40), 0x9000)

    with pytest.raises(ProtocolError, match="bac-card-answer-wrong"):
        run(bac.authenticate(password(), ScriptedEntropy([bytes(8), bytes(16)])), forging)


@pytest.mark.parametrize("position", range(21))
def test_a_flipped_bit_in_a_protected_command_is_found(position: int) -> None:
    suite = suite_from_keys("3des", Secret(D3["ks_enc"]), Secret(D3["ks_mac"]))
    channel = SecureChannel(suite, int.from_bytes(D3["ssc"], "big"))
    original = CommandApdu.decode(bytes.fromhex(D["D4"][0]["protected"]))
    data = bytearray(original.data)
    data[position] ^= 1
    with pytest.raises(ChannelError):
        channel.open_command(CommandApdu(original.cla, original.ins, original.p1, original.p2, bytes(data), 256))
