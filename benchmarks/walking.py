"""``python -m benchmarks.walking``: how fast the log and the rows with a state are verified, beside bare hashing.

The log has one signed transaction a row, which is the worst. The floor hashes the same rows and verifies as many
signatures, and does nothing else.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from itertools import count
from pathlib import Path

from benchmarks.office import CLERK, BusyOffice
from benchmarks.writers import look_up
from eid_toolkit.books.audit import log
from eid_toolkit.books.audit.rows import StoredRow
from eid_toolkit.books.audit.state_walk import Counted, walk_states
from eid_toolkit.books.keys.holding import DIGEST
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey


def floor(office: BusyOffice, rows: list[StoredRow]) -> float:
    """Rows a second that are hashed and whose signatures are verified, with a key at hand."""
    key = EcPrivateKey.generate(ec_domain_by_name("secp256r1"), office.entropy)
    signed = [(row.hash.encode(), key.sign(row.hash.encode(), DIGEST)) for row in rows]
    public = key.public_key
    began = time.perf_counter()
    for row, (statement, signature) in zip(rows, signed, strict=True):
        assert row.is_consistent()
        assert public.verify(signature, statement, DIGEST)
    return len(rows) / (time.perf_counter() - began)


def main() -> None:
    """Measures once."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.walking", description="Measure the walks.")
    parser.add_argument("--rows", type=int, default=5000, help="rows of the log (default: 5000)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="eid-benchmarks-") as folder:
        office, numbers = BusyOffice.at(Path(folder)), count()
        for _ in range(arguments.rows):
            look_up(office, CLERK, numbers)
        documents = [office.prepared_document() for _ in range(max(1, arguments.rows // 100))]
        with office.register.database.read() as connection:
            rows = list(log.stored_rows(connection))
        bare = floor(office, rows)
        began = time.perf_counter()
        result = office.register.audit.verify()
        walked = result.rows / (time.perf_counter() - began)
        assert result.reason is None
        began = time.perf_counter()
        with office.register.database.read() as connection:
            counted = [each for each in walk_states(connection) if isinstance(each, Counted)]
        states = sum(each.rows for each in counted)
        held = states / (time.perf_counter() - began)
        assert states >= 2 * len(documents)
    print(f"log verified             {walked:8.0f} rows a second, beside {bare:.0f} hashed and verified bare")
    print(f"rows with a state held   {held:8.0f} a second")
    if arguments.json is not None:
        numbers_ = {"log": round(walked), "floor": round(bare), "states": round(held)}
        arguments.json.write_text(json.dumps(numbers_, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
