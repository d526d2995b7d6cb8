"""Key material in memory: never shown, compared, pickled or logged by accident."""

from __future__ import annotations

from typing import NoReturn


class Secret:
    """Bytes that must not leak; ``reveal()`` is the only way to them.

    There is no ``==``: use :meth:`matches`, which takes the same time whatever differs.
    """

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = bytes(value)

    def reveal(self) -> bytes:
        """The bytes themselves, for the primitive that needs them."""
        return self._value

    def matches(self, other: Secret | bytes) -> bool:
        """Whether both are the same bytes, compared in constant time."""
        import hmac

        value = other.reveal() if isinstance(other, Secret) else other
        return hmac.compare_digest(self._value, value)

    def __len__(self) -> int:
        return len(self._value)

    def __repr__(self) -> str:
        return f"<Secret of {len(self._value)} bytes>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> NoReturn:
        raise TypeError("compare secrets with matches()")

    def __hash__(self) -> NoReturn:
        raise TypeError("a secret is not hashable")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled")
