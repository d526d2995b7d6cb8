"""Where an agent's socket lies: in a directory that only its user can enter, under a name made of home and operator.

The directory is ``$XDG_RUNTIME_DIR/eid-toolkit`` (else that of ``/run/user/UID``), in memory and gone with the user's
last session; where there is none that is the user's alone, ``eid-toolkit-UID`` beside other temporary files. It is not
the home: its path may be too long for a socket (unix(7): 108 bytes, 104 on other systems), and it is copied and shared.
"""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from eid_toolkit.ground.errors import AgentUntrusted, BadInput
from eid_toolkit.ground.home.atomic import DIRECTORY_MODE, is_private

MAX_PATH = 103
"""Bytes of a socket's path that every system takes."""
_OTHERS = 0o077
_NAME_SIZE = 16  # of the digest: enough that no two meet


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Whose keys an agent holds: an operator of a home, which is known by its folder and by an identifier."""

    root: Path
    """The home's folder; links in it are followed, so that it has one name."""
    home_id: str
    """What tells the home from another one that lay or will lie in the same folder."""
    operator: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", self.root.resolve())


def socket_path(holder: KeyHolder) -> Path:
    """Where the agent of ``holder`` listens; the same for every process of this user.

    Raises :class:`BadInput` if even the directory for temporary files has too long a name.
    """
    digest = hashlib.sha256(os.fsencode(holder.root) + b"\0" + holder.operator.encode()).hexdigest()
    name = f"{digest[: 2 * _NAME_SIZE]}.sock"
    user = os.geteuid()
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{user}")
    path = runtime / "eid-toolkit" / name
    if runtime.is_absolute() and _is_own(runtime) and _fits(path):
        return path
    path = Path(os.environ.get("TMPDIR") or "/tmp").absolute() / f"eid-toolkit-{user}" / name
    if not _fits(path):
        raise BadInput("agent-place-too-long", directory=path.parent, limit=MAX_PATH - len(name) - 1)
    return path


def prepare_directory(directory: Path) -> None:
    """Have the directory, open to its owner only; raises :class:`AgentUntrusted` where others can change it."""
    with suppress(FileExistsError):
        directory.mkdir(mode=DIRECTORY_MODE)
    require_own_directory(directory)
    directory.chmod(DIRECTORY_MODE)


def require_own_directory(directory: Path) -> None:
    """Raises :class:`AgentUntrusted` for a link, and for a directory that others own or can write to."""
    if not is_private(directory):
        raise AgentUntrusted("agent-place-foreign", path=directory)


def is_own_socket(path: Path) -> bool:
    """Whether a socket of this user's lies there; False if nothing does.

    Raises :class:`AgentUntrusted` for anything else, and in a directory that is not this user's alone.
    """
    try:
        require_own_directory(path.parent)
        status = path.lstat()
    except FileNotFoundError:
        return False
    if not stat.S_ISSOCK(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & _OTHERS:
        raise AgentUntrusted("agent-place-foreign", path=path)
    return True


def _is_own(directory: Path) -> bool:
    try:
        return is_private(directory)
    except OSError:
        return False


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= MAX_PATH
