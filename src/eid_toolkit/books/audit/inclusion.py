"""Merkle trees over the heads of chains: RFC 6962 2.1, with the proofs of 2.1.1 that a head is among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

from eid_toolkit.books.audit.rows import GENESIS
from eid_toolkit.books.ledger.canonical import canonical

Heads = Mapping[str, "tuple[int, str]"]
"""Number and hash of the newest row of each chain."""


def root(chains: Heads) -> str:
    """One hash over the heads of all chains, in hex; that of the newest row where there is one chain alone."""
    if len(chains) <= 1:
        return next((newest for _, newest in chains.values()), GENESIS)
    return _tree([leaf(chain, *chains[chain]) for chain in sorted(chains)]).hex()


def path_to(chains: Heads, chain: str) -> tuple[int, list[str]]:
    """The place of a chain's head among all, and the hashes that lead from it to the root, in hex."""
    names = sorted(chains)
    place = names.index(chain)
    leaves = [leaf(name, *chains[name]) for name in names]
    return place, [each.hex() for each in _path(leaves, place)]


def root_by(head: bytes, place: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that a path leads to from the leaf at a place of ``size``; raises :class:`ValueError` for none such."""
    if not 0 <= place < size:
        raise ValueError("no such leaf")
    turns: list[bool] = []
    while size > 1:
        left = _left(size)
        turns.append(place < left)
        place, size = (place, left) if place < left else (place - left, size - left)
    if len(turns) != len(path):
        raise ValueError("a path of another length")
    newest = head
    for is_left, other in zip(reversed(turns), path, strict=True):
        newest = _node(newest, other) if is_left else _node(other, newest)
    return newest


def leaf(chain: str, number: int, newest: str) -> bytes:
    """The hash of a leaf."""
    return sha256(b"\0" + canonical({"chain": chain, "number": number, "hash": newest}).encode()).digest()


def _tree(hashes: Sequence[bytes]) -> bytes:
    if len(hashes) == 1:
        return hashes[0]
    left = _left(len(hashes))
    return _node(_tree(hashes[:left]), _tree(hashes[left:]))


def _path(hashes: Sequence[bytes], place: int) -> list[bytes]:
    if len(hashes) == 1:
        return []
    left = _left(len(hashes))
    if place < left:
        return [*_path(hashes[:left], place), _tree(hashes[left:])]
    return [*_path(hashes[left:], place - left), _tree(hashes[:left])]


def _left(size: int) -> int:
    """How many leaves the left part has: the greatest power of two that is less than all."""
    return 1 << (size - 1).bit_length() - 1


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()
