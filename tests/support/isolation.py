"""Ways to run pcscd beside the system's own: it must find a /run/pcscd that is not the system's."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from pathlib import Path

PCSCD = Path("/usr/sbin/pcscd")
_ROOT_NAMESPACE = ("unshare", "--mount", "--propagation", "private")
_USER_NAMESPACE = ("unshare", "-U", "-r", "--mount", "--propagation", "private")


@functools.cache
def namespace() -> tuple[str, ...] | None:
    """The words that start a program in a mount namespace, or None where the system forbids it (most containers)."""
    for words in (_ROOT_NAMESPACE, _USER_NAMESPACE):
        trial = [*words, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
        if subprocess.run(trial, capture_output=True, check=False, timeout=60).returncode == 0:
            return words
    return None


def is_possible() -> bool:
    """Whether one of the ways is open: a mount namespace, or for root a changed root directory."""
    return namespace() is not None or os.geteuid() == 0


def pcscd_command(folder: Path, driver: Path) -> list[str]:
    """The command that runs pcscd with ``folder``/run as its /run/pcscd and ``folder``/conf as its configuration."""
    pcscd = f"{PCSCD} --foreground --config {folder}/conf {_without_polkit()}"
    words = namespace()
    if words is None:
        _make_root(folder, driver)
        return ["chroot", str(folder), *pcscd.split()]
    # /run itself is covered where pcscd has never run, so that no root is needed; the namespace alone sees it.
    covered = "[ -d /run/pcscd ] || { mount -t tmpfs tmpfs /run && mkdir /run/pcscd; }"
    return [*words, "sh", "-c", f"{covered}; mount --bind {folder}/run /run/pcscd && exec {pcscd}"]


@functools.cache
def _without_polkit() -> str:
    """The option for a pcscd that would else ask a policy service whether its clients may talk to it (Debian 13)."""
    option = "--disable-polkit"
    usage = subprocess.run([PCSCD, "--help"], capture_output=True, text=True, check=False, timeout=60).stdout
    return option if option in usage else ""


def _make_root(folder: Path, driver: Path) -> None:
    """Make ``folder`` a root directory that has just pcscd and its libraries, and that knows itself by its own name."""
    listing = subprocess.run(["ldd", PCSCD, driver], capture_output=True, text=True, check=True, timeout=60).stdout
    libraries = set(re.findall(r"(/\S+) \(0x", listing))
    # The C library loads this one when a thread ends.
    libraries |= {str(Path(library).with_name("libgcc_s.so.1")) for library in libraries if "/libc.so" in library}
    for library in {str(PCSCD), *libraries}:
        copy = folder / library.lstrip("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, copy)
    _link(folder / str(folder).lstrip("/"), "/")
    _link(folder / "run" / "pcscd", ".")


def _link(name: Path, target: str) -> None:
    name.parent.mkdir(parents=True, exist_ok=True)
    if not name.is_symlink():
        name.symlink_to(target)
