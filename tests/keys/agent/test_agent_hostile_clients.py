"""Whatever a client sends or does not send, an agent goes on for the others, and gives no private key away."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from eid_toolkit.books.keys.agent import server
from eid_toolkit.books.keys.agent.answers import Answers, seconds_now
from eid_toolkit.books.keys.agent.client import lock_agent
from eid_toolkit.books.keys.agent.messages import MAX_REQUEST, SCHEMA, Reply, Request, decode, digest_of, encode
from eid_toolkit.books.keys.agent.place import KeyHolder
from eid_toolkit.books.keys.agent.server import MAX_CLIENTS
from support.agents import (
    COMPARTMENT_KEY,
    CONTEXT,
    Agents,
    RunningAgent,
    agents_in,
    exchange,
    fresh_pair,
    raw_connection,
    until_end,
    wrapped_for,
)
from support.waiting import wait_for

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
KEYS = fresh_pair()
WRAPPED = wrapped_for(KEYS)
DIGEST = digest_of(KEYS.public_key, KEYS.wrapping_key)
REQUESTS = (
    Request("hello", "home-1", "anna"),
    Request("sign", "home-1", "anna", DIGEST, b"I approve"),
    Request("unwrap", "home-1", "anna", DIGEST, None, WRAPPED.ephemeral, WRAPPED.wrapped, CONTEXT),
)
HELLO = encode(REQUESTS[0])


def values(request: Request) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(encode(request)[4:])
    return parsed


def framed(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def reply_of(data: bytes) -> Reply:
    assert int.from_bytes(data[:4], "big") == len(data) - 4
    return decode(Reply, data[4:])


def has_a_private_key(data: bytes) -> bool:
    """Whether one of the two scalars is in it, in any form that one could be written in."""
    for key in (KEYS.signing, KEYS.unwrapping):
        scalar = key.scalar.reveal()
        number = int.from_bytes(scalar, "big")
        forms = [scalar, scalar[::-1], scalar.hex().encode(), str(number).encode(), base64.b64encode(scalar)[:-2]]
        forms += [base64.b64encode(bytes(shift) + scalar)[4:-4] for shift in (1, 2)]
        forms += [base64.urlsafe_b64encode(scalar)[:-2], repr(scalar)[2:-1].encode()]
        if any(form.lower() in data.lower() for form in forms):
            return True
    return False


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAgent]:
    """One agent, which has to survive everything here."""
    with agents_in(tmp_path_factory.mktemp("home")) as agents:
        yield agents.start(keys=KEYS)


@pytest.fixture
def answers(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    return Answers(KeyHolder(tmp_path_factory.getbasetemp(), "home-1", "anna"), KEYS, seconds_now() + 600)


def test_the_search_for_private_keys_sees_one() -> None:
    for key in (KEYS.signing, KEYS.unwrapping):
        assert has_a_private_key(b"xy" + key.scalar.reveal())
        assert has_a_private_key(json.dumps({"key": key.scalar.reveal().hex()}).encode())
        for before in range(4):
            assert has_a_private_key(base64.b64encode(b"-" * before + key.scalar.reveal() + b"---"))
        assert has_a_private_key(key.pkcs8(None))


def test_no_reply_has_a_private_key(shared: RunningAgent) -> None:
    replies = [exchange(shared.path, encode(request)) for request in REQUESTS]
    hello, signed, unwrapped = map(reply_of, replies)
    assert hello.public_key == KEYS.public_key
    assert signed.signature is not None
    assert unwrapped.key is not None
    assert unwrapped.key.matches(COMPARTMENT_KEY)
    assert not any(map(has_a_private_key, replies))


@pytest.mark.parametrize(
    "operation", ["export", "private", "get", "scalar", "unlock", "key", "", "HELLO", None, 1, ["sign"]]
)
def test_there_is_no_other_request(shared: RunningAgent, operation: object) -> None:
    for request in REQUESTS:
        reply = exchange(shared.path, framed(json.dumps({**values(request), "operation": operation}).encode()))
        assert reply_of(reply).refused == "malformed"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\0\0\0",
        b"\0\0\0",
        b"\xff\xff\xff\xff",
        (MAX_REQUEST + 1).to_bytes(4, "big") + bytes(100),
        HELLO + b"x",
        HELLO + HELLO,
        framed(b"{"),
        framed(b"\xff\xfe"),
        framed(b"[]"),
        framed(b"null"),
        framed(b"[" * 100_000),
        framed(b'{"a":' * 80_000),
        framed(b"1" * 100_000),
        framed(json.dumps({**values(REQUESTS[0]), "schema": "eid-agent/2"}).encode()),
        framed(json.dumps({**values(REQUESTS[0]), "more": 1}).encode()),
        framed(json.dumps({**values(REQUESTS[0]), "statement": "AA=="}).encode()),
        framed(json.dumps({**values(REQUESTS[1]), "statement": None}).encode()),
        framed(json.dumps({**values(REQUESTS[1]), "statement": "AA"}).encode()),
        framed(json.dumps({**values(REQUESTS[1]), "keys": None}).encode()),
        framed(json.dumps({**values(REQUESTS[2]), "wrapped": "AA=="}).encode()),
        framed(json.dumps({**values(REQUESTS[2]), "ephemeral": ""}).encode()),
    ],
    ids=lambda data: f"{data[:24]!r} of {len(data)}",
)
def test_what_is_no_request_is_refused_in_one_word(shared: RunningAgent, data: bytes) -> None:
    answer = exchange(shared.path, data)
    assert answer == b"" or reply_of(answer).refused == "malformed"
    assert shared.find() is not None


@pytest.mark.parametrize("changes", [{"home": "home-2"}, {"operator": "bert"}, {"operator": ""}, {"keys": "00" * 32}])
def test_for_another_home_operator_or_pair_of_keys_nothing_is_done(
    shared: RunningAgent, changes: dict[str, str]
) -> None:
    for request in REQUESTS[1:]:
        reply = exchange(shared.path, framed(json.dumps({**values(request), **changes}).encode()))
        assert json.loads(reply[4:]) == {"schema": SCHEMA, "refused": "for-another"}


ODD_VALUES = (
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        10**300,
        1.5,
        float("nan"),
        float("inf"),
        "",
        "A",
        "AA==",
        "00",
        "é",
        "\0",
        "\ud800",
    ),
    *("x" * 1000, "sign", "unwrap", [], {}, ["AA=="], {"a": {"b": []}}, KEYS.public_key.hex(), DIGEST.hex()),
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A request with some of its bytes or values changed."""
    request = values(draw(st.sampled_from(REQUESTS)))
    for name in draw(st.sets(st.sampled_from([*request, "key", "private"]), max_size=2)):
        request[name] = draw(st.sampled_from(ODD_VALUES))
    data = bytearray(json.dumps(request).encode())
    for place, byte in draw(st.lists(st.tuples(st.integers(0, len(data) - 1), st.integers(0, 255)), max_size=3)):
        data[place] = byte
    return bytes(data)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=mutated() | st.binary(max_size=200))
@example(data=b"")
def test_a_changed_request_is_answered_or_refused_and_never_by_a_private_key(answers: Answers, data: bytes) -> None:
    reply, _ = answers.to(data)
    assert not has_a_private_key(encode(reply))
    assert len(encode(reply)) < 1000


@settings(max_examples=50)
@given(data=mutated().map(framed) | st.binary(max_size=200), cut=st.integers(0, 20))
def test_a_running_agent_survives_changed_and_cut_requests(shared: RunningAgent, data: bytes, cut: int) -> None:
    answer = exchange(shared.path, data[: len(data) - cut])
    assert not has_a_private_key(answer)
    assert shared.find() is not None


def test_a_failure_of_the_keys_is_no_end_and_tells_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    class Broken:
        public_key, wrapping_key = KEYS.public_key, KEYS.wrapping_key

        def sign(self, statement: bytes, /) -> bytes:
            raise RuntimeError(KEYS.signing.scalar.reveal().hex())

        unwrap: Any = sign

    holder = KeyHolder(tmp_path_factory.getbasetemp(), "home-1", "anna")
    reply, is_over = Answers(holder, Broken(), seconds_now() + 600).to(encode(REQUESTS[1])[4:])
    assert json.loads(encode(reply)[4:]) == {"schema": SCHEMA, "refused": "failed"}
    assert not is_over


def test_clients_that_send_half_a_request_and_wait_keep_nobody_waiting(shared: RunningAgent) -> None:
    with ExitStack() as stack:
        for sent in range(3 * MAX_CLIENTS):
            connection = stack.enter_context(raw_connection(shared.path))
            connection.sendall(HELLO[: sent % len(HELLO)])
        for _ in range(5):
            assert shared.client.unwrap(WRAPPED, CONTEXT).matches(COMPARTMENT_KEY)


def test_of_too_many_clients_the_one_that_has_been_slowest_gives_way(shared: RunningAgent) -> None:
    with ExitStack() as stack:
        waiting = [stack.enter_context(raw_connection(shared.path)) for _ in range(MAX_CLIENTS + 1)]
        assert until_end(waiting[0]) == b""
        waiting[-1].sendall(HELLO)
        assert reply_of(until_end(waiting[-1])).public_key == KEYS.public_key


def test_a_slow_client_is_given_up_after_its_time(agents: Agents, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte that it sends gains it nothing: the time is for the whole request."""
    monkeypatch.setattr(server, "PATIENCE", 0.3)
    agent = agents.start()
    with raw_connection(agent.path) as connection:
        connection.sendall(MAX_REQUEST.to_bytes(4, "big"))

        def is_given_up() -> bool:
            try:
                connection.sendall(b" ")
            except OSError:
                return True
            return False

        wait_for(is_given_up, "a slow client was never given up")
    assert agent.find() is not None


def test_a_client_that_does_not_read_its_reply_keeps_nobody_waiting(shared: RunningAgent) -> None:
    with ExitStack() as stack:
        for _ in range(2 * MAX_CLIENTS):
            stack.enter_context(raw_connection(shared.path)).sendall(HELLO)
        assert shared.find() is not None


def test_a_client_that_goes_before_its_reply_is_no_end(shared: RunningAgent) -> None:
    for _ in range(20):
        raw_connection(shared.path).close()
        with raw_connection(shared.path) as connection:
            connection.sendall(HELLO)
    assert shared.find() is not None


def test_a_request_in_single_bytes_is_answered(shared: RunningAgent) -> None:
    with raw_connection(shared.path) as connection:
        for byte in HELLO:
            connection.sendall(bytes((byte,)))
        assert reply_of(until_end(connection)).public_key == KEYS.public_key


def test_waiting_clients_do_not_keep_an_agent_from_ending(agents: Agents) -> None:
    agent = agents.start(seconds=1)
    with ExitStack() as stack:
        for _ in range(MAX_CLIENTS):
            stack.enter_context(raw_connection(agent.path)).sendall(b"\0")
        assert agent.has_ended()
    agent = agents.start()
    with raw_connection(agent.path) as connection:
        connection.sendall(b"\0")
        begun = time.monotonic()
        assert lock_agent(agent.holder)
        assert agent.has_ended()
        assert time.monotonic() - begun < server.PATIENCE
