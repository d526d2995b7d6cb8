"""The officer's quick start, in each language, shows the screen as it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.messages.catalogue import Speaker
from support.quick_starts import PAGES, blocks

in_each_language = pytest.mark.parametrize("language", [language for language, name in PAGES if name == "officer"])


@in_each_language
def test_the_screen_of_a_page_is_what_a_copied_chip_gives(language: str, tmp_path: Path) -> None:
    """Apart from whose card it is, and when."""
    speaker = Speaker(language)
    verdict, failed = speaker.in_short("verdict-failed"), f"  {speaker.in_short('status-failed')}"
    command = ["--home", str(tmp_path), "verify", "--reader", "spec:clone", "--can", "123456"]
    shown = CliRunner().invoke(main, command, env={"EID_LANG": language}).stdout.splitlines()
    page = next(block for block in blocks(language, "officer", "text") if verdict in block).splitlines()[2:]
    assert page[0] == page[-1] == shown[0] == shown[-1]
    labels = [line[:20] for line in page if re.match("  [A-Z]", line)]
    assert labels == [line[:20] for line in shown if re.match("  [A-Z]", line)]
    at, behind = page.index(""), [line for line in page if line.startswith(failed)]
    assert at == 1
    assert [line for line in shown if line.startswith(failed)][: len(behind)] == behind
    assert page[-3:] == shown[-3:]


@in_each_language
def test_the_fingerprints_of_a_page_are_called_what_they_are_called_on_the_screen(language: str) -> None:
    _, _, *page = next(block for block in blocks(language, "officer", "text") if "officer init" in block).splitlines()
    shown = [Speaker(language).label(name) for name in ("authority_fingerprint", "evidence_fingerprint")]
    assert [re.split(" {2,}", line)[0] for line in page] == shown
