"""pytest fixtures: emulated cards in the test's own process, and in a PC/SC reader (docs/pytest.md).

Nothing of the toolkit is imported until a test asks for a card. Every card is the test's own and forgets everything
when the test ends.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from eid_toolkit.cards.transport.interface import Transport
    from eid_toolkit.work.cardspec import SpecimenCard
    from eid_toolkit.work.cardspec.making import SpecLike

    CardMaker = Callable[..., SpecimenCard]

_MARKER = (
    "eid_card(spec=None, **fields): what the fixture eid_card makes: a spec file (relative to the test's own), the "
    "name of a shipped one, a "
    "mapping, a CardSpec, or the fields of one (profile=..., seed=..., forgery=..., quirks=[...], blank=True)"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--eid-vpcd-port`` and ``--eid-require-reader``."""
    group = parser.getgroup("eid", "emulated identity cards")
    group.addoption("--eid-vpcd-port", type=int, default=None, help="Port of the virtual reader (default: 35963).")
    group.addoption(
        "--eid-require-reader",
        action="store_true",
        help="Fail tests that need a PC/SC reader where there is none, instead of skipping them.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Makes the marker known to ``pytest --markers``."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture
def eid_card_maker(request: pytest.FixtureRequest) -> CardMaker:
    """Makes cards: ``eid_card_maker(spec=None, **fields)``, as the marker ``eid_card`` describes them."""
    folder = request.path.parent

    def make(spec: SpecLike = None, **fields: Any) -> SpecimenCard:
        from eid_toolkit.work.cardspec.making import make as make_card

        return make_card(spec, fields, folder)

    return make


@pytest.fixture
def eid_card(request: pytest.FixtureRequest, eid_card_maker: CardMaker) -> SpecimenCard:
    """The card that the marker ``eid_card`` describes; without one, an issued specimen of Utopia."""
    marker = request.node.get_closest_marker("eid_card")
    return eid_card_maker() if marker is None else eid_card_maker(*marker.args, **marker.kwargs)


@pytest.fixture
def eid_blank_card(eid_card_maker: CardMaker) -> SpecimenCard:
    """A blank with the keys 40..4F of developer cards."""
    return eid_card_maker(blank=True)


@pytest.fixture
def eid_forged_cards(eid_card_maker: CardMaker) -> dict[str, SpecimenCard]:
    """A card of every forgery that the toolkit knows, by name; all of the same genuine card."""
    from eid_toolkit.work.cardspec.forging import FORGERIES

    return {name: eid_card_maker(seed="forged", forgery=name) for name in FORGERIES}


@pytest.fixture
def eid_transport(eid_card: SpecimenCard) -> Iterator[Transport]:
    """``eid_card`` powered, in this process: ``process(bytes) -> bytes``, ``reset()``, ``atr``."""
    from eid_toolkit.cards.transport.inprocess import InProcessTransport

    transport = InProcessTransport(eid_card.card, "emulator:eid_card")
    yield transport
    transport.close()


@pytest.fixture
def eid_reader(request: pytest.FixtureRequest, eid_card: SpecimenCard) -> Iterator[str]:
    """The name of the PC/SC reader that holds ``eid_card``, by the driver vpcd; skips the test where there is none."""
    from eid_toolkit.cards.transport.virtual_reader import inserted
    from eid_toolkit.cards.transport.vpcd import DEFAULT_PORT
    from eid_toolkit.ground.errors import ServiceAway

    port = request.config.getoption("--eid-vpcd-port") or DEFAULT_PORT
    with ExitStack() as stack:
        try:
            name = stack.enter_context(inserted(eid_card.card, port))
        except ServiceAway as error:
            _without_reader(request.config, error)
        yield name


@pytest.fixture
def eid_trace(request: pytest.FixtureRequest) -> Callable[[Transport], TraceCheck]:
    """Traces a transport, to be compared with a redacted trace of another time: ``eid_trace(transport)``."""
    return lambda transport: TraceCheck(transport, request.path.parent)


class TraceCheck:
    """A traced transport in ``transport``; :meth:`matches` compares what went over it."""

    def __init__(self, inner: Transport, folder: Path) -> None:
        import io

        from eid_toolkit.cards.transport.trace import TracingTransport

        self._out = io.StringIO()
        self._folder = folder
        self.transport: Transport = TracingTransport(inner, self._out)

    @property
    def text(self) -> str:
        """The redacted trace so far, as `eid --trace` writes it."""
        return self._out.getvalue()

    def matches(self, file: str | os.PathLike[str]) -> None:
        """Fails the test unless the conversation was that of the trace in ``file`` (relative to the test's own)."""
        from eid_toolkit.cards.transport.trace import differences

        lines = differences((self._folder / file).read_text("utf-8"), self.text)
        if lines:
            pytest.fail("the conversation is another than in " + str(file) + ":\n" + "\n".join(lines))


def _without_reader(config: pytest.Config, error: Exception) -> None:
    reason = f"no virtual reader here: {error}"
    if config.getoption("--eid-require-reader"):
        pytest.fail(reason)
    pytest.skip(reason)
