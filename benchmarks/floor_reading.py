"""The floor beside ``eid verify``: a process that imports what a reading needs, and sends the same commands.

``python benchmarks/floor_reading.py READER CAN`` prints how many commands that took. It judges nothing, believes
nothing and shows nothing.
"""

from __future__ import annotations

import sys

from eid_toolkit.cards.transport.pcsc import PcscTransport
from eid_toolkit.ground.ports import SystemClock, SystemEntropy
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.work.inspection.capture import capture
from eid_toolkit.work.inspection.policy import policy_by_name


def main(reader: str, can: str) -> None:
    """Read the card that is in the reader."""
    transport = PcscTransport(reader)
    password, policy = AccessPassword.from_can(can), policy_by_name("officer")
    print(capture(transport, password, policy, SystemEntropy(), SystemClock()).apdus)
    transport.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
