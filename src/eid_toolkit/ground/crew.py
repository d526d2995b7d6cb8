"""Processes that do the same work on one task after another; results come in the order of the tasks.

What a process cannot do, because it raises an error or has ended, is done here instead: so the results, and the error
if there is one, are those of one process. The processes end with the one that started them, however that ends.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from queue import Empty, SimpleQueue
from types import ModuleType, TracebackType
from typing import Any, Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")
_END_SECONDS = 5.0


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Undone:
    """The result of a task that no process has done."""


_UNDONE = _Undone()


class Crew(Generic[Task, Result]):
    """``count`` processes, each with what ``begin`` returns for the ``arguments``: that is called for each task.

    ``begin`` is found by its name, and it, arguments, tasks and results are sent by :mod:`pickle`. Entered and left as
    a context; leaving stops the processes, whatever they are doing.
    """

    def __init__(self, count: int, begin: Callable[..., Callable[[Task], Result]], *arguments: object) -> None:
        self._count = count
        self._beginning = (begin, arguments)
        self._processes: list[SpawnProcess] = []
        self._members: list[Connection] = []
        self._idle: SimpleQueue[Connection] = SimpleQueue()
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="crew")

    def __enter__(self) -> Crew[Task, Result]:
        context = get_context("spawn")  # no lock, connection or key of this process goes along
        for _ in range(self._count):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs,), daemon=True)
            try:
                with _apart():
                    process.start()
            except OSError:  # there is no room for more
                ours.close()
                break
            finally:
                theirs.close()
            self._processes.append(process)
            self._members.append(ours)
            with suppress(OSError):
                ours.send(self._beginning)
            self._idle.put(ours)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            process.terminate()
        self._threads.shutdown(cancel_futures=True)
        for process, member in zip(self._processes, self._members, strict=True):
            process.join(_END_SECONDS)
            member.close()

    def everyone(self, task: Task) -> list[Result] | None:
        """Have each process do the task: what they return, or None if one cannot; then the crew is of no more use."""
        with suppress(OSError, EOFError):
            for member in self._members:
                member.send(task)
            answers = [member.recv() for member in self._members]
            return [result for _, result in answers] if all(good for good, _ in answers) else None
        return None

    def map(self, tasks: Iterable[Task], instead: Callable[[Task], Result]) -> Iterator[tuple[Task, Result]]:
        """Each task with its result, in order; ``instead`` does what no process could.

        Tasks are drawn a few ahead, in the thread of the caller. An error in drawing one comes behind the results of
        those before it.
        """
        coming = iter(tasks)
        waiting: deque[tuple[Task, Future[Any]]] = deque()
        failure: Exception | None = None
        ended = False
        while True:
            while not ended and len(waiting) <= 2 * self._count:
                try:
                    task = next(coming)
                except StopIteration:
                    ended = True
                except Exception as error:
                    failure, ended = error, True
                else:
                    waiting.append((task, self._threads.submit(self._ask, task)))
            if not waiting:
                break
            task, asked = waiting.popleft()
            result = asked.result()
            yield task, instead(task) if result is _UNDONE else result
        if failure is not None:
            raise failure

    def _ask(self, task: Task) -> object:
        try:
            member = self._idle.get_nowait()
        except Empty:  # all have ended
            return _UNDONE
        try:
            member.send(task)
            good, result = member.recv()
        except (EOFError, OSError):  # this one has ended
            return _UNDONE
        except Exception:  # a task that cannot be sent
            self._idle.put(member)
            return _UNDONE
        self._idle.put(member)
        return result if good else _UNDONE


@contextmanager
def _apart() -> Iterator[None]:
    """A process that is started runs nothing of the program's main module again, and does not hear the keyboard."""
    main = sys.modules["__main__"]
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(connection: Connection) -> None:
    """What a process does until nobody sends it a task any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever has started it decides
    with suppress(Exception):  # without a word: what it does not do is done by who asks
        begin, arguments = connection.recv()
        work = begin(*arguments)
        while True:
            task = connection.recv()
            try:
                answer = True, work(task)
            except Exception:
                answer = False, None
            connection.send(answer)
