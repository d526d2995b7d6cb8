"""A crypto policy from TOML, and the one that is shipped with the package."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from eid_toolkit.ground.bounded_toml import MAX_SIZE, read_toml
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.plain_values import Misfit, from_plain, to_plain
from eid_toolkit.standards.crypto_policy.policy import SHIPPED, CryptoPolicy

SCHEMA = "eid-crypto-policy/1"
"""Of the file that people write, and of the one that a home keeps."""
__all__ = ["MAX_SIZE", "SCHEMA", "policy_of", "read_policy", "shipped_policy", "toml_of"]


@cache
def shipped_policy() -> CryptoPolicy:
    """The policy of a home that has not set its own."""
    return read_policy(files("eid_toolkit.standards.crypto_policy").joinpath("shipped.toml").read_bytes())


def read_policy(data: bytes, version: int = SHIPPED) -> CryptoPolicy:
    """The policy in a TOML file, which gets its version from whoever sets it; raises :class:`BadInput` for none."""
    try:
        content = read_toml(data)
    except ValueError as error:
        raise BadInput("crypto-policy-no-toml", cause=str(error)) from None
    schema = content.pop("schema", None)
    if schema != SCHEMA:
        raise BadInput("crypto-policy-schema", schema=schema, supported=SCHEMA)
    try:
        return policy_of(content, version)
    except Misfit as error:
        raise _told(error) from None


def _told(error: Misfit) -> BadInput:
    match error.problem:
        case "missing":
            return BadInput("crypto-policy-missing-field", field=error.field)
        case "unknown":
            return BadInput("crypto-policy-unknown-field", field=error.field)
        case "wrong":
            return BadInput("crypto-policy-wrong-value", field=error.field)


def policy_of(content: dict[str, Any], version: int) -> CryptoPolicy:
    """The policy of plain values; raises :class:`Misfit` for what is missing, unknown or wrong."""
    return from_plain(CryptoPolicy, content, known={"version": version}, strict=True)


def toml_of(policy: CryptoPolicy) -> bytes:
    """The policy as a file to be changed and set; what is not limited stands as a comment in no file."""
    lines = [f"schema = {json.dumps(SCHEMA)}"]
    content = to_plain(policy, without=("version",))
    tables = {**{f"uses.{use}": rules for use, rules in content["uses"].items()}, "inspection": content["inspection"]}
    for name, rules in tables.items():
        # What is printable stands in JSON's texts as in TOML's.
        lines += ["", f"[{name}]", *(f"{limit} = {_value(each)}" for limit, each in rules.items() if _is_limit(each))]
        if rules["sources"]:
            lines += [
                "",
                f"[{name}.sources]",
                *(f"{limit} = {_value(text)}" for limit, text in rules["sources"].items()),
            ]
    return "\n".join((*lines, "")).encode()


def _is_limit(value: object) -> bool:
    return value is not None and not isinstance(value, dict)


def _value(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
