"""Writes what is generated in docs/ from the source: errors, commands, policies, cases, card specs, the library."""

from __future__ import annotations

import ast
import collections.abc
import dataclasses
import importlib.util
import inspect
import itertools
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from types import ModuleType, NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import click

import eid_toolkit
from eid_toolkit.books.ledger.workflow import TABLES, StateTable
from eid_toolkit.books.register.people.person_data import FIELDS as PERSON_FIELDS
from eid_toolkit.books.staff.roles import Permission, roles_with
from eid_toolkit.cards.emulator.quirks import CARD_QUIRKS
from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground import errors
from eid_toolkit.ground.messages.catalogue import catalogue
from eid_toolkit.standards.crypto_policy import shipped_policy
from eid_toolkit.standards.lds.mrz import MrzFormat
from eid_toolkit.standards.profiles.loading import list_profiles, load_profile
from eid_toolkit.standards.profiles.profile import DocumentProfile
from eid_toolkit.work.cardspec.faults import FAULTS
from eid_toolkit.work.cardspec.forging import FORGERIES
from eid_toolkit.work.cardspec.spec import CardSpec
from eid_toolkit.work.conformance.suite import all_cases
from eid_toolkit.work.inspection.checks import CHECK_IDS
from eid_toolkit.work.inspection.checks.strength import CHECK as STRENGTH
from eid_toolkit.work.inspection.policy import POLICY_NAMES, Floor, policy_by_name
from eid_toolkit.work.inspection.reasons import BY_STATUS, amounts_to
from eid_toolkit.work.inspection.validation_table import TABLE, Row
from eid_toolkit.work.office.crypto_policies import limits_of

SOURCE = Path(eid_toolkit.__file__).parent
DOCS = Path(__file__).resolve().parents[1] / "docs"
NOTE = "<!-- Written by scripts/generate_docs.py (make docs); do not edit. -->\n"


def pages() -> dict[str, str]:
    """The generated pages by file name."""
    return {
        "reference/errors.md": errors_page(),
        "reference/cli.md": cli_page(),
        "reference/policies.md": policies_page(),
        "reference/validation.md": validation_page(),
        "reference/conformance-cases.md": conformance_page(),
        "card-spec.md": with_tables((DOCS / "card-spec.md").read_text("utf-8"), card_spec_tables()),
        "crypto-policy.md": with_tables((DOCS / "crypto-policy.md").read_text("utf-8"), crypto_policy_tables()),
        "profiles.md": with_tables((DOCS / "profiles.md").read_text("utf-8"), profile_tables()),
        "api.md": with_tables((DOCS / "api.md").read_text("utf-8"), api_tables()),
        "architecture.md": with_tables((DOCS / "architecture.md").read_text("utf-8"), {"packages": package_graph()}),
        "office.md": with_tables((DOCS / "office.md").read_text("utf-8"), office_tables()),
        "keys.md": with_tables((DOCS / "keys.md").read_text("utf-8"), key_tables()),
    }


def errors_page() -> str:
    """Every error code with its exit code, sentence and hint; then the reasons of checks."""
    exit_codes = _exit_codes()
    messages = catalogue("en")
    error_rows, reason_rows = [], []
    for code in sorted(messages):
        found = messages[code]
        if code in exit_codes:
            exits = ", ".join(map(str, sorted(exit_codes[code])))
            error_rows.append(f"| `{code}` | {exits} | {_cell(found.text)} | {_cell(found.hint or '')} |")
        elif not code.startswith("check-"):
            reason_rows.append(f"| `{code}` | {_cell(found.text)} |")
    return "\n".join(
        [
            f"{NOTE}\n# Errors and reasons\n",
            "Each failure has a stable code; words in braces are facts that the message fills in.\n",
            "## Errors\n\n| code | exit code | sentence | hint |\n| --- | --- | --- | --- |",
            *error_rows,
            "\n## Reasons of checks\n\nThey stand in a verdict's `reason`, see [policies](policies.md).\n",
            "| reason | sentence |\n| --- | --- |",
            *reason_rows,
            "",
        ]
    )


def conformance_page() -> str:
    """Every conformance case with its steps and expected results."""
    cases = all_cases()
    head = f"{NOTE}\n# The conformance cases\n\n{len(cases)} cases: [how to run them](../conformance.md).\n"
    return f"{head}\n{_beside('case_pages').catalogue_page(cases)}"


def with_tables(page: str, tables: Mapping[str, str]) -> str:
    """A page written by hand with its tables made anew: each stands between a mark with its name and the next mark."""
    parts = re.split(r"(<!-- table [a-z]+ -->\n|<!-- end of table -->\n)", page)
    for at, part in enumerate(parts):
        if part.startswith("<!-- table "):
            parts[at + 1] = tables[part.split()[2]] + "\n"
    return "".join(parts)


def api_tables() -> dict[str, str]:
    """What is generated of the library's page."""
    tables: dict[str, str] = _beside("api_page").page_tables()
    return tables


def key_tables() -> dict[str, str]:
    """The compartments of the key store."""
    return {"compartments": _table(*_beside("compartments_table").compartments())}


def package_graph() -> str:
    """Every package with its size, and which of them import which."""
    picture: str = _beside("package_graph").mermaid()
    return picture


def _beside(name: str) -> ModuleType:
    """The script of that name beside this one."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def card_spec_tables() -> dict[str, str]:
    """The tables of card specs: every field, quirk, fault and forgery."""
    quirks = [(f"`{quirk.name}`", quirk.summary) for quirk in CARD_QUIRKS.values()]
    faults = [(f"`{name}`", summary) for name, summary in FAULTS.items()]
    forged = [
        (
            f"`{forgery.name}`",
            f"{forgery.title}: {forgery.summary}",
            ", ".join(f"`{check}` ({reason})" for check, reason in forgery.failed.items())
            or f"not opened: `{forgery.refused}`",
        )
        for forgery in FORGERIES.values()
    ]
    return {
        "fields": _table(("field", "value", "default", "meaning"), _spec_rows(CardSpec, "")),
        "person": ", ".join(f"`{name}`" for name in PERSON_FIELDS) + ".",
        "quirks": _table(("quirk", "the card's way"), quirks),
        "faults": _table(("fault", "what happens"), faults),
        "forgeries": _table(("forgery", "what the forger did", "what fails, and why"), forged),
    }


def profile_tables() -> dict[str, str]:
    """Every field of a profile's file, and the profiles that come with the package."""
    profiles = [load_profile(name) for name in list_profiles()]
    shipped = [
        (f"`{each.name}`", each.title, each.mrz_format.name, "yes" if each.issuable else "no, read only")
        for each in profiles
    ]
    rows = (row for row in _spec_rows(DocumentProfile, "") if row[0] not in ("`name`", "`hash`"))
    return {
        "shipped": _table(("name", "document", "MRZ", "issued"), shipped),
        "fields": _table(("field", "value", "default", "meaning"), rows),
    }


def crypto_policy_tables() -> dict[str, str]:
    """Every limit of the shipped crypto policy, with its source."""
    limits = limits_of(shipped_policy())
    rows = [(f"`{each.table}`", f"`{each.name}`", each.value or "", each.source or "") for each in limits]
    return {"shippedpolicy": _table(("table", "limit", "value", "source"), rows)}


def office_tables() -> dict[str, str]:
    """The state tables as drawings, and who may do what."""
    rights = [
        (f"`{permission}`", ", ".join(role for role in roles_with(permission)) or "nobody") for permission in Permission
    ]
    drawings = {table.kind: _drawing(table) for table in TABLES}
    return {**drawings, "roles": _table(("what", "who"), rights)}


def _drawing(table: StateTable[Any]) -> str:
    """A state table as a diagram."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {_node(table.initial)}"]
    for action, (sources, target) in table.actions.items():
        lines += [f"    {_node(source)} --> {_node(target)}: {action}" for source in sources]
    lines += [f"    {_node(state)} --> [*]" for state in type(table.initial) if state in table.final]
    return "\n".join((*lines, "```"))


def _node(state: str) -> str:
    return state.replace("-", "_")


def _spec_rows(kind: type, prefix: str) -> Iterator[tuple[str, str, str, str]]:
    """A row for each field, with the fields below it, its meaning being the docstring behind it in the source."""
    hints, meanings = get_type_hints(kind), _attribute_docs(kind)
    for field in dataclasses.fields(kind):
        inner, many = _inner(hints[field.name])
        name, meaning = prefix + field.name, " ".join(meanings[field.name].replace("``", "`").split())
        if dataclasses.is_dataclass(inner):
            shown = "list of tables" if many else "table"
            yield f"`{name}`", shown, _default(field, hints[field.name]), meaning
            yield from _spec_rows(inner, name + ("[]." if many else "."))
        else:
            values = " · ".join(f"`{value}`" for value in _choices(inner))
            shown = values or _KINDS[getattr(inner, "__name__", str(inner))]
            shown = f"list of {_SEVERAL.get(shown, shown)}" if many else shown
            yield f"`{name}`", shown, _default(field, hints[field.name]), meaning


def _choices(kind: Any) -> Iterable[str]:
    """The words a file may have for a value, where they are few: those of a Literal, or the members of an Enum."""
    if get_origin(kind) is Literal:
        return map(str, get_args(kind))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return (name if kind is MrzFormat else name.lower().replace("_", "-") for name in kind.__members__)
    return ()


_KINDS = {
    "str": "text",
    "int": "number",
    "float": "number",
    "bool": "`true` · `false`",
    "datetime": "time",
    "Mapping": "table of texts",
}
_SEVERAL = {"text": "texts", "number": "numbers"}


def _inner(hint: Any) -> tuple[Any, bool]:
    """The type of one value, and whether there can be many."""
    if get_origin(hint) in (Union, UnionType):
        hint = next(part for part in get_args(hint) if part is not NoneType)
    if get_origin(hint) is tuple:
        return get_args(hint)[0], True
    return (hint, False) if get_origin(hint) is not collections.abc.Mapping else (Mapping, False)


def _default(field: dataclasses.Field[Any], hint: Any) -> str:
    default = field.default
    if default is dataclasses.MISSING:
        return "" if field.default_factory is not dataclasses.MISSING else "needed"
    if default in (None, (), "") or dataclasses.is_dataclass(default):
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _attribute_docs(kind: type) -> dict[str, str]:
    """The docstring that stands behind each field in the source."""
    (body,) = (
        node.body for node in ast.parse(textwrap.dedent(inspect.getsource(kind))).body if isinstance(node, ast.ClassDef)
    )
    return {
        field.target.id: doc.value.value
        for field, doc in itertools.pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(doc, ast.Expr)
        and isinstance(doc.value, ast.Constant)
        and isinstance(doc.value.value, str)
    }


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def cli_page() -> str:
    """Every command with its help."""
    parts = [f"{NOTE}\n# The command line\n"]
    for ctx in walk(main, "eid"):
        heading = "#" * (min(len(ctx.command_path.split()), 3) + 1)
        parts.append(f"{heading} {ctx.command_path}\n\n```text\n{ctx.get_help()}\n```\n")
    return "\n".join(parts)


def policies_page() -> str:
    """Which checks each policy requires."""
    policies = [policy_by_name(name) for name in POLICY_NAMES]
    rows = []
    for check_id in CHECK_IDS:
        marks = [
            "required" if check_id in policy.required else "one of these" if check_id in policy.chip else ""
            for policy in policies
        ]
        rows.append(f"| `{check_id}` | " + " | ".join(marks) + " |")
    limits = (policy.max_bundle_age for policy in policies)
    ages = " | ".join("any" if limit is None else f"{limit.days} days" for limit in limits)
    weak = " | ".join("undetermined" if STRENGTH in policy.required else "a finding" for policy in policies)
    access = " | ".join("yes" if policy.allow_bac else "no" for policy in policies)
    return "\n".join(
        [
            f"{NOTE}\n# Policies\n",
            "A verdict is `passed` if every required check passed, one at least of those marked *one of these*, and",
            "none failed; `failed` if any check failed, required or not; `undetermined` otherwise. A check that could",
            "not be made is never counted as passed.\n",
            "`document.mrz-print` is made only where the whole MRZ was given (`--mrz`, typed or scanned): it compares",
            "the print with DG1 field by field, and no policy requires it. A name that was truncated differently does",
            "not differ.\n",
            "| check | " + " | ".join(POLICY_NAMES) + " |\n|" + " --- |" * (len(policies) + 1),
            *rows,
            f"| BAC may open a card without PACE | {access} |",
            f"| oldest trust bundle | {ages} |",
            f"| below the floor of strength | {weak} |",
            "\nThe floor: "
            + "; ".join(dict.fromkeys(_floor(policy.floor) for policy in policies))
            + ". For digests it is",
            "the standard's (Doc 9303-12 4.1.6.4), for keys the shipped [crypto policy](../crypto-policy.md)'s. The",
            "crypto policy of the home, or of the bundle's maker, can raise it.\n",
            "In evidence that is judged again, what cannot be proved from the file (Chip Authentication, its mapping,",
            "files that were not read) is undetermined (`told-by-reader`) unless this home, or one whose key was",
            "enrolled by `eid evidence enrol`, signed it. Active Authentication is verified again by anybody.",
            "",
        ]
    )


def _floor(floor: Floor) -> str:
    weak = ", ".join(digest.upper().replace("SHA", "SHA-") for digest in sorted(floor.weak_digests))
    return f"no {weak}, RSA of {floor.rsa_bits} bits, curves of {floor.ec_bits} bits"


def validation_page() -> str:
    """What path validation makes of each fault."""
    rows = [(row.fault, f"`{row.check}`", _status(row), f"`{row.reason or row.finding or ''}`") for row in TABLE]
    messages, told = catalogue("en"), {code for codes in BY_STATUS.values() for code in codes}
    reasons = [(f"`{code}`", " or ".join(amounts_to(code)), _cell(messages[code].text)) for code in sorted(told)]
    return "\n".join(
        [
            f"{NOTE}\n# Path validation, fault by fault\n",
            "A signer's certificate is judged by the rules of the country signing PKI (Doc 9303-12), not of TLS: the",
            "path is one certificate long behind a key that is believed, several keys may share a name, a certificate",
            "outlives its key, and one revocation list, signed with the newest key, stands for a whole state. Each row",
            "is a test with a hierarchy that has just this fault; faults together give the worst of their results. The",
            "checks are those of a verdict ([policies](policies.md)); `master-list` is the import of one.\n",
            _table(
                ("fault", "check", "status", "reason"), [tuple(cell.replace("``", "") for cell in row) for row in rows]
            ),
            "\n## Every reason, and what it amounts to\n",
            "*Failed* says that something is proved wrong: a signature that the named key did not make, a hash that",
            "differs, a chip without its key, a revoked or reported document, another state's signer. What cannot be",
            "read, what an issuer wrote oddly and what is missing here proves nothing: it is *undetermined* where the",
            "policy needs the answer, else a *finding*, which is shown and decides nothing. A genuine document of a",
            "careless issuer is never called forged.\n",
            _table(("reason", "amounts to", "what it says"), reasons),
            "",
        ]
    )


def _status(row: Row) -> str:
    return f"{row.status.value}, with a finding" if row.finding else row.status.value


def walk(command: click.Command, name: str, parent: click.Context | None = None) -> list[click.Context]:
    """A command and all below it, each in the context in which its help is shown."""
    settings = {**command.context_settings, "max_content_width": 100, "terminal_width": 100}
    ctx = click.Context(command, parent, info_name=name, **settings)
    found = [ctx]
    if isinstance(command, click.Group):
        for child_name in command.list_commands(ctx):
            child = command.get_command(ctx, child_name)
            if child is not None and not child.hidden:
                found += walk(child, child_name, ctx)
    return found


def _exit_codes() -> dict[str, set[int]]:
    """The exit codes of each error code, by the classes that it is raised with."""
    found: dict[str, set[int]] = {}
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                name = node.func.id if isinstance(node.func, ast.Name) else ""
                kind = getattr(errors, name, None)
                if isinstance(kind, type) and issubclass(kind, errors.EidError):
                    for part in ast.walk(node.args[0]):
                        if isinstance(part, ast.Constant) and isinstance(part.value, str):
                            found.setdefault(part.value, set()).add(kind.exit_code)
    return found


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main_program(*, check: bool) -> int:
    """Writes the pages that are not current, or only names them; returns the exit code."""
    stale = [
        (DOCS / name, content)
        for name, content in pages().items()
        if not (DOCS / name).is_file() or (DOCS / name).read_text("utf-8") != content
    ]
    for path, content in stale:
        if check:
            print(f"docs/{path.name} is not current: run `make docs`", file=sys.stderr)
        else:
            path.write_text(content, "utf-8")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main_program(check="--check" in sys.argv[1:]))
