"""The card's side of vpcd, where no vpcd is."""

from __future__ import annotations

import socket

import pytest

from eid_toolkit.cards.transport.vpcd import VpcdCard
from eid_toolkit.ground.errors import ServiceAway
from support.cards import EchoCard
from support.waiting import LIMIT


def test_a_port_without_vpcd_is_named() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        with pytest.raises(ServiceAway) as caught:
            VpcdCard(EchoCard(), port)
    assert (caught.value.code, caught.value.facts["port"]) == ("vpcd-unreachable", port)


def test_a_card_loses_its_power_when_vpcd_goes_away() -> None:
    card = EchoCard()
    with socket.create_server(("127.0.0.1", 0)) as server, VpcdCard(card, server.getsockname()[1]) as inserted:
        server.settimeout(LIMIT)
        vpcd, _ = server.accept()
        vpcd.settimeout(LIMIT)
        vpcd.sendall(bytes.fromhex("0001 010001 04"))
        vpcd.shutdown(socket.SHUT_WR)
        inserted.run()
        assert vpcd.recv(64) == len(card.atr).to_bytes(2, "big") + card.atr
        vpcd.close()
    assert card.events == ["reset", "off"]
