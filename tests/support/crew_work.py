"""What processes of a crew do in tests."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable


def working(factor: int) -> Callable[[int], tuple[int, int]]:
    def work(task: int) -> tuple[int, int]:
        if task == 13:
            raise ValueError("unlucky")
        if task == 17:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.02 * (task % 3))  # the later ones are done earlier
        return factor * task, os.getpid()

    return work


def unable() -> Callable[[int], tuple[int, int]]:
    raise OSError("no such place")
