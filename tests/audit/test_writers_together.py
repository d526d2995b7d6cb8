"""Several who write at once: the log stays whole, every row of it is signed, and every state is what it says."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import text

import eid_toolkit
from eid_toolkit.ground.home.home import Home
from support.meddling import meddling
from support.real_offices import copied_real_home, differing, log_broken, looked_at
from support.working_together import work

__all__ = ["copied_real_home"]
LIMIT = 120.0
PEOPLE = ("anna", "bert", "anna", "bert")
ROUNDS = 5
UNSIGNED = text(
    "SELECT count(*) FROM audit WHERE chain <> 'office' AND NOT EXISTS (SELECT 1 FROM audit_signature"
    " WHERE audit_signature.chain = audit.chain"
    " AND audit.number BETWEEN audit_signature.first AND audit_signature.last)"
)
GAPS = text(
    "SELECT count(*) FROM (SELECT chain, count(*) AS rows, max(number) AS newest FROM audit GROUP BY chain) AS chains"
    " WHERE rows <> newest"
)


def is_whole(home: Home) -> None:
    """Both walks are clean, no chain has a gap, and no row of an operator's chain is unsigned."""
    assert log_broken(home) is None
    assert differing(home) == {}
    with meddling(home) as meddler, meddler.writing() as connection:
        assert connection.execute(UNSIGNED).scalar_one() == 0
        assert connection.execute(GAPS).scalar_one() == 0


def test_threads_write_at_once(real_home: Home) -> None:
    with ThreadPoolExecutor(len(PEOPLE)) as pool:
        running = [
            pool.submit(work, real_home.root, who, ROUNDS, f"{who}-{number}-") for number, who in enumerate(PEOPLE)
        ]
        done = sum((each.result(LIMIT) for each in running), Counter[str]())
    is_whole(real_home)
    with looked_at(real_home) as office:
        applications = office.register.applications.list()
        approved = [each for each in applications if each.state == "approved"]
        rows = Counter(row.action for row in office.register.audit_rows())
    assert len(applications) == rows["application.created"] == done["applied"] > 0
    assert len(approved) == rows["application.approved"] == done["approved"] > 0
    assert rows["station.paused"] + rows["station.resumed"] == done["paused"] > 0
    assert all(each.decision is not None and each.decision.operator != each.creator for each in approved)


def test_processes_write_at_once(real_home: Home) -> None:
    paths = (Path(__file__).parents[1], Path(eid_toolkit.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "support.working_together", real_home.root, who, str(ROUNDS), f"{who}-{number}-"],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for number, who in enumerate(PEOPLE[:3])
    ]  # fmt: skip
    try:
        outcomes = [process.communicate(timeout=LIMIT) for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0, 0, 0], [errors for _, errors in outcomes]
    is_whole(real_home)


def test_one_operator_in_two_places_has_one_chain(real_home: Home) -> None:
    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(work, real_home.root, "anna", ROUNDS, f"x{number}-") for number in range(2)]
        for each in running:
            each.result(LIMIT)
    is_whole(real_home)
    with meddling(real_home) as meddler:
        rows = [row.place[1] for row in meddler.log() if row.place[0] == "operator/anna"]
    assert rows == list(range(1, len(rows) + 1)) and len(rows) >= 2 * ROUNDS
