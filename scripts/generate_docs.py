"""Writes the generated pages of docs/ from the source: errors.md, cli.md and policies.md."""

from __future__ import annotations

import ast
from pathlib import Path

import click

import eid_toolkit
from eid_toolkit import errors
from eid_toolkit.cli.catalogue import catalogue
from eid_toolkit.cli.main import main
from eid_toolkit.inspection.checks import CHECK_IDS
from eid_toolkit.inspection.policy import POLICY_NAMES, policy_by_name

SOURCE = Path(eid_toolkit.__file__).parent
DOCS = Path(__file__).resolve().parents[1] / "docs"
NOTE = "<!-- Written by scripts/generate_docs.py (make docs); do not edit. -->\n"


def pages() -> dict[str, str]:
    """The generated pages by file name."""
    return {"errors.md": errors_page(), "cli.md": cli_page(), "policies.md": policies_page()}


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
    access = " | ".join("yes" if policy.allow_bac else "no" for policy in policies)
    return "\n".join(
        [
            f"{NOTE}\n# Policies\n",
            "A verdict is `passed` if every required check passed, one at least of those marked *one of these*, and",
            "none failed; `failed` if any check failed, required or not; `undetermined` otherwise. A check that could",
            "not be made is never counted as passed.\n",
            "| check | " + " | ".join(POLICY_NAMES) + " |\n|" + " --- |" * (len(policies) + 1),
            *rows,
            f"| BAC may open a card without PACE | {access} |",
            "",
        ]
    )


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


if __name__ == "__main__":
    DOCS.mkdir(exist_ok=True)
    for file_name, content in pages().items():
        (DOCS / file_name).write_text(content, "utf-8")
