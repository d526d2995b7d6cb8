"""PACE by generic mapping against the worked example of Doc 9303-11 appendix G.1, and both ends together."""

from __future__ import annotations

import pytest

from eid_toolkit.asn1.oids import PaceProtocol
from eid_toolkit.asn1.security_infos import PaceInfo
from eid_toolkit.errors import AccessDenied, BadInput, CardRefused, ProtocolError
from eid_toolkit.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.ports import ScriptedEntropy, SystemEntropy
from eid_toolkit.protocols import pace_card, pace_terminal
from eid_toolkit.protocols.flow import run
from eid_toolkit.protocols.pace import PaceParameters, PaceResult
from eid_toolkit.protocols.pace_card import PaceResponder, TokenWrong
from eid_toolkit.protocols.passwords import AccessPassword, PasswordKind
from vectors import load

G1 = load("icao_G1_pace_gm_ecdh")
INFO = PaceInfo("0.4.0.127.0.7.2.2.4.2.2", 2, 13)
CURVES = [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]
CIPHERS = ["3des", "aes-128", "aes-192", "aes-256"]


def example(name: str) -> bytes:
    return bytes.fromhex(G1[name])


def mrz() -> AccessPassword:
    return AccessPassword.from_mrz_information("T22000129364081251010318")


class Card:
    """The card's responder behind the two commands of PACE."""

    def __init__(self, offered: tuple[PaceParameters, ...], password: AccessPassword, entropy: object) -> None:
        self.offered, self.password, self.entropy = offered, password, entropy
        self.result: PaceResult | None = None
        self.responder: PaceResponder | None = None

    def __call__(self, command: CommandApdu) -> ResponseApdu:
        if command.ins == 0x22:
            chosen = pace_card.choose(command.data, self.offered, {self.password.kind: self.password})
            self.responder = PaceResponder(*chosen, self.entropy)  # type: ignore[arg-type]
            return ResponseApdu(b"", 0x9000)
        assert self.responder is not None
        try:
            data, self.result = self.responder.respond(command.data)
        except TokenWrong:
            return ResponseApdu(b"", 0x6300)
        return ResponseApdu(data, 0x9000)


def test_the_password_key_follows_from_the_mrz() -> None:
    assert mrz().encoded.matches(example("K"))
    assert mrz().pace_key("aes-128").matches(example("K_pi"))


def test_both_ends_reproduce_the_example_apdu_for_apdu() -> None:
    printed = [bytes.fromhex(apdu["hex"]) for apdu in G1["apdus"]]
    log: list[bytes] = []
    chip = Card(
        (PaceParameters.of(INFO),),
        mrz(),
        ScriptedEntropy([example("nonce_s"), example("map_chip_priv"), example("ka_chip_priv")]),
    )

    def exchange(command: CommandApdu) -> ResponseApdu:
        answer = chip(command)
        log.extend((command.encode(), answer.encode()))
        return answer

    entropy = ScriptedEntropy([example("map_terminal_priv"), example("ka_terminal_priv")])
    result = run(pace_terminal.establish(mrz(), INFO, entropy), exchange)
    assert log == printed
    assert result.password is PasswordKind.MRZ
    assert chip.result is not None
    plain = CommandApdu(0, 0xB0, 0, 0, ne=4)
    assert chip.result.channel.open_command(result.channel.protect_command(plain)) == plain


@pytest.mark.parametrize("cipher", CIPHERS)
@pytest.mark.parametrize("parameter_id", CURVES)
def test_every_curve_and_cipher_ends_in_a_working_channel(parameter_id: int, cipher: str) -> None:
    info = PaceInfo(PaceProtocol.of("ecdh", "gm", cipher).oid, 2, parameter_id)  # type: ignore[arg-type]
    password = AccessPassword.from_can("123456")
    chip = Card((PaceParameters.of(info),), password, SystemEntropy())
    result = run(pace_terminal.establish(password, info, SystemEntropy()), chip)
    assert chip.result is not None
    for ins in (0xB0, 0xB1):
        plain = CommandApdu(0, ins, 1, 2, b"secret", ne=256)
        assert chip.result.channel.open_command(result.channel.protect_command(plain)) == plain
        answer = ResponseApdu(b"answer", 0x6282)
        assert result.channel.open_response(ins, chip.result.channel.protect_response(ins, answer)) == answer


def test_a_wrong_can_is_access_denied_at_the_token() -> None:
    chip = Card((PaceParameters.of(INFO),), AccessPassword.from_can("123456"), SystemEntropy())
    with pytest.raises(AccessDenied, match="access-password-wrong"):
        run(pace_terminal.establish(AccessPassword.from_can("654321"), INFO, SystemEntropy()), chip)
    assert chip.result is None


def test_the_card_wants_the_domain_parameters_named_when_it_offers_several() -> None:
    offered = (PaceParameters.of(INFO), PaceParameters.of(PaceInfo(INFO.protocol, 2, 12)))
    chip = Card(offered, mrz(), SystemEntropy())
    with pytest.raises(pace_card.ReferenceNotFound):
        run(pace_terminal.establish(mrz(), INFO, SystemEntropy()), chip)
    run(pace_terminal.establish(mrz(), INFO, SystemEntropy(), name_parameters=True), chip)


def test_a_card_that_mirrors_the_terminals_key_is_refused() -> None:
    def mirror(command: CommandApdu) -> ResponseApdu:
        if command.ins == 0x22:
            return ResponseApdu(b"", 0x9000)
        if command.data == b"\x7c\x00":
            return ResponseApdu(b"\x7c\x12\x80\x10" + bytes(16), 0x9000)
        return ResponseApdu(b"\x7c\x43\x82\x41" + command.data[4:], 0x9000)

    with pytest.raises(ProtocolError, match="pace-public-keys-equal"):
        run(pace_terminal.establish(mrz(), INFO, SystemEntropy()), mirror)


@pytest.mark.parametrize("sw", [0x6A80, 0x6A88, 0x6D00])
def test_a_card_that_does_not_start_is_named_with_its_status_word(sw: int) -> None:
    with pytest.raises(CardRefused) as caught:
        run(pace_terminal.establish(mrz(), INFO, SystemEntropy()), lambda _: ResponseApdu(b"", sw))
    assert caught.value.sw == sw


@pytest.mark.parametrize("round_number", range(1, 5))
@pytest.mark.parametrize("change", ["flip-last", "truncate", "empty", "append"])
def test_a_changed_answer_gives_only_named_errors(round_number: int, change: str) -> None:
    chip = Card((PaceParameters.of(INFO),), mrz(), SystemEntropy())
    count = 0

    def line(command: CommandApdu) -> ResponseApdu:
        nonlocal count
        answer = chip(command)
        if count == round_number:
            data = {
                "flip-last": answer.data[:-1] + bytes((answer.data[-1] ^ 1,)),
                "truncate": answer.data[:-1],
                "empty": b"",
                "append": answer.data + b"\0",
            }[change]
            answer = ResponseApdu(data, 0x9000)
        count += 1
        return answer

    with pytest.raises((BadInput, AccessDenied)):
        run(pace_terminal.establish(mrz(), INFO, SystemEntropy()), line)


def test_a_message_out_of_order_ends_the_run() -> None:
    responder = PaceResponder(PaceParameters.of(INFO), mrz(), SystemEntropy())
    with pytest.raises(ProtocolError):
        responder.respond(b"\x7c\x0a\x85\x08" + bytes(8))
