"""The generated pages are current, and every command is explained."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from eid_toolkit.doors.cli.main import COMMANDS

ROOT = Path(__file__).parents[1]
PAGES = (
    *(f"reference/{name}.md" for name in ("errors", "cli", "policies", "validation", "conformance-cases")),
    *(f"{name}.md" for name in ("api", "architecture", "card-spec", "crypto-policy", "keys", "office", "profiles")),
)


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "scripts" / "generate_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pages(generator: ModuleType) -> dict[str, str]:
    generated: dict[str, str] = generator.pages()
    return generated


@pytest.mark.parametrize("page", PAGES)
def test_a_generated_page_is_current(pages: dict[str, str], page: str) -> None:
    assert (ROOT / "docs" / page).read_text("utf-8") == pages[page], "run `make docs`"


def test_every_page_that_is_generated_is_looked_at(pages: dict[str, str]) -> None:
    assert pages.keys() == set(PAGES)


@pytest.mark.parametrize(("line", "code"), [("", 0), ("one more line\n", 1)])
def test_the_check_fails_just_where_a_page_is_not_current(
    generator: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str, code: int
) -> None:
    for page, content in {"a.md": "a\n", "b.md": "b\n"}.items():
        (tmp_path / page).write_text(content)
    monkeypatch.setattr(generator, "DOCS", tmp_path)
    monkeypatch.setattr(generator, "pages", lambda: {"a.md": "a\n", "b.md": "b\n" + line})
    assert generator.main_program(check=True) == code
    assert (tmp_path / "b.md").read_text() == "b\n"
    assert generator.main_program(check=False) == 0
    assert generator.main_program(check=True) == 0


def test_every_command_of_the_overview_is_in_the_page() -> None:
    page = (ROOT / "docs" / "reference" / "cli.md").read_text("utf-8")
    assert all(f"## eid {name}\n" in page for name in COMMANDS)
