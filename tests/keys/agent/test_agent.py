"""The agent: an operator types the passphrase once, and commands use the keys without having them."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys

import pytest

from eid_toolkit.books.keys.agent import login_session, server
from eid_toolkit.books.keys.agent.client import agent_status, find_agent, lock_agent
from eid_toolkit.books.keys.agent.starting import LONGEST, start_agent
from eid_toolkit.ground.errors import AgentAway, BadInput, SealBroken, UsageError
from eid_toolkit.standards.crypto.ec import EcPublicKey
from eid_toolkit.standards.crypto.key_wrapping import WrappedKey
from support.agents import COMPARTMENT_KEY, CONTEXT, Agents, fresh_pair, wrapped_for

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def test_an_agent_signs_and_unwraps_like_the_keys_themselves(agents: Agents) -> None:
    agent = agents.start()
    client = agent.client
    assert (client.public_key, client.wrapping_key) == (agent.keys.public_key, agent.keys.wrapping_key)
    signature = client.sign(b"I approve")
    assert EcPublicKey.from_spki(client.public_key).verify(signature, b"I approve", "sha256")
    assert client.unwrap(wrapped_for(agent.keys), CONTEXT).matches(COMPARTMENT_KEY)


def test_a_long_statement_is_signed_and_one_beyond_the_limit_is_refused_before_it_is_sent(agents: Agents) -> None:
    client = agents.start().client
    statement = bytes(380_000)
    assert EcPublicKey.from_spki(client.public_key).verify(client.sign(statement), statement, "sha256")
    with pytest.raises(BadInput, match="agent-request-too-long"):
        client.sign(bytes(400_000))


def test_what_was_wrapped_for_somebody_else_or_another_place_is_not_unwrapped(agents: Agents) -> None:
    agent = agents.start()
    wrapped = wrapped_for(agent.keys)
    changed = WrappedKey(wrapped.ephemeral, bytes(40))
    off_the_curve = WrappedKey(b"\x04" + bytes(64), wrapped.wrapped)
    for wrong, context in (
        (wrapped, b"compartment: audit"),
        (wrapped_for(fresh_pair()), CONTEXT),
        (changed, CONTEXT),
        (off_the_curve, CONTEXT),
    ):
        with pytest.raises(SealBroken):
            agent.client.unwrap(wrong, context)
    assert agent.client.unwrap(wrapped, CONTEXT).matches(COMPARTMENT_KEY)


def test_an_agent_tells_whose_keys_it_has_and_for_how_long(agents: Agents) -> None:
    agent = agents.start(seconds=600)
    status = agent_status(agent.holder)
    assert status is not None
    assert (status.public_key, status.wrapping_key) == (agent.keys.public_key, agent.keys.wrapping_key)
    assert 500 < status.remaining <= agent.started.remaining <= 600


def test_another_operator_and_another_home_have_no_agent(
    agents: Agents, tmp_path_factory: pytest.TempPathFactory
) -> None:
    agent = agents.start()
    elsewhere = Agents(tmp_path_factory.mktemp("elsewhere")).holder()
    for other in (agents.holder("bert"), agents.holder(home_id="home-2"), elsewhere):
        assert agent_status(other) is None
        assert find_agent(other, agent.keys.public_key, agent.keys.wrapping_key) is None
    assert agent.find() is not None


def test_a_home_is_the_same_by_whatever_path_it_is_named(agents: Agents) -> None:
    agents.start()
    link = agents.root / "link"
    link.symlink_to(agents.root)
    assert agent_status(Agents(link).holder()) is not None
    assert agent_status(Agents(link / ".." / agents.root.name).holder()) is not None


def test_an_agent_with_keys_of_before_counts_as_none(agents: Agents) -> None:
    """The operator got new keys: what the home has on record decides."""
    agent, new = agents.start(), fresh_pair()
    assert find_agent(agent.holder, new.public_key, new.wrapping_key) is None
    assert find_agent(agent.holder, agent.keys.public_key, new.wrapping_key) is None
    assert find_agent(agent.holder, new.public_key, agent.keys.wrapping_key) is None


def test_keys_that_are_exchanged_between_two_uses_are_noticed(agents: Agents) -> None:
    client = agents.start().client
    agents.start(keys=fresh_pair())
    with pytest.raises(AgentAway, match="agent-for-another"):
        client.sign(b"I approve")
    with pytest.raises(AgentAway, match="agent-for-another"):
        client.unwrap(wrapped_for(fresh_pair()), CONTEXT)


def test_locking_ends_the_agent_and_takes_its_socket_away(agents: Agents) -> None:
    agent = agents.start()
    client = agent.client
    assert lock_agent(agent.holder)
    assert not agent.path.exists()
    assert agent.has_ended()
    assert agent.find() is None
    with pytest.raises(AgentAway, match="agent-gone"):
        client.sign(b"I approve")
    assert not lock_agent(agent.holder)


def test_the_agents_of_two_operators_are_locked_apart(agents: Agents) -> None:
    anna, bert = agents.start(), agents.start(agents.holder("bert"))
    assert lock_agent(anna.holder)
    assert anna.has_ended()
    assert bert.find() is not None


def test_unlocking_again_replaces_the_agent_and_its_time(agents: Agents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_LOOK", 600.0)  # the first one does not see by itself that its socket is another's
    first = agents.start(seconds=600)
    for seconds in (1200, 300):
        second = agents.start(keys=first.keys, seconds=seconds)
        assert first.has_ended()
        status = agent_status(second.holder)
        assert status is not None
        assert seconds - 100 < status.remaining <= seconds
        assert second.client.unwrap(wrapped_for(second.keys), CONTEXT).matches(COMPARTMENT_KEY)
        first = second


def test_a_home_made_anew_in_the_same_place_replaces_the_agent_of_the_old_one(agents: Agents) -> None:
    old = agents.start()
    new = agents.start(agents.holder(home_id="home-2"))
    assert old.has_ended()
    assert old.find() is None
    assert new.find() is not None


def test_an_agent_ends_when_its_time_is_over(agents: Agents) -> None:
    agent = agents.start(seconds=1)
    assert agent.find() is not None
    assert agent.has_ended()
    assert not agent.path.exists()
    assert agent.find() is None


@pytest.mark.parametrize("number", server.ENDING_SIGNALS, ids=lambda number: number.name)
def test_an_agent_ends_on_a_signal_and_leaves_no_socket(agents: Agents, number: signal.Signals) -> None:
    agent = agents.start()
    agent.send(number)
    assert agent.has_ended()
    assert not agent.path.exists()


def test_an_agent_whose_socket_was_removed_ends(agents: Agents, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody could lock it any more."""
    monkeypatch.setattr(server, "_LOOK", 0.05)
    agent = agents.start()
    agent.path.unlink()
    assert agent.has_ended()


def test_an_agent_ends_with_the_login_session(agents: Agents, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = agents.root / "sessions"
    sessions.mkdir()
    (sessions / "c7").write_text(f"# This is private data. Do not parse.\nUID={os.geteuid()}\nSTATE=active\n")
    monkeypatch.setattr(server, "_LOOK", 0.05)
    monkeypatch.setattr(login_session, "SESSIONS", sessions)
    monkeypatch.setenv("XDG_SESSION_ID", "c7")
    agent = agents.start()
    assert agent.started.bound == "login"
    assert not agent.has_ended(within=0.3)
    (sessions / "c7").write_text(f"# This is private data. Do not parse.\nUID={os.geteuid()}\nSTATE=closing\n")
    assert agent.has_ended()
    assert not agent.path.exists()


@pytest.mark.parametrize("seconds", [0, -1, LONGEST + 1])
def test_a_time_of_nothing_or_of_more_than_a_day_is_refused(agents: Agents, seconds: int) -> None:
    with pytest.raises(UsageError, match="agent-time-out-of-range"):
        start_agent(agents.holder(), fresh_pair(), seconds)
    assert agent_status(agents.holder()) is None


def test_socket_and_directory_are_open_to_their_owner_only(agents: Agents) -> None:
    path = agents.start().path
    assert stat.S_IMODE(path.lstat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.lstat().st_mode) == 0o700


def test_a_command_that_uses_an_agent_loads_no_cryptography() -> None:
    script = "import sys, eid_toolkit.books.keys.agent.client; print(*{name.partition('.')[0] for name in sys.modules})"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert not {"cryptography", "ecdsa", "gmpy2", "sqlalchemy", "asn1crypto"} & set(result.stdout.split())
