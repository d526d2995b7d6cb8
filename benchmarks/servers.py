"""A PostgreSQL server for a benchmark: private to its folder, as it comes but for the place of its socket."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def postgres_binaries() -> Path | None:
    """The folder of Debian's newest PostgreSQL, or where the search path has it."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = str(versions[-1]) if versions else shutil.which("initdb")
    return Path(found).parent if found else None


@contextmanager
def postgres_server(binaries: Path) -> Iterator[str]:
    """A running server; gives the address of its one empty database. What it writes is on the disk when it says so."""
    root = Path(tempfile.mkdtemp(prefix="eid-pg-", dir="/tmp"))  # a short path: it becomes a socket's
    runs_as: list[str] = []
    if os.geteuid() == 0:  # the server refuses to run as root
        owner = pwd.getpwnam("postgres")
        os.chown(root, owner.pw_uid, owner.pw_gid)
        runs_as = ["runuser", "-u", "postgres", "--"]

    def run(program: str, *arguments: str) -> None:
        command = [*runs_as, str(binaries / program), *arguments]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    try:
        run("initdb", "-D", f"{root}/data", "--auth=trust", "--username=eid", "--encoding=UTF8", "--locale=C.UTF-8")
        options = f"-c listen_addresses='' -c unix_socket_directories={root}"
        run("pg_ctl", "-D", f"{root}/data", "-l", f"{root}/log", "-w", "-o", options, "start")
        try:
            run("createdb", "-h", str(root), "-U", "eid", "register")
            yield f"postgresql+psycopg://eid@/register?host={root}"
        finally:
            run("pg_ctl", "-D", f"{root}/data", "-m", "fast", "-w", "stop")
    finally:
        shutil.rmtree(root, ignore_errors=True)
