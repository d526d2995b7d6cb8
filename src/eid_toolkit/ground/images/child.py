"""Decoding of images that may be made to harm, in a child process with limits of memory and time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from eid_toolkit.ground.errors import BadInput

_TASKS = ("portrait", "jpeg", "examine", "look", "anew")
_MAX_ANSWER = 64 << 20
_GRACE = 5
"""Seconds for the child to start, and beyond its own processor time."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use: bytes of address space, and seconds of processor time."""

    memory: int
    seconds: int


def run_in_child(task: str, data: bytes, arguments: Mapping[str, Any], limits: Limits) -> tuple[bytes, dict[str, Any]]:
    """What :data:`_TASKS` of :mod:`.converting` makes of an image file: bytes, and facts about them.

    Raises the child's :class:`BadInput`, or ``portrait-too-costly`` for an image that goes beyond the limits.
    """
    request = {"task": task, "arguments": dict(arguments), "memory": limits.memory, "seconds": limits.seconds}
    try:
        done = subprocess.run(
            [sys.executable, "-m", __name__],
            input=json.dumps(request).encode() + b"\n" + data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=limits.seconds + _GRACE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BadInput("portrait-too-costly", seconds=limits.seconds, memory=limits.memory) from None
    head, _, content = done.stdout.partition(b"\n")
    if done.returncode != 0 or not head:  # ended by the system, or out of memory
        raise BadInput("portrait-too-costly", seconds=limits.seconds, memory=limits.memory)
    answer = json.loads(head)
    if "error" in answer:
        raise BadInput(answer["error"], **answer["facts"])
    return content, answer


def main() -> None:
    """The child: a request on standard input, the answer on standard output."""
    request = json.loads(sys.stdin.buffer.readline())
    _limit(request["memory"], request["seconds"])
    try:
        content, facts = _task(request["task"])(sys.stdin.buffer.read(), request["arguments"])
    except MemoryError:
        sys.exit(1)
    except BadInput as error:
        content, facts = b"", {"error": error.code, "facts": dict(error.facts)}
    if facts.get("facts", {}).get("cause") == MemoryError.__name__ or len(content) > _MAX_ANSWER:
        sys.exit(1)
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + content)


def _limit(memory: int, seconds: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _task(name: str) -> Callable[[bytes, dict[str, Any]], tuple[bytes, dict[str, Any]]]:
    from eid_toolkit.ground.images import converting

    def make(data: bytes, arguments: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
        picture = converting.portrait_here(data, converting.PortraitFormat(**arguments))
        return picture.image, {"width": picture.width, "height": picture.height}

    def show(data: bytes, _: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
        return converting.jpeg_here(data), {}

    def examine(data: bytes, arguments: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
        done = converting.examined_here(data, converting.PortraitFormat(**arguments))
        size = {"width": done.portrait.width, "height": done.portrait.height}
        return done.portrait.image, {**size, "measures": asdict(done.measures), "fingerprint": done.fingerprint}

    def look(data: bytes, _: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
        image, measures, fingerprint = converting.looked_at_here(data)
        return image, {"measures": asdict(measures), "fingerprint": fingerprint}

    def anew(data: bytes, _: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
        return converting.shown_here(data), {}

    return dict(zip(_TASKS, (make, show, examine, look, anew), strict=True))[name]


if __name__ == "__main__":
    main()
