"""A command that was given wrongly is told with how it is used; under ``--format json`` as JSON, as any error is."""

from __future__ import annotations

import json

import pytest

from eid_toolkit.ground.home.home import Home
from support.offices import CommandLine

MISUSED = 2


@pytest.mark.parametrize(
    ("words", "told", "command"),
    [
        (("document", "list", "--format", "json", "--bogus"), "--bogus", "document list"),
        (("document", "list", "--bogus", "--format=jsonl"), "--bogus", "document list"),
        (("document", "show", "--format", "json"), "DOCUMENT", "document show"),
        (("document", "list", "--limit", "none", "--format", "json"), "none", "document list"),
        (("application", "create", "--format", "json"), "--profile", "application create"),
        (("dokument", "list", "--format", "json"), "dokument", ""),
        (("document", "lisst", "--format", "json"), "lisst", "document"),
        (("--bogus", "document", "list", "--format", "json"), "--bogus", ""),
        (("verify", "no-such-file", "--at", "x", "--format", "json"), "--at", "verify"),
        (("judge", "no-such-file", "--format", "json"), "no-such-file", "judge"),
        (("document", "list", "--bog\x1b[2Jus", "--format", "json"), "--bog", "document list"),
    ],
)
def test_an_error_of_usage_is_json_where_results_are(
    demo_home: Home, words: tuple[str, ...], told: str, command: str
) -> None:
    home = CommandLine(demo_home.root)
    result = home.call(*words, code=MISUSED)
    error = json.loads(result.stderr)["error"]
    assert (result.stdout, error["code"]) == ("", "usage-error")
    assert told in error["message"] and "\x1b" not in result.stderr
    assert f" {command}".rstrip() + " --help" in error["hint"], error["hint"]
    text = home.call(*(word for word in words if word not in ("--format", "json", "--format=jsonl")), code=MISUSED)
    assert text.stderr.startswith("Usage: ") and "Error: " in text.stderr
