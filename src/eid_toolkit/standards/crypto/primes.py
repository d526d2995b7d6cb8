"""Whether a number is prime, by Miller and Rabin (FIPS 186-5 B.3.1): by ``gmpy2``, else in Python's own numbers."""

from __future__ import annotations

from math import gcd, prod

_ROUNDS = 40
_SMALL = tuple(number for number in range(2, 1000) if all(number % factor for factor in range(2, number)))
_PRODUCT = prod(_SMALL)


def is_prime(number: int) -> bool:
    """Whether a number that was drawn at random is prime: the chance of a wrong yes is far below 2⁻¹⁰⁰.

    Not for numbers that somebody chose: without ``gmpy2`` the bases are fixed, and composites can be made for them.
    """
    try:
        import gmpy2
    except ImportError:
        return _is_prime(number)
    return bool(gmpy2.is_prime(number, _ROUNDS))


def _is_prime(number: int) -> bool:
    if number <= _SMALL[-1]:
        return number in _SMALL
    return gcd(number, _PRODUCT) == 1 and all(_passes(number, base) for base in _SMALL[:_ROUNDS])


def _passes(number: int, base: int) -> bool:
    """Whether ``number`` behaves as a prime does when ``base`` is raised to the power of ``number - 1``."""
    twos = ((number - 1) & -(number - 1)).bit_length() - 1
    power = pow(base, (number - 1) >> twos, number)
    if power in (1, number - 1):
        return True
    return any((power := pow(power, 2, number)) == number - 1 for _ in range(twos - 1))
