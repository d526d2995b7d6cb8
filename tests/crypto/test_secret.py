"""What a secret does not do."""

from __future__ import annotations

import copy
import json
import logging
import pickle

import pytest

from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.standards.protocols.scp03 import KeySet

VALUE = b"the very key"


def test_no_form_of_text_shows_it(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(VALUE)
    logging.getLogger("test").warning("the key is %s %r", secret, secret)
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r:>40}", "%s" % secret, caplog.text]  # noqa: UP031
    shown += [repr(KeySet(1, secret, secret, secret)), repr([secret]), repr(AccessPassword.from_can("271828"))]
    for text in shown:
        assert "very" not in text
        assert VALUE.hex() not in text.lower()
        assert "271828" not in text


def test_it_is_compared_by_matches_alone() -> None:
    secret = Secret(VALUE)
    with pytest.raises(TypeError):
        _ = secret == Secret(VALUE)
    with pytest.raises(TypeError):
        _ = secret != VALUE
    with pytest.raises(TypeError):
        hash(secret)
    assert secret.matches(VALUE)
    assert secret.matches(Secret(VALUE))
    assert not secret.matches(VALUE + b"\0")
    assert not secret.matches(b"")


@pytest.mark.parametrize("leave", [pickle.dumps, json.dumps, copy.deepcopy, copy.copy])
def test_it_does_not_leave_the_process(leave) -> None:
    with pytest.raises(TypeError):
        leave(Secret(VALUE))


def test_it_has_no_attributes_to_look_through() -> None:
    with pytest.raises(TypeError):
        vars(Secret(VALUE))
    with pytest.raises(AttributeError):
        Secret(VALUE).note = "x"  # type: ignore[attr-defined]


def test_it_keeps_a_copy_of_what_it_was_given() -> None:
    source = bytearray(VALUE)
    secret = Secret(source)  # type: ignore[arg-type]
    source[:] = bytes(len(source))
    assert secret.reveal() == VALUE
    assert len(secret) == len(VALUE)


def test_a_private_key_shows_nothing_either() -> None:
    key = EcPrivateKey.generate(ec_domain_by_name("secp256r1"), SystemEntropy())
    assert key.scalar.reveal().hex() not in repr(key) + repr(vars(key))
    with pytest.raises(TypeError):
        pickle.dumps(key)
