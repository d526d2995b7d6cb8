"""A key in components: each is carried and typed by another person, and their XOR is the key.

Whoever lacks one component knows nothing of the key (split knowledge, ISO 11568).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.check_values import KEY_SIZES

FEWEST, MOST = 2, 5
"""Components of one key."""

_SEPARATORS = re.compile(r"[\s:-]+")
_LONGEST_LINE = 200


def parse_component(text: bytes) -> Secret:
    """A component as it is typed: hexadecimal, in groups or not; raises :class:`BadInput` for anything else."""
    if len(text) > _LONGEST_LINE:
        raise BadInput("key-component-malformed")
    try:
        component = Secret(bytes.fromhex(_SEPARATORS.sub("", text.decode("ascii"))))
    except ValueError:
        raise BadInput("key-component-malformed") from None
    require_component(component)
    return component


def require_component(component: Secret) -> None:
    """Raises :class:`BadInput` for a length that no AES key has, and for zeros, which would add nothing to the key."""
    if len(component) not in KEY_SIZES:
        raise BadInput("key-component-malformed")
    if component.matches(bytes(len(component))):
        raise BadInput("key-component-zero")


def combine(components: Sequence[Secret]) -> Secret:
    """The XOR of 2 to 5 components.

    Raises :class:`BadInput` for another number, different lengths, two that are the same and so cancel each other, and
    a key of zeros.
    """
    if not FEWEST <= len(components) <= MOST:
        raise BadInput("key-components-count", fewest=FEWEST, most=MOST)
    for number, component in enumerate(components):
        require_component(component)
        require_unlike(component, components[:number])
    size = len(components[0])
    total = 0
    for component in components:
        total ^= int.from_bytes(component.reveal(), "big")
    key = Secret(total.to_bytes(size, "big"))
    if key.matches(bytes(size)):
        raise BadInput("card-key-weak")
    return key


def require_unlike(component: Secret, others: Sequence[Secret]) -> None:
    """Raises :class:`BadInput` unless the component is as long as the ``others`` and none of them."""
    for other in others:
        if len(component) != len(other):
            raise BadInput("key-component-length", length=8 * len(component), others=8 * len(other))
        if component.matches(other):
            raise BadInput("key-component-twice")


def require_strong(key: Secret, *, specimen: bool = False) -> None:
    """Raises :class:`BadInput` for a key of zeros, and but for ``specimen`` cards for that of developer cards.

    The latter is 40, 41, 42 … in whatever length.
    """
    if key.matches(bytes(len(key))):
        raise BadInput("card-key-weak")
    if not specimen and key.matches(bytes(range(0x40, 0x40 + len(key)))):
        raise BadInput("card-key-of-developers")
