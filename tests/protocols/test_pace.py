"""PACE by generic mapping against the worked example of Doc 9303-11 appendix G.1, and both ends together."""

from __future__ import annotations

from typing import Any

import pytest

from eid_toolkit.ground.errors import AccessDenied, BadInput, CardRefused, ProtocolError
from eid_toolkit.ground.ports import Entropy, SystemEntropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.asn1.oids import PaceProtocol
from eid_toolkit.standards.asn1.security_infos import PaceInfo
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.crypto import symmetric
from eid_toolkit.standards.crypto.domain_parameters import EcDomain
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.protocols import pace_card, pace_terminal
from eid_toolkit.standards.protocols.flow import run
from eid_toolkit.standards.protocols.integrated_mapping import pseudo_random
from eid_toolkit.standards.protocols.key_agreement import group_of
from eid_toolkit.standards.protocols.pace import PaceParameters, PaceResult, SessionKeys
from eid_toolkit.standards.protocols.pace_card import PaceResponder, TokenWrong
from eid_toolkit.standards.protocols.passwords import AccessPassword, PasswordKind
from support.scripted import ScriptedEntropy
from vectors import load

G1 = load("icao_G1_pace_gm_ecdh")
G2 = load("icao_G2_pace_gm_dh")
H = load("icao_H_pace_im")
I1 = load("icao_I1_pace_cam_ecdh")
INFO = PaceInfo("0.4.0.127.0.7.2.2.4.2.2", 2, 13)
GROUPS = [0, 1, 2, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]
CIPHERS = ["3des", "aes-128", "aes-192", "aes-256"]


def example(name: str) -> bytes:
    return bytes.fromhex(G1[name])


def mrz() -> AccessPassword:
    return AccessPassword.from_mrz_information("T22000129364081251010318")


class Card:
    """The card's responder behind the two commands of PACE."""

    def __init__(
        self,
        offered: tuple[PaceParameters, ...],
        password: AccessPassword,
        entropy: Entropy,
        static_key: EcPrivateKey | None = None,
    ) -> None:
        self.offered, self.password, self.entropy, self.static_key = offered, password, entropy, static_key
        self.result: PaceResult | None = None
        self.responder: PaceResponder | None = None

    def __call__(self, command: CommandApdu) -> ResponseApdu:
        if command.ins == 0x22:
            chosen = pace_card.choose(command.data, self.offered, {self.password.kind: self.password})
            self.responder = PaceResponder(*chosen, self.entropy, self.static_key)
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


def printed(vector: dict[str, Any]) -> list[bytes]:
    return [bytes.fromhex(apdu["hex"]) for apdu in vector["apdus"]]


def replay(
    vector: dict[str, Any], info: PaceInfo, password: AccessPassword, static_key: EcPrivateKey | None = None
) -> tuple[list[bytes], PaceResult]:
    """Both ends with the example's random numbers: what went over the line, and the terminal's result."""

    def numbers(*names: str) -> ScriptedEntropy:
        return ScriptedEntropy([bytes.fromhex(vector[name]) for name in names])

    chip = Card((PaceParameters.of(info),), password, numbers("nonce_s", "map_chip_priv", "ka_chip_priv"), static_key)
    log: list[bytes] = []

    def exchange(command: CommandApdu) -> ResponseApdu:
        answer = chip(command)
        log.extend((command.encode(), answer.encode()))
        return answer

    entropy = numbers("map_terminal_priv", "ka_terminal_priv")
    return log, run(pace_terminal.establish(password, info, entropy), exchange)


def test_generic_mapping_over_dh_reproduces_the_example() -> None:
    """Appendix G.2; its last answer is printed with a stray DO'87' and without a status word."""
    log, _ = replay(G2, PaceInfo("0.4.0.127.0.7.2.2.4.1.2", 2, 0), mrz())
    assert log[:-1] == printed(G2)[:-1]
    assert log[-1] == bytes.fromhex("7C0A8608" + G2["token_ic"] + "9000")


def test_chip_authentication_mapping_reproduces_the_example() -> None:
    """Appendix I.1: the proof is verified with the chip's public key, and with no other.

    The chip's second private key is printed above the order of the group; the public key is that of its remainder.
    """
    domain = PaceParameters.of(INFO).domain
    assert isinstance(domain, EcDomain)
    mapping, data = (int(I1[name], 16) for name in ("map_chip_priv", "ca_data"))
    scalar = mapping * pow(data, -1, domain.n) % domain.n  # the private key is not printed, but follows
    static_key = EcPrivateKey(domain, Secret(scalar.to_bytes(domain.scalar_size, "big")))
    assert static_key.public_key.point.hex() == "04" + I1["pk_ic"]
    password = AccessPassword.from_mrz_information("C11T002JM496081222310314")
    remainder = (int(I1["ka_chip_priv"], 16) % domain.n).to_bytes(domain.scalar_size, "big").hex()
    log, result = replay(
        {**I1, "ka_chip_priv": remainder}, PaceInfo("0.4.0.127.0.7.2.2.4.6.2", 2, 13), password, static_key
    )
    assert log == printed(I1)
    assert result.chip_proof is not None
    assert result.chip_proof.is_by(domain, static_key.public_key.point)
    assert not result.chip_proof.is_by(domain, EcPrivateKey.generate(domain, SystemEntropy()).public_key.point)


@pytest.mark.parametrize("example", ["ecdh", "dh"])
def test_integrated_mapping_reproduces_the_example(example: str) -> None:
    """Appendix H, whose key K_pi does not follow from an MRZ, and which prints no APDUs."""
    values = {name: bytes.fromhex(value) for name, value in H[example].items() if isinstance(value, str)}
    oid = PaceProtocol.of(example, "im", "aes-128").oid  # type: ignore[arg-type]
    parameters = PaceParameters.of(PaceInfo(oid, 2, H[example]["parameter_id"]))
    assert (
        symmetric.aes_cbc_encrypt(bytes.fromhex(H["k_pi"]), bytes(16), values["nonce_s"]) == values["nonce_z_encrypted"]
    )
    modulus = group_of(parameters.domain).modulus
    number = pseudo_random(values["nonce_s"], values["nonce_t"], modulus, "aes-128")
    assert number == int.from_bytes(values["r_p"], "big")
    group = parameters.map_integrated(values["nonce_s"], values["nonce_t"])
    for own, other in (("chip", "terminal"), ("terminal", "chip")):
        private = Secret(values[f"{own}_private"])
        assert group.shared_secret(private, values[f"{other}_public"]) == values["shared_k"]
    keys = SessionKeys.derive(parameters, values["shared_k"])
    assert keys.token(values["chip_public"]) == values["token_ifd"]
    assert keys.token(values["terminal_public"]) == values["token_ic"]


def every_protocol() -> list[tuple[PaceInfo, str]]:
    found = []
    for group in GROUPS:
        agreement = "dh" if group < 8 else "ecdh"
        for mapping in ("gm", "im", "cam"):
            for cipher in CIPHERS:
                excluded = mapping == "cam" and (agreement == "dh" or cipher == "3des")
                if not excluded and (mapping, group) != ("im", 10):
                    info = PaceInfo(PaceProtocol.of(agreement, mapping, cipher).oid, 2, group)  # type: ignore[arg-type]
                    found.append((info, f"{agreement}-{mapping}-{cipher}-{group}"))
    return found


def test_the_combinations_are_all_that_the_standard_has() -> None:
    """DH has three groups and no chip mapping; P-224 no integrated mapping; the chip mapping no 3DES (9303-11 4.4)."""
    names = [name for _, name in every_protocol()]
    assert len(set(names)) == len(names) == (3 * 2 + 11 + 10) * 4 + 11 * 3
    tried = {PaceProtocol.from_oid(info.protocol) for info, _ in every_protocol()}
    assert len(tried) == 5 * 4 - 1
    for agreement, cipher in [("dh", cipher) for cipher in CIPHERS] + [("ecdh", "3des")]:
        with pytest.raises(BadInput, match="pace-unknown-combination"):
            PaceProtocol.of(agreement, "cam", cipher)  # type: ignore[arg-type]


@pytest.mark.parametrize("info", [pytest.param(info, id=name) for info, name in every_protocol()])
def test_every_mapping_group_and_cipher_ends_in_a_working_channel(info: PaceInfo) -> None:
    parameters = PaceParameters.of(info)
    password = AccessPassword.from_can("123456")
    domain = parameters.domain
    static_key = EcPrivateKey.generate(domain, SystemEntropy()) if isinstance(domain, EcDomain) else None
    chip = Card((parameters,), password, SystemEntropy(), static_key)
    result = run(pace_terminal.establish(password, info, SystemEntropy()), chip)
    assert chip.result is not None
    for ins in (0xB0, 0xB1):
        plain = CommandApdu(0, ins, 1, 2, b"secret", ne=256)
        assert chip.result.channel.open_command(result.channel.protect_command(plain)) == plain
        answer = ResponseApdu(b"answer", 0x6282)
        assert result.channel.open_response(ins, chip.result.channel.protect_response(ins, answer)) == answer
    assert (result.chip_proof is not None) is (parameters.protocol.mapping == "cam")
    if result.chip_proof is not None and isinstance(domain, EcDomain) and static_key is not None:
        assert result.chip_proof.is_by(domain, static_key.public_key.point)


def test_p224_has_no_integrated_mapping() -> None:
    with pytest.raises(BadInput, match="pace-info-unusable"):
        PaceParameters.of(PaceInfo(PaceProtocol.of("ecdh", "im", "aes-128").oid, 2, 10))


def test_chip_data_where_the_mapping_has_none_is_refused() -> None:
    """And missing where it has: the card's last answer is held to its protocol."""

    def with_data(command: CommandApdu) -> ResponseApdu:
        answer = chip(command)
        if command.ins == 0x86 and not command.chained:
            objects = tlv.parse(answer.data, 0x7C).value + tlv.encode(0x8A, bytes(48))
            return ResponseApdu(tlv.encode(0x7C, objects), 0x9000)
        return answer

    chip = Card((PaceParameters.of(INFO),), mrz(), SystemEntropy())
    with pytest.raises(ProtocolError, match="pace-chip-data-unexpected"):
        run(pace_terminal.establish(mrz(), INFO, SystemEntropy()), with_data)


@pytest.mark.parametrize("bad", [0, 1, 2, -1, -2])
def test_dh_public_keys_out_of_the_subgroup_are_refused(bad: int) -> None:
    domain = PaceParameters.of(PaceInfo("0.4.0.127.0.7.2.2.4.1.2", 2, 0)).domain
    number = bad % domain.p
    group = group_of(domain)
    with pytest.raises(BadInput, match="dh-public-key-invalid"):
        group.agree(group.key_pair(SystemEntropy()).private, number.to_bytes(128, "big"))


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
