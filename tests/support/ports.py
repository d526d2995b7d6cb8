"""TCP ports for servers that must be told theirs: not from those that the system gives to connections of its own."""

from __future__ import annotations

import random
import socket
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 10_000


def free_ports(count: int = 1) -> int:
    """The first of ``count`` consecutive TCP ports at which nobody listens.

    Whoever listens there later may still find one taken; but no connection that some process opens meanwhile takes
    it, and two test processes seldom choose the same.
    """
    above = int(_RANGE.read_text().split()[0]) if _RANGE.exists() else 32_768
    while True:
        first = random.randrange(_LOWEST, max(above, _LOWEST + 10_000) - count)
        if all(_is_free(port) for port in range(first, first + count)):
            return first


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
        return True
