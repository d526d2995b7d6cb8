"""A SoftHSM token of the tests' own: its files, its configuration, one module for the whole test run."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

PIN, SO_PIN = "482913", "91827364"
_COUNT = 48
_MODULES = (
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"),
    Path("/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so"),
)


class SoftHsm:
    """Tokens in a folder, all made before a process first loads the module: it sees no later ones."""

    def __init__(self, folder: Path, module: Path) -> None:
        self.module = module
        (folder / "tokens").mkdir(parents=True)
        self.configuration = folder / "softhsm2.conf"
        self.configuration.write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\n")
        os.environ["SOFTHSM2_CONF"] = str(self.configuration)
        self._labels = [f"token-{number}" for number in range(_COUNT)]
        for label in self._labels:
            command = ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", SO_PIN]
            subprocess.run(command, check=True, capture_output=True, timeout=60)

    def token(self) -> str:
        """The pkcs11: URI of a token that no other test has had."""
        return f"pkcs11:token={self._labels.pop()}?module-path={self.module}"


@pytest.fixture(scope="session")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftHsm]:
    module = next((path for path in _MODULES if path.exists()), None)
    if module is None or shutil.which("softhsm2-util") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("softhsm2 is not installed")
    yield SoftHsm(tmp_path_factory.mktemp("softhsm"), module)
