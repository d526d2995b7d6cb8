"""opensc-tool: a program that is not ours, to look at our cards through PC/SC."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_CONFIGURATION = Path(__file__).parent / "opensc.conf"


def opensc_tool(*arguments: str) -> str:
    """What it prints; CalledProcessError if it fails."""
    environment = {name: os.environ[name] for name in ("PCSCLITE_CSOCK_NAME", "PATH")}
    return subprocess.run(
        ["opensc-tool", *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
        env={"OPENSC_CONF": str(_CONFIGURATION), **environment},
    ).stdout
