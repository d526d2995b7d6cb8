"""`eid stock key`: keys that come and go wrapped, what ends them, who may do what, and the cards that they open."""

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

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from eid_toolkit.books.staff.roles import PERMISSIONS, Permission, Role
from support.manifests import SigningVendor
from support.offices import CommandLine, prepared
from support.staff import acting, staffed_office
from support.vendor_keys import VENDOR, WORDS, files_of, imported, kcv, listed, log_of, typed, xor


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return staffed_office(tmp_path_factory.mktemp("office") / "home").root


@pytest.fixture
def office(staffed: Path, tmp_path: Path) -> CommandLine:
    return CommandLine(Path(shutil.copytree(staffed, tmp_path / "home")))


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
    home.one("--yes", "card", "personalize", "--without-print-check", document["id"], "--reader", "emulator:b1")
    can = json.loads(home.one("document", "export", document["id"], "--format", "json").stdout)["can"]
    words = ("verify", "--reader", "emulator:b1", "--can", can, "--format", "json")
    assert json.loads(home.one(*words).stdout)["verdict"] == "passed"
    home.one("--yes", "stock", "key", "destroy", *VENDOR, "--reason", "by mistake")
    (row,) = [row for row in log_of(home) if row["action"] == "stock.key-destroyed"]
    assert row["detail"]["unused_blanks"] == 1
    other = prepared(home, tmp_path)
    refused = home.one(
        "--yes", "card", "personalize", "--without-print-check", other["id"], "--reader", "emulator:b2", code=7
    )
    assert "no key of vendor Cards Ltd for batch 2026/17" in refused.stderr
    assert "eid stock key import" in refused.stderr


@pytest.mark.parametrize("words", [("--vendor", "Cards Ltd"), ("--batch", "1")])
def test_a_blank_of_a_vendor_names_its_batch(tmp_path: Path, words: tuple[str, ...]) -> None:
    home = CommandLine(tmp_path / "home")
    home.call("init", "--demo")
    assert "go together" in home.call("emulator", "blank", "b1", *words, code=2).stderr
