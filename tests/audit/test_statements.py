"""What a session signs, written quickly: the canonical text, whatever the values are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.books.audit.keeper import SCHEMA, run_statement
from eid_toolkit.books.ledger.canonical import canonical

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
NUMBER = st.integers(-(1 << 70), 1 << 70)


@given(st.binary(max_size=32), TEXT, TEXT, NUMBER, NUMBER, TEXT | st.from_regex(r"[0-9a-f]{64}", fullmatch=True))
def test_a_run_is_stated_in_canonical_text(
    home: bytes, session: str, chain: str, first: int, last: int, newest: str
) -> None:
    values = {"schema": SCHEMA, "home": home.hex(), "session": session, "chain": chain, "first": first, "last": last}
    assert run_statement(home, session, chain, first, last, newest) == canonical({**values, "hash": newest}).encode()
