"""The fifth table: signatures per second of keys in files and in a token, by one thread and by several."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from eid_toolkit.books.keys.pkcs11_uri import Pkcs11Uri
from eid_toolkit.books.keys.signers import EcSigner
from eid_toolkit.books.keys.token import Token
from eid_toolkit.ground.ports import Signer, SystemEntropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey

CURVE = "brainpoolP256r1"
THREADS = (1, 2, 4)
_PATIENCE = 60.0
"""Seconds that signing threads may take beyond their time."""
_MESSAGE = bytes(200)
_PIN = "482913"
_MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")


class NoToken(Exception):
    """SoftHSM is not installed: the token is not measured."""


@dataclass(frozen=True, slots=True)
class KeyMeasure:
    """One row: signatures per second of one kind of key, by a number of threads, beside the raw calls by one thread."""

    name: str
    threads: int
    per_second: float
    floor_per_second: float

    def to_json(self) -> dict[str, object]:
        """Stable keys."""
        return {
            "name": self.name,
            "threads": self.threads,
            "per_second": round(self.per_second, 1),
            "floor_per_second": round(self.floor_per_second, 1),
        }


def measure_keys(seconds: float) -> tuple[list[KeyMeasure], str | None]:
    """The rows, and why the token is not among them."""
    entropy = SystemEntropy()
    in_file = EcSigner(EcPrivateKey.generate(ec_domain_by_name(CURVE), entropy))
    raw = ec.generate_private_key(ec.BrainpoolP256R1())
    floor = _rate(lambda: raw.sign(_MESSAGE, ec.ECDSA(hashes.SHA256())), 1, seconds)
    rows = _rows("key in a file", in_file, floor, seconds)
    try:
        with _token() as token:
            made = token.generate_ec("benchmark", CURVE)
            rows += _rows("key in the token", made, _rate(_raw_token(token), 1, seconds), seconds)
    except NoToken as reason:
        return rows, str(reason)
    return rows, None


def _rows(name: str, signer: Signer, floor: float, seconds: float) -> list[KeyMeasure]:
    sign = lambda: signer.sign(_MESSAGE)  # noqa: E731
    return [KeyMeasure(name, threads, _rate(sign, threads, seconds), floor) for threads in THREADS]


def _rate(work: Callable[[], object], threads: int, seconds: float) -> float:
    """Calls of ``work`` per second; each thread makes at least one."""
    work()
    counts = [0] * threads
    start = time.perf_counter()

    def run(place: int) -> None:
        while not counts[place] or time.perf_counter() - start < seconds:
            work()
            counts[place] += 1

    running = [threading.Thread(target=run, args=(place,)) for place in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(seconds + _PATIENCE)
        if thread.is_alive():
            raise TimeoutError("a key does not sign")
    return sum(counts) / (time.perf_counter() - start)


def _raw_token(token: Token) -> Callable[[], object]:
    """The token's own signature over a digest, with the key at hand and nothing around it."""
    import pkcs11

    with token._session() as session:
        (key,) = session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY})
    digest, mechanism = hashlib.sha256(_MESSAGE).digest(), pkcs11.Mechanism.ECDSA

    def sign() -> Any:
        return key.sign(digest, mechanism=mechanism)

    return sign


@contextmanager
def _token() -> Iterator[Token]:
    """A SoftHSM token of the benchmark's own; raises :class:`NoToken`."""
    module = next((path for path in _MODULES if Path(path).exists()), None)
    if module is None or shutil.which("softhsm2-util") is None:
        raise NoToken("softhsm2 is not installed")
    with tempfile.TemporaryDirectory(prefix="eid-benchmarks-") as folder:
        configuration = Path(folder) / "softhsm2.conf"
        configuration.write_text(f"directories.tokendir = {folder}\nobjectstore.backend = file\n", "utf-8")
        os.environ["SOFTHSM2_CONF"] = str(configuration)
        command = ["softhsm2-util", "--init-token", "--free", "--label", "benchmark", "--pin", _PIN, "--so-pin", _PIN]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        uri = Pkcs11Uri.parse(f"pkcs11:token=benchmark?module-path={module}")
        yield Token(uri, lambda: Secret(_PIN.encode()))
