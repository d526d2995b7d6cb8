"""The shape of a protocol's terminal side: a generator that yields commands, takes answers and returns a result."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu

T = TypeVar("T")

Flow = Generator[CommandApdu, ResponseApdu, T]


def run(flow: Flow[T], exchange: Callable[[CommandApdu], ResponseApdu]) -> T:
    """Drives ``flow`` to its end; this is the only place where a flow's commands are sent."""
    try:
        command = next(flow)
        while True:
            command = flow.send(exchange(command))
    except StopIteration as done:
        result: T = done.value
        return result
