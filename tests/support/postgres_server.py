"""A PostgreSQL server of one's own: private to its folder, reached by a socket, gone when it is stopped.

One that ``listens`` can be reached by TCP on 127.0.0.1, too, with TLS where it has a certificate.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from support.ports import free_ports

_ROOM = 1 << 30


def postgres_binaries() -> Path | None:
    """The folder of Debian's newest PostgreSQL, or where the search path has it."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if versions:
        return versions[-1].parent
    found = shutil.which("initdb")
    return Path(found).parent if found else None


def memory_folder() -> str | None:
    """Where files need no disk, if there is room for what tests leave there."""
    path = "/dev/shm"
    if not os.access(path, os.W_OK):
        return None
    found = os.statvfs(path)
    return path if found.f_bavail * found.f_frsize > _ROOM else None


@dataclass(frozen=True, slots=True)
class Tls:
    """What a server shows, in PEM."""

    certificate: bytes
    key: bytes


class PrivatePostgres:
    """One server; databases are made empty or as copies of another one.

    A ``durable`` one is as it comes: what it writes is on the disk when it says so. Others do without, in memory where
    that is possible.
    """

    def __init__(self, binaries: Path, *, durable: bool = False, listens: bool = False, tls: Tls | None = None) -> None:
        self._binaries = binaries
        self._durable = durable
        self._listens, self._tls = listens, tls
        self.port = free_ports() if listens else 5432
        # In any case at a short path: it becomes a socket's.
        self._root = Path(tempfile.mkdtemp(prefix="eid-pg-", dir=(None if durable else memory_folder()) or "/tmp"))
        self._runs_as: list[str] = []
        if os.geteuid() == 0:  # the server refuses to run as root
            owner = pwd.getpwnam("postgres")
            os.chown(self._root, owner.pw_uid, owner.pw_gid)
            self._runs_as = ["runuser", "-u", "postgres", "--"]
        self._numbers = count(1)

    def start(self) -> None:
        options = ["--auth=trust", "--username=eid", "--encoding=UTF8", "--locale=C.UTF-8"]
        try:
            self._run("initdb", "-D", self._data, *options, *([] if self._durable else ["--no-sync"]))
            if self._tls is not None:
                self._keep("server.crt", self._tls.certificate)
                self._keep("server.key", self._tls.key)
            self._start()
        except BaseException:
            shutil.rmtree(self._root, ignore_errors=True)
            raise

    def stop(self) -> None:
        try:
            self._run("pg_ctl", "-D", self._data, "-m", "fast" if self._durable else "immediate", "-w", "stop")
        finally:
            shutil.rmtree(self._root, ignore_errors=True)

    def crash(self) -> None:
        """As a power cut leaves it."""
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")

    def start_again(self) -> None:
        self._start()

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://eid@/{name}?host={self._root}&port={self.port}"

    def create(self, template: str = "template0") -> str:
        """A new database's name."""
        name = f"eid_{next(self._numbers)}"
        how = "" if self._durable else " STRATEGY FILE_COPY"  # half the time of a copy by way of the log
        self.statement(f"CREATE DATABASE {name} TEMPLATE {template}{how}")
        return name

    def drop(self, name: str) -> None:
        self.statement(f"DROP DATABASE {name} WITH (FORCE)")

    def statement(self, text: str, database: str = "postgres") -> None:
        """One statement by the server's owner."""
        import psycopg

        address = f"user=eid dbname={database} host={self._root} port={self.port} connect_timeout=60"
        with psycopg.connect(address, autocommit=True, options="-c statement_timeout=60s") as connection:
            connection.execute(text)  # type: ignore[call-overload]

    @property
    def _data(self) -> str:
        return str(self._root / "data")

    def _start(self) -> None:
        listens = "127.0.0.1" if self._listens else "''"
        settings = f"-c listen_addresses={listens} -c port={self.port} -c unix_socket_directories={self._root}"
        if self._tls is not None:  # the files are where the server looks for them
            settings += " -c ssl=on"
        if not self._durable:
            settings += " -c fsync=off -c full_page_writes=off -c autovacuum=off -c max_connections=60"
        self._run("pg_ctl", "-D", self._data, "-l", str(self._root / "log"), "-w", "-o", settings, "start")

    def _keep(self, name: str, content: bytes) -> None:
        path = Path(self._data) / name
        path.touch(0o600)
        path.write_bytes(content)
        if self._runs_as:
            owner = Path(self._data).stat()
            os.chown(path, owner.st_uid, owner.st_gid)

    def _run(self, program: str, *arguments: str) -> None:
        words = [*self._runs_as, str(self._binaries / program), *arguments]
        done = subprocess.run(
            words, check=False, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
