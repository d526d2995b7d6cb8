"""Which packages import which, drawn for docs/architecture.md from the imports in the source.

An arrow that follows from two others is left out, so that what is drawn is what holds the house together.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import eid_toolkit

SOURCE = Path(eid_toolkit.__file__).parent
BANDS = ("doors", "work", "books", "cards", "standards", "ground")
"""From the highest down; an import goes down only."""

Package = str
"""Band and name, as in ``cards/emulator``."""


def graph() -> dict[Package, set[Package]]:
    """Each package with those that it imports."""
    below: dict[Package, set[Package]] = defaultdict(set)
    for path in SOURCE.rglob("*.py"):
        here = _package(path.relative_to(SOURCE).with_suffix("").as_posix())
        for node in ast.walk(ast.parse(path.read_text("utf-8"))) if here else ():
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("eid_toolkit."):
                for alias in node.names:
                    there = _package(f"{node.module}.{alias.name}".removeprefix("eid_toolkit.").replace(".", "/"))
                    if there is not None and there != here:
                        below[here].add(there)
    return dict(below)


def _package(path: str) -> Package | None:
    band, _, rest = path.partition("/")
    return f"{band}/{rest.partition('/')[0]}" if band in BANDS and rest and rest != "__init__" else None


def reduced(below: dict[Package, set[Package]]) -> dict[Package, set[Package]]:
    """The same without the imports that other imports imply."""
    reach: dict[Package, set[Package]] = {}

    def reachable(package: Package) -> set[Package]:
        if package not in reach:
            reach[package] = set()
            for other in below.get(package, ()):
                reach[package] |= {other} | reachable(other)
        return reach[package]

    return {
        package: {other for other in others if not any(other in reachable(third) for third in others - {other})}
        for package, others in below.items()
    }


def mermaid() -> str:
    """The picture, as a page shows it."""
    below = graph()
    packages = sorted({*below, *(other for others in below.values() for other in others)})
    sizes = {package: _lines(package) for package in packages}
    lines = ["```mermaid", "flowchart TB"]
    for band in BANDS:
        lines.append(f"  subgraph {band}")
        for package in packages:
            if package.startswith(f"{band}/"):
                name = package.partition("/")[2]
                lines.append(f'    {_node(package)}["{name}<br/>{sizes[package]:,}"]')
        lines.append("  end")
    for package, others in sorted(reduced(below).items()):
        lines += [f"  {_node(package)} --> {_node(other)}" for other in sorted(others)]
    return "\n".join([*lines, "```"])


def _node(package: Package) -> str:
    return package.replace("/", "_")


def _lines(package: Package) -> int:
    """Lines of source, to the nearest hundred: so that not every commit changes the picture."""
    folder = SOURCE / package
    files = folder.rglob("*.py") if folder.is_dir() else [folder.with_suffix(".py")]
    return max(100, round(sum(path.read_text("utf-8").count("\n") for path in files), -2))
