"""How a handler refuses a command: the one exception that becomes a status word."""

from __future__ import annotations

from eid_toolkit.standards.iso7816.status import StatusWord


class Refused(Exception):
    """The command is refused with ``sw``; whatever state the handler had not yet changed stays."""

    def __init__(self, sw: StatusWord | int) -> None:
        super().__init__(f"{int(sw):04X}")
        self.sw = int(sw)


def require(condition: object, sw: StatusWord) -> None:
    """Refuses with ``sw`` unless ``condition`` holds."""
    if not condition:
        raise Refused(sw)
