"""The public library as text: its names with signatures (tests/api/public.txt), and the tables of docs/api.md.

``python scripts/api_page.py`` writes tests/api/public.txt anew, where a public name is changed on purpose.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import eid_toolkit
from eid_toolkit import files
from eid_toolkit.api.cards import Card, CardLike, EmulatedCard
from eid_toolkit.api.inspecting import Check, Finding
from eid_toolkit.api.trust import LeftOut
from eid_toolkit.ground import errors
from eid_toolkit.work.inspection.holder import Holder

ROOT = Path(__file__).resolve().parents[1]
PUBLIC = ROOT / "tests" / "api" / "public.txt"
EXAMPLES = ROOT / "examples" / "library"
RESULTS = (CardLike, Card, EmulatedCard, Check, Finding, Holder, LeftOut)
"""What the public names take or give back, and what has no public name of its own."""
ERRORS = (
    errors.EidError,
    errors.UsageError,
    errors.NoCardError,
    errors.NoReaderError,
    errors.CardAbsent,
    errors.CardRemoved,
    errors.AccessDenied,
    errors.PasswordWrong,
    errors.CardRefused,
    errors.BadInput,
    errors.ProtocolError,
    errors.ChannelError,
    errors.ServiceAway,
    errors.ReaderAway,
)
"""What the public names can raise; the others belong to the office."""
_FIRST = ("open_reader", "emulate", "Can", "Mrz", "MrzData", "Trust", "read", "verify", "judge", "Reading", "Verdict")


class _Bare:
    """An annotation that is shown as it was written."""

    def __init__(self, text: object) -> None:
        self._text = str(text)

    def __repr__(self) -> str:
        return self._text


def signature(function: Any) -> str:
    """The signature without ``self``, its annotations as they were written."""
    found = inspect.signature(function)
    parameters = [
        each if each.annotation is each.empty else each.replace(annotation=_Bare(each.annotation))
        for each in found.parameters.values()
        if each.name not in ("self", "cls")
    ]
    returned = found.return_annotation
    returned = returned if returned is found.empty else _Bare(returned)
    return str(found.replace(parameters=parameters, return_annotation=returned))


def members(kind: type) -> Iterator[tuple[str, str, str]]:
    """The public members of a class: name, what follows the name in a listing, docstring."""
    fields = dataclasses.fields(kind) if dataclasses.is_dataclass(kind) else ()
    for field in fields:
        if not field.name.startswith("_"):
            yield field.name, f": {field.type}", ""
    seen = {field.name for field in fields}
    if issubclass(kind, errors.EidError):
        for name, annotation in inspect.get_annotations(kind).items():
            if "ClassVar" not in annotation:
                yield name, f": {annotation}", ""
    for base in (kind,) if issubclass(kind, errors.EidError) else kind.__mro__:
        for name, member in vars(base).items() if base.__module__.startswith("eid_toolkit") else ():
            if name.startswith("_") or name in seen:
                continue
            seen.add(name)
            if isinstance(member, property):
                yield name, f": {member.fget.__annotations__['return']}", inspect.getdoc(member) or ""
            elif isinstance(member, classmethod) and kind not in RESULTS:
                yield name, signature(member.__func__), inspect.getdoc(member) or ""
            elif inspect.isfunction(member):
                yield name, signature(member), inspect.getdoc(member) or ""


def is_made_by_callers(kind: type) -> bool:
    """Whether it is a class that programs make objects of."""
    return kind.__module__.endswith(".passwords")


def public_lines() -> list[str]:
    """Every public name with its signature, one a line."""
    lines = []
    for name in sorted(eid_toolkit.__all__):
        found = getattr(eid_toolkit, name)
        if isinstance(found, ModuleType) or found is errors.EidError:
            continue
        lines += _class_lines(found) if isinstance(found, type) else [name + signature(found)]
    for kind in RESULTS:
        lines += _class_lines(kind)
    for error in ERRORS:
        head, *rest = _class_lines(error)
        lines += [f"{head}({error.__bases__[0].__name__}), exit code {error.exit_code}", *rest]
    return [*lines, *(f"files.{name}" for name in sorted(files.__all__))]


def _class_lines(kind: type) -> list[str]:
    name = kind.__name__
    head = f"class {name}{signature(kind).removesuffix(' -> None')}" if is_made_by_callers(kind) else f"class {name}"
    return [head, *(f"    {name}.{member}{text}" for member, text, _ in sorted(members(kind)))]


def page_tables() -> dict[str, str]:
    """What is generated of docs/api.md."""
    names = sorted(eid_toolkit.__all__, key=lambda name: (_FIRST.index(name) if name in _FIRST else len(_FIRST), name))
    public = [getattr(eid_toolkit, name) for name in names if name not in ("errors", "files", "EidError")]
    tree = [(len(kind.__mro__) - len(errors.EidError.__mro__), kind) for kind in ERRORS]
    return {
        "names": "\n".join(map(_described, public)),
        "results": "\n".join(map(_described, RESULTS)),
        "errors": "\n".join(
            ["| class | exit code | when |", "| --- | --- | --- |"]
            + [f"| {'· ' * depth}`{kind.__name__}` | {kind.exit_code} | {_prose(kind)} |" for depth, kind in tree]
        ),
        "files": ", ".join(f"`{name}`" for name in files.__all__) + ".",
        **{path.stem.replace("_", ""): _example(path) for path in sorted(EXAMPLES.glob("*.py"))},
        "lines": _lines_table(),
    }


def _described(found: Any) -> str:
    name = found.__name__
    if not isinstance(found, type):
        return f"### `{name}`\n\n```python\n{name}{signature(found)}\n```\n\n{_prose(found, whole=True)}\n"
    head = f"```python\n{name}{signature(found).removesuffix(' -> None')}\n```\n\n" if is_made_by_callers(found) else ""
    rows = [
        f"- `{member}{text}`" + (f" · {_plain(' '.join(doc.split()))}" if doc else "")
        for member, text, doc in members(found)
    ]
    return f"### `{name}`\n\n{head}{_prose(found, whole=True)}\n\n" + "\n".join(rows) + "\n"


def _prose(found: Any, *, whole: bool = False) -> str:
    text = inspect.getdoc(found) or ""
    return _plain(text if whole else " ".join(text.split("\n\n")[0].split()))


def _plain(text: str) -> str:
    """Markdown of a docstring: roles and doubled back-ticks become single ones."""
    return re.sub(r"``([^`]+)``", r"`\1`", re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text))


def _example(path: Path) -> str:
    return f"`examples/library/{path.name}`:\n\n```python\n{path.read_text('utf-8')}```"


def lines_of(path: Path) -> int:
    """The lines of code of an example: neither blank nor imports, comments or docstrings."""
    source = path.read_text("utf-8")
    tree = ast.parse(source)
    left_out = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    lines = enumerate(source.splitlines(), 1)
    return sum(bool(text.strip()) and not text.lstrip().startswith("#") and at not in left_out for at, text in lines)


_NONE = "none found"
_OTHERS = {
    "verify_card.py": ("Verify a card", "117 [1]", "54 [2]", "does not drive cards [3]"),
    "dump_and_parse.py": ("Dump and parse", "42 [1], three files, none written", "54 [2]", "does not drive cards [3]"),
    "judge_files.py": ("Judge dumped files", "55 [1]", _NONE, "18 [3], without hashes, lists and the search of a CSCA"),
    "sign_records.py": ("Sign an EF.SOD", "9 [4], the key at hand, nothing written", _NONE, _NONE),
    "test_emulated_card.py": ("An emulated card in a test", _NONE, _NONE, _NONE),
}
"""Lines of the same in public examples, counted in the same way; the sources stand in the page."""


def _lines_table() -> str:
    rows = ["| | eid_toolkit | JMRTD | gmrtd | pymrtd |", "| --- | --- | --- | --- | --- |"]
    for name, (title, *others) in _OTHERS.items():
        rows.append(f"| {title} | {lines_of(EXAMPLES / name)} | {' | '.join(others)} |")
    return "\n".join(rows)


if __name__ == "__main__":
    PUBLIC.write_text("\n".join(public_lines()) + "\n", "utf-8")
