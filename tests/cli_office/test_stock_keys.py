"""`eid stock key` in an office of several people: components by different hands, wrapped keys, and who may do what."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from eid_toolkit.books.staff.roles import PERMISSIONS, Permission, Role
from support.manifests import SigningVendor
from support.offices import ENVIRONMENT, CommandLine, prepared
from support.staff import acting, staffed_office

VENDOR = ("Cards Ltd", "--batch", "2026/17")
WORDS = {16: ("8f3a" * 8, "17c5" * 8, "d20b" * 8), 24: ("8f3a" * 12, "17c5" * 12), 32: ("8f3a" * 16, "17c5" * 16)}
"""Components by the size of the key in bytes; the first two, or all three, make a key."""
BERT = {"EID_OPERATOR_PASSPHRASE": ENVIRONMENT["EID_SECOND_PASSPHRASE"]}
ZEROS = "00" * 16


def kcv(key: str, block: int = 1) -> str:
    """By another hand than the one under test."""
    encryptor = Cipher(AES(bytes.fromhex(key)), ECB()).encryptor()
    return (encryptor.update(bytes([block]) * 16) + encryptor.finalize())[:3].hex().upper()


def xor(*components: str) -> str:
    total = 0
    for component in components:
        total ^= int(component, 16)
    return f"{total:0{len(components[0])}x}"


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return staffed_office(tmp_path_factory.mktemp("office") / "home").root


@pytest.fixture
def office(staffed: Path, tmp_path: Path) -> CommandLine:
    return CommandLine(Path(shutil.copytree(staffed, tmp_path / "home")))


def typed(
    office: CommandLine, who: str, number: int, component: str, *more: object, code: int = 0, told: str | None = None
) -> Any:
    """One component, given in the environment."""
    environment = {"EID_COMPONENT": component, **(BERT if who == "bert" else {})}
    words = ("--component", number, "--component-kcv", told or kcv(component), *more)
    people = ("--operator", who, *(("--second-operator", "bert") if who in set(Role) else ()))
    result = office.call(*people, "stock", "key", "import", *VENDOR, *words, "--format", "json",
                         code=code, **environment)  # fmt: skip
    return json.loads(result.stdout) if code == 0 else result.stderr


def imported(office: CommandLine, *components: str, terms: tuple[object, ...] = (), code: int = 0) -> Any:
    """A whole key by as many people as it has components; the last command is to end with ``code``."""
    people = ("anna", "bert", Role.CLERK)
    first = ("--of", len(components), "--kcv", kcv(xor(*components)), *terms)
    answer: Any = None
    for number, (who, component) in enumerate(zip(people, components, strict=False), start=1):
        last = number == len(components)
        answer = typed(office, who, number, component, *(first if number == 1 else ()), code=code if last else 0)
    return answer


def listed(office: CommandLine) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(office.one("stock", "key", "list", "--format", "json").stdout)
    return rows


def log_of(office: CommandLine) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(office.one("audit", "show", "--format", "json").stdout)
    return [row for row in rows if row["action"].startswith(("stock.key", "card-master"))]


def files_of(office: CommandLine) -> set[str]:
    return {path.name for path in (office.root / "keys").iterdir() if path.name.startswith("vendor-")}


@pytest.mark.parametrize(("size", "count"), [(16, 2), (16, 3), (24, 2), (32, 2)])
def test_each_person_types_one_component_and_the_last_one_makes_the_key(
    office: CommandLine, size: int, count: int
) -> None:
    components = WORDS[size][:count]
    made = imported(office, *components)
    assert (made["state"], made["bits"], made["check_value"]) == ("active", 8 * size, kcv(xor(*components)))
    assert made["operators"] == ["anna", "bert", Role.CLERK][:count]
    assert listed(office) == [{key: value for key, value in made.items() if key != "schema"}]
    assert len(files_of(office)) == 1
    rows = log_of(office)
    decided = [row for row in rows if row["action"].endswith(".decided")]
    witness = ["bert"] if count == 3 else []
    assert [row["operator"] for row in decided] == made["operators"] + witness
    assert {row["action"] for row in decided} == {"stock.key-component.decided"}
    assert [row["action"] for row in rows if row not in decided] == [
        *["stock.key-component-kept"] * (count - 1), "stock.key-imported",
    ]  # fmt: skip
    assert all(row["detail"]["signature"] for row in decided)


def test_neither_components_nor_key_stand_anywhere_in_clear(office: CommandLine) -> None:
    components = WORDS[16]
    for number, who in ((1, "anna"), (3, "bert")):
        typed(office, who, number, components[number - 1], *(("--of", 3, "--kcv", "000000") if number == 1 else ()))
    shown = office.one("stock", "key", "list").stdout + json.dumps(listed(office)) + json.dumps(log_of(office))
    contents = b"".join(path.read_bytes() for path in office.root.rglob("*") if path.is_file()) + shown.encode()
    for secret in components:
        assert secret.encode() not in contents.lower()
        assert bytes.fromhex(secret) not in contents
    assert kcv(components[0]).encode() in contents


def test_the_order_in_which_people_come_does_not_matter(office: CommandLine) -> None:
    one, two, three = WORDS[16]
    told = ("--of", 3, "--kcv", kcv(xor(one, two, three)))
    assert typed(office, "anna", 3, three, *told)["typed"] == [3]
    assert typed(office, "bert", 1, one)["typed"] == [1, 3]
    assert typed(office, Role.AUDITOR, 2, two, *told)["operators"] == ["bert", Role.AUDITOR, "anna"]


def test_nobody_types_two_components(office: CommandLine) -> None:
    one, two, _ = WORDS[16]
    typed(office, "anna", 1, one, "--of", 2, "--kcv", kcv(xor(one, two)))
    assert "anna has already typed a component" in typed(office, "anna", 2, two, code=10)
    assert "anna has already typed a component" in typed(office, "ANNA", 2, two, code=10)
    assert "already been typed, by anna" in typed(office, "bert", 1, one, code=10)
    assert "There is no component 3" in typed(office, "bert", 3, two, code=9)
    typed(office, "bert", 2, two)


def test_a_wrong_check_value_of_the_key_leaves_nothing_behind(office: CommandLine) -> None:
    one, two, _ = WORDS[16]
    typed(office, "anna", 1, one, "--of", 2, "--kcv", "ABCDEF")
    assert "not have the check value that the vendor stated" in typed(office, "bert", 2, two, code=9)
    assert files_of(office) == set()
    assert listed(office) == []
    (refused,) = [row for row in log_of(office) if row["action"] == "stock.key-refused"]
    assert refused["detail"]["operators"] == ["anna", "bert"]
    assert refused["detail"]["reason"] == "card-key-check-value-wrong"
    imported(office, one, two)


@pytest.mark.parametrize(
    ("component", "told", "message"),
    [
        ("8f3a" * 8, "000000", "does not have the check value 000000"),
        ("8f3a" * 8, "00", "not a check value"),
        ("8f3a" * 8, "ZZZZZZ", "not a check value"),
        ("8f3a" * 7, "000000", "not a component"),
        ("", "000000", "not a component"),
        ("no hexadecimal digits", "000000", "not a component"),
        (ZEROS, kcv(ZEROS), "consists of zeros"),
    ],
)
def test_a_component_that_is_none_is_not_kept(office: CommandLine, component: str, told: str, message: str) -> None:
    assert message in typed(office, "anna", 1, component, "--of", 2, "--kcv", "ABCDEF", told=told, code=9)
    assert files_of(office) == set()
    assert log_of(office) == []


def test_a_component_that_does_not_go_with_the_others_is_not_kept(office: CommandLine) -> None:
    one, two, _ = WORDS[16]
    typed(office, "anna", 1, one, "--of", 2, "--kcv", kcv(xor(one, two)))
    assert "the same as another one" in typed(office, "bert", 2, one, code=9)
    assert "has 256 bits, but the others have 128" in typed(office, "bert", 2, WORDS[32][1], code=9)
    typed(office, "bert", 2, two)


@pytest.mark.parametrize("size", [16, 24, 32])
def test_the_key_of_developer_cards_is_refused(office: CommandLine, size: int) -> None:
    one = WORDS[size][0]
    developers = bytes(range(0x40, 0x40 + size)).hex()
    assert "that of developer cards" in imported(office, one, xor(one, developers), code=9)
    assert files_of(office) == set()


def test_components_that_add_up_to_zeros_are_refused(office: CommandLine) -> None:
    one, two, _ = WORDS[16]
    assert "The key consists of zeros" in imported(office, one, two, xor(one, two), code=9)


def test_what_was_said_of_the_key_first_holds(office: CommandLine, tmp_path: Path) -> None:
    one, two, _ = WORDS[16]
    good = ("--of", 2, "--kcv", kcv(xor(one, two)), "--diversification", "kdf3")
    for missing in ((), ("--of", 2), ("--kcv", "ABCDEF")):
        assert "needs --of and --kcv" in typed(office, "anna", 1, one, *missing, code=9)
    assert "check value of the key is missing" in typed(office, "anna", 1, one, "--diversification", "kdf3", code=2)
    assert "2 to 5 components" in typed(office, "anna", 1, one, "--of", 6, "--kcv", "ABCDEF", code=9)
    typed(office, "anna", 1, one, *good)
    for what, changed in (
        ("number of components", ("--of", 3)),
        ("method or diversification", ("--kcv", good[3])),
        ("check value", ("--kcv", "ABCDEF", "--diversification", "kdf3")),
    ):
        assert f"another {what}" in typed(office, "bert", 2, two, *changed, code=9)
    assert typed(office, "bert", 2, two, *good)["diversification"] == "kdf3"


@pytest.mark.parametrize("scheme", ["emv", "visa2"])
def test_with_triple_des_the_vendors_vector_decides(office: CommandLine, tmp_path: Path, scheme: str) -> None:
    """The published check values for the key 40…4F, as a demo home may have it."""
    home = CommandLine(tmp_path / "demo")
    home.call("init", "--demo")
    cases = json.loads((Path(__file__).parents[2] / "fixtures/vectors/key_diversification.json").read_text())
    by_scheme = {case["scheme"]: case for case in cases["cases"] if case["scheme"] != "kdf3"}
    values = dict(zip(("enc", "mac", "dek"), by_scheme[scheme]["check_values"], strict=True))
    vector = tmp_path / "vector.json"
    content = {"schema": "eid-key-vector/1", "chip": cases["chip_identity"], **values, "method": "3des"}
    one, key = WORDS[16][0], by_scheme[scheme]["master"]
    told = ("--of", 2, "--kcv", kcv(key), "--diversification", scheme)
    assert "a vector of the vendor is needed" in typed(home, "anna", 1, one, *told, code=9)
    for broken in ({**content, "schema": "eid-key-vector/2"}, {**content, "chip": "00"}, {**content, "more": 1}, []):
        vector.write_text(json.dumps(broken))
        assert "not a vector" in typed(home, "anna", 1, one, *told, "--vector", vector, code=9)
    vector.write_text(json.dumps({**content, "dek": "ABCDEF"}))
    typed(home, "anna", 1, one, *told, "--vector", vector)
    assert f"follow from this key by {scheme} are not those" in typed(home, "bert", 2, xor(one, key), code=9)
    assert files_of(home) == set()
    vector.write_text(json.dumps(content))
    typed(home, "anna", 1, one, *told, "--vector", vector)
    assert typed(home, "bert", 2, xor(one, key))["diversification"] == scheme


@pytest.mark.parametrize(("method", "block"), [("zeros", 0), ("globalplatform", 1)])
def test_how_check_values_are_computed_is_said_explicitly(office: CommandLine, method: str, block: int) -> None:
    one, two, _ = WORDS[16]
    told = ("--of", 2, "--kcv", kcv(xor(one, two), block), "--check-value", method)
    other = kcv(one, 1 - block)
    assert "does not have the check value" in typed(office, "anna", 1, one, *told, told=other, code=9)
    typed(office, "anna", 1, one, *told, told=kcv(one, block))
    assert typed(office, "bert", 2, two, told=kcv(two, block))["method"] == method


def requested(office: CommandLine, folder: Path, algorithm: str) -> Path:
    public = folder / "public.pem"
    answer = office.one("stock", "key", "request", *VENDOR, "--algorithm", algorithm, "--output", public, "--format",
                        "json")  # fmt: skip
    der = load_pem_public_key(public.read_bytes()).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert json.loads(answer.stdout)["fingerprint"] == sha256(der).hexdigest()
    return public


def wrapped_by_vendor(public: Path, key: bytes) -> Path:
    """What a vendor makes of docs/keys.md and docs/key-wrap.md, without a line of ours."""
    output, plain = public.with_name("wrapped.bin"), public.with_name("plain")
    recipient = load_pem_public_key(public.read_bytes())
    if isinstance(recipient, ec.EllipticCurvePublicKey):
        ephemeral = ec.generate_private_key(ec.SECP256R1())
        point = ephemeral.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        output.write_bytes(point + aes_key_wrap(wrapping_key(ephemeral.exchange(ec.ECDH(), recipient)), key))
        return output
    plain.write_bytes(key)
    options = ("rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_mgf1_md:sha256")
    words = ["openssl", "pkeyutl", "-encrypt", "-pubin", "-inkey", str(public), "-in", str(plain), "-out", str(output)]
    subprocess.run([*words, *(word for each in options for word in ("-pkeyopt", each))], check=True, timeout=60)
    return output


@pytest.mark.parametrize("size", [16, 24, 32])
@pytest.mark.parametrize("algorithm", ["rsa-3072", "p-256"])
def test_a_key_comes_wrapped_for_the_key_that_was_requested(
    office: CommandLine, tmp_path: Path, algorithm: str, size: int
) -> None:
    key = bytes.fromhex(xor(*WORDS[size][:2]))
    public = requested(office, tmp_path, algorithm)
    (request,) = listed(office)
    assert (request["state"], request["algorithm"]) == ("requested", algorithm)
    wrapped = wrapped_by_vendor(public, key)
    words = ("stock", "key", "import", *VENDOR, "--wrapped", wrapped)
    assert "check value of the key is missing" in office.two(*words, code=2)
    assert "not have the check value" in office.two(*words, "--kcv", "ABCDEF", code=9)
    assert listed(office) == [request]
    made = office.two(*words, "--kcv", kcv(key.hex()))
    assert (made["bits"], made["way"], made["operators"]) == (8 * size, "wrapped", ["anna", "bert"])
    assert len(files_of(office)) == 1
    assert "already a key" in office.two(*words, "--kcv", kcv(key.hex()), code=10)
    assert [row["action"] for row in log_of(office)][-3:] == ["stock.key-import.decided"] * 2 + ["stock.key-imported"]


def test_what_was_wrapped_for_another_key_is_refused(office: CommandLine, tmp_path: Path) -> None:
    words = ("stock", "key", "import", *VENDOR, "--kcv", "ABCDEF", "--wrapped")
    (tmp_path / "w").write_bytes(bytes(384))
    assert "has been requested" in office.two(*words, tmp_path / "w", code=10)
    public = requested(office, tmp_path, "rsa-3072")
    wrapped = wrapped_by_vendor(public, b"k" * 16)
    for data in (wrapped.read_bytes()[:-1], b"", bytes(384), wrapped.read_bytes()[::-1], bytes(5000)):
        (tmp_path / "w").write_bytes(data)
        office.two(*words, tmp_path / "w", code=9 if len(data) == 5000 else 12)
    assert (
        "already been requested"
        in office.call(
            "--operator", "anna", "stock", "key", "request", *VENDOR, "--output", tmp_path / "x", code=10
        ).stderr
    )
    assert not (tmp_path / "x").exists()
    assert len(log_of(office)) == 2


def test_what_is_begun_in_one_way_is_not_finished_in_another(office: CommandLine, tmp_path: Path) -> None:
    one, two, _ = WORDS[16]
    told = ("--of", 2, "--kcv", kcv(xor(one, two)))
    requested(office, tmp_path, "p-256")
    assert "already been requested" in typed(office, "anna", 1, one, *told, code=10)
    office.two("stock", "key", "destroy", *VENDOR, "--reason", "components will come")
    typed(office, "anna", 1, one, *told)
    words = ("stock", "key", "request", *VENDOR, "--output", tmp_path / "x")
    assert "in progress" in office.one(*words, code=10).stderr
    typed(office, "bert", 2, two)
    assert "already a key" in office.one(*words, code=10).stderr
    assert "already a key" in typed(office, "anna", 1, one, *told, code=10)


def test_a_destroyed_key_is_gone_and_what_it_was_is_told(office: CommandLine) -> None:
    made = imported(office, *WORDS[16][:2])
    assert "no key of Cards Ltd for batch 1" in office.two("stock", "key", "destroy", "Cards Ltd", "--batch", "1",
                                                           "--reason", "x", code=10)  # fmt: skip
    gone = office.two("stock", "key", "destroy", "cards ltd", "--batch", "2026/17", "--reason", "used up")
    assert (gone["state"], gone["unused_blanks"]) == ("destroyed", 0)
    (row,) = listed(office)
    assert (row["state"], row["check_value"], row["vendor"]) == ("destroyed", made["check_value"], "Cards Ltd")
    assert row["destroyed_by"] == ["anna", "bert"]
    assert all(name.startswith("vendor-gone-") for name in files_of(office))
    again = imported(office, *WORDS[32])
    assert [each["state"] for each in listed(office)] == ["destroyed", "active"]
    assert again["bits"] == 256


def test_an_import_can_be_given_up(office: CommandLine) -> None:
    one, two, three = WORDS[16]
    typed(office, "anna", 1, one, "--of", 3, "--kcv", "ABCDEF")
    typed(office, "bert", 2, two)
    office.two("stock", "key", "destroy", *VENDOR, "--reason", "a letter was open")
    assert listed(office) == []
    assert files_of(office) == set()
    assert "needs --of and --kcv" in typed(office, "anna", 3, three, code=9)


@pytest.mark.parametrize("form", ["certificate", "pem", "der"])
def test_the_homes_own_key_goes_to_a_card_maker(office: CommandLine, tmp_path: Path, form: str) -> None:
    maker = SigningVendor("Card maker")
    spki = maker.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pem = maker.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "maker").write_bytes({"certificate": maker.der, "pem": pem, "der": spki}[form])
    words = ("stock", "key", "export", "--for", tmp_path / "maker", "--output", tmp_path / "wrapped")
    assert "second" in office.call("--operator", "anna", "--yes", *words, code=10).stderr
    told = office.two(*words)
    assert (told["algorithm"], told["fingerprint"], told["bits"]) == ("p-256", sha256(spki).hexdigest(), 128)
    wrapped = (tmp_path / "wrapped").read_bytes()
    assert kcv(_opened(maker.key, wrapped).hex()) == told["check_value"]
    assert [row["action"] for row in log_of(office)] == ["stock.key-export.decided"] * 2 + ["stock.key-exported"]


def _opened(key: ec.EllipticCurvePrivateKey, wrapped: bytes) -> bytes:
    shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), wrapped[:65]))
    return aes_key_unwrap(wrapping_key(shared), wrapped[65:])


def wrapping_key(shared: bytes) -> bytes:
    """RFC 5753 7.2, its ECC-CMS-SharedInfo written out."""
    context = b"eid-transport-key/1"
    info = bytes.fromhex("300b060960864801650304012d") + bytes((0xA0, len(context) + 2, 0x04, len(context))) + context
    info += bytes.fromhex("a206040400000100")
    return X963KDF(SHA256(), 32, bytes((0x30, len(info))) + info).derive(shared)


def test_nothing_is_wrapped_for_what_is_no_fit_key(office: CommandLine, tmp_path: Path) -> None:
    expired = SigningVendor("Old", end=datetime(2026, 2, 1, tzinfo=UTC))
    curve = ec.generate_private_key(ec.SECP384R1()).public_key()
    der = curve.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pem = b"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n"
    for data, code in ((expired.der, 10), (der, 9), (b"", 9), (b"garbage", 9), (pem, 9), (bytes(200_000), 9)):
        (tmp_path / "maker").write_bytes(data)
        office.two("stock", "key", "export", "--for", tmp_path / "maker", "--output", tmp_path / "wrapped", code=code)
    assert not (tmp_path / "wrapped").exists()
    assert log_of(office) == []


ONE, TWO = {Permission.MANAGE_KEYS}, {Permission.WITNESS_STOCK}
PERMITTED: dict[tuple[str, ...], set[Permission]] = {
    ("stock", "key", "request", *VENDOR, "--output", "OUT"): ONE,
    ("stock", "key", "import", *VENDOR, "--component", "1", "--of", "2", "--kcv", "ABCDEF"): ONE,
    ("stock", "key", "import", *VENDOR, "--wrapped", "KEY", "--kcv", "ABCDEF"): ONE,
    ("stock", "key", "export", "--for", "MAKER", "--output", "OUT"): ONE,
    ("stock", "key", "roll-master"): ONE,
}


def test_what_each_role_may_not_do(office: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(bytes(384))
    (tmp_path / "maker").write_bytes(SigningVendor().der)
    files = {"OUT": tmp_path / "out", "KEY": tmp_path / "key", "MAKER": tmp_path / "maker"}
    refused = 0
    for words, permissions in PERMITTED.items():
        for role in Role:
            if not permissions & PERMISSIONS[role]:
                given = [files.get(word, word) for word in words]
                assert (
                    f"{role.value} lacks the permission" in acting(office, role, *given, code=10, second="bert").stderr
                )
                refused += 1
    assert refused == 25
    assert log_of(office) == []
    made = imported(office, *WORDS[16][:2])
    for role in Role:
        if role is not Role.SECURITY_OFFICER:
            words = ("stock", "key", "destroy", *VENDOR, "--reason", "x")
            assert "lacks the permission" in acting(office, role, *words, code=10, second="bert").stderr
        acting(office, role, "stock", "key", "list", second="bert")
    assert [row["check_value"] for row in listed(office)] == [made["check_value"]]
    assert "No operator was named" in office.call("stock", "key", "list", code=2).stderr


def test_two_people_roll_the_card_master_key(office: CommandLine) -> None:
    assert "second" in office.call("--operator", "anna", "--yes", "stock", "key", "roll-master", code=10).stderr
    assert [office.two("stock", "key", "roll-master")["key_version"] for _ in range(2)] == ["31", "32"]


@pytest.mark.parametrize("words", [(), ("--component", 1, "--wrapped", "/dev/null")])
def test_a_key_comes_in_one_way(office: CommandLine, words: tuple[object, ...]) -> None:
    assert "either --component or --wrapped" in office.one("stock", "key", "import", *VENDOR, *words, code=2).stderr


def test_a_component_is_no_argument(office: CommandLine) -> None:
    help_text = office.call("stock", "key", "import", "--help").stdout
    options = set(re.findall(r"^  (--[a-z-]+)", help_text, re.MULTILINE))
    assert {"--component", "--component-fd", "--component-kcv"} <= options
    assert "INTEGER" not in help_text
    office.one("stock", "key", "import", *VENDOR, "--component", WORDS[16][0], code=2)


@pytest.fixture
def descriptor() -> Iterator[int]:
    reading, writing = os.pipe()
    os.write(writing, WORDS[16][0].encode() + b"\n")
    os.close(writing)
    yield reading
    os.close(reading)


def test_a_component_comes_by_a_file_descriptor(office: CommandLine, descriptor: int) -> None:
    one = WORDS[16][0]
    words = ("--component", 1, "--of", 2, "--kcv", "ABCDEF", "--component-kcv", kcv(one), "--component-fd", descriptor)
    assert "incomplete" in office.one("stock", "key", "import", *VENDOR, *words).stdout


@pytest.mark.parametrize("names", [("a,b", "1"), ("", "1"), ("Cards", "x" * 41), ("Cards\x1b[2J", "1")])
def test_names_are_those_of_manifests(office: CommandLine, tmp_path: Path, names: tuple[str, str]) -> None:
    vendor, batch = names
    words = ("stock", "key", "request", vendor, "--batch", batch, "--output", tmp_path / "x")
    assert "not a valid name" in office.one(*words, code=9).stderr


@pytest.mark.parametrize(("size", "scheme"), [(16, "none"), (24, "kdf3"), (32, "sp800-108")])
def test_from_the_vendors_letters_to_a_card_that_passes(tmp_path: Path, size: int, scheme: str) -> None:
    """A demo home, in which one person may type every component."""
    home = CommandLine(tmp_path / "home")
    home.call("init", "--demo")
    one, two = WORDS[size][:2]
    assert "no key of Cards Ltd for batch 2026/17" in home.call(
        "emulator", "blank", "b1", "--vendor", "Cards Ltd", "--batch", "2026/17", code=10
    ).stderr  # fmt: skip
    for number, component in ((1, one), (2, two)):
        told = ("--of", 2, "--kcv", kcv(xor(one, two)), "--diversification", scheme) if number == 1 else ()
        typed(home, "anna", number, component, *told)
    for name in ("b1", "b2"):
        home.call("emulator", "blank", name, "--vendor", "Cards Ltd", "--batch", "2026/17")
    manifest = tmp_path / "manifest.json"
    home.call("emulator", "manifest", "b1", "b2", "--vendor", "Cards Ltd", "--batch", "2026/17", "--output", manifest)
    home.one("stock", "receive", manifest, "--station", "main")
    home.one("stock", "open", "--counted", 2)
    document = prepared(home, tmp_path)
    home.one("--yes", "card", "personalize", document["id"], "--reader", "emulator:b1")
    can = json.loads(home.one("document", "export", document["id"], "--format", "json").stdout)["can"]
    words = ("verify", "--reader", "emulator:b1", "--can", can, "--format", "json")
    assert json.loads(home.one(*words).stdout)["verdict"] == "passed"
    home.one("--yes", "stock", "key", "destroy", *VENDOR, "--reason", "by mistake")
    (row,) = [row for row in log_of(home) if row["action"] == "stock.key-destroyed"]
    assert row["detail"]["unused_blanks"] == 1
    other = prepared(home, tmp_path)
    refused = home.one("--yes", "card", "personalize", other["id"], "--reader", "emulator:b2", code=7)
    assert "no key of vendor Cards Ltd for batch 2026/17" in refused.stderr
    assert "eid stock key import" in refused.stderr


@pytest.mark.parametrize("words", [("--vendor", "Cards Ltd"), ("--batch", "1")])
def test_a_blank_of_a_vendor_names_its_batch(tmp_path: Path, words: tuple[str, ...]) -> None:
    home = CommandLine(tmp_path / "home")
    home.call("init", "--demo")
    assert "go together" in home.call("emulator", "blank", "b1", *words, code=2).stderr
