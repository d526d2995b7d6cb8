"""Keys of a vendor in an office of several people: components that are typed, and what the office knows then."""

from __future__ import annotations

import json
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from eid_toolkit.books.staff.roles import Role
from support.offices import ENVIRONMENT, CommandLine

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
