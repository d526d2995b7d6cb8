"""The runs of the matrix have the same randomness, so most of what they do with keys is the same: once is enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec as native_ec

from eid_toolkit.standards.crypto import points
from eid_toolkit.standards.crypto.ec import EcPrivateKey, EcPublicKey

_ENOUGH = 1 << 16


def remembering(compute: Callable[..., Any], of: Callable[[Any], object]) -> Callable[..., Any]:
    """``compute``, once for the same arguments; what its first argument stands for is said by ``of``."""
    known: dict[object, object] = {}

    def remembered(first: Any, *arguments: Any, **more: Any) -> object:
        at = (of(first), *arguments, *more.items())
        if at not in known:
            known[at] = compute(first, *arguments, **more)
        return known[at]

    return remembered


_of_key = partial(remembering, of=lambda key: (key.domain, key.scalar.reveal()))
_REMEMBERED = [
    *((points, name, lru_cache(_ENOUGH)) for name in ("multiply", "multiply_base", "multiply_base_add")),
    (native_ec, "derive_private_key", partial(remembering, of=int)),
    (EcPublicKey, "verify", lru_cache(_ENOUGH)),
    (EcPrivateKey, "ecdh_x", _of_key),
    (EcPrivateKey, "sign", _of_key),
]


@pytest.fixture(autouse=True, scope="package")
def computed_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for where, name, remember in _REMEMBERED:
            patch.setattr(where, name, remember(getattr(where, name)))
        yield
