"""Processes that share work: results in order, and none lost when a process fails, ends, or loses its parent."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import support.crew_work
from eid_toolkit.ground.crew import Crew
from support.crew_work import unable, working
from support.waiting import next_line

HERE = os.getpid()


def here(task: int) -> tuple[int, int]:
    return 10 * task, HERE


def test_results_come_in_the_order_of_their_tasks_from_several_processes() -> None:
    with Crew(2, working, 10) as crew:
        done = list(crew.map(range(12), here))
    assert [(task, result) for task, (result, _) in done] == [(n, 10 * n) for n in range(12)]
    workers = {pid for _, (_, pid) in done}
    assert len(workers) == 2
    assert HERE not in workers


@pytest.mark.parametrize("task", [13, 17])
def test_what_a_process_does_not_do_is_done_here(task: int) -> None:
    with Crew(2, working, 10) as crew:
        done = list(crew.map([11, 12, task, 14, 15], here))
    assert [result for _, (result, _) in done] == [110, 120, 10 * task, 140, 150]
    assert done[2][1][1] == HERE


def test_all_is_done_here_when_no_process_can_begin() -> None:
    with Crew(2, unable) as crew:
        assert crew.everyone(1) is None
        assert list(crew.map(range(4), here)) == [(n, (10 * n, HERE)) for n in range(4)]


def test_what_cannot_be_sent_is_done_here() -> None:
    with Crew(1, working, 10) as crew:
        ((_, result),) = crew.map([lambda: 1], lambda task: (7, 7))  # type: ignore[list-item]
    assert result == (7, 7)


def test_an_error_in_drawing_a_task_comes_behind_the_results_before_it() -> None:
    def tasks() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("no more")

    seen = []
    with Crew(2, working, 10) as crew, pytest.raises(ValueError, match="no more"):
        for task, _ in crew.map(tasks(), here):
            seen.append(task)
    assert seen == [1, 2]


def test_everyone_does_a_task() -> None:
    with Crew(2, working, 10) as crew:
        answers = crew.everyone(3)
        assert answers is not None
        assert [result for result, _ in answers] == [30, 30]
        assert len({pid for _, pid in answers}) == 2
        assert crew.everyone(13) is None


PARENT = """
import sys, time
from eid_toolkit.ground.crew import Crew
sys.path.insert(0, {folder!r})
from support.crew_work import working
if __name__ == "__main__":
    with Crew(2, working, 10) as crew:
        print(*(pid for _, pid in crew.everyone(3)), flush=True)
        time.sleep(60)
"""


def test_the_processes_end_with_the_one_that_started_them_even_if_that_is_killed() -> None:
    code = PARENT.format(folder=str(Path(support.crew_work.__file__).parents[1]))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        workers = [int(word) for word in next_line(parent).split()]
        assert len(workers) == 2
        parent.kill()
    until = time.monotonic() + 20
    while any(map(_runs, workers)):
        assert time.monotonic() < until, "a process was left behind"
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


def test_a_script_without_a_guard_runs_once(tmp_path: Path) -> None:
    """Processes that are started do not run the program that starts them."""
    script = tmp_path / "script.py"
    script.write_text(
        "import operator\n"
        "from eid_toolkit.ground.crew import Crew\n"
        "print('runs')\n"
        "with Crew(2, operator.methodcaller, '__neg__') as crew:\n"
        "    print([result for _, result in crew.map([1, 2], lambda task: 0)])\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == ("runs\n[-1, -2]\n", "")
