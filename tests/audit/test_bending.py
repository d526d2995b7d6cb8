"""Whatever is done to a log, with or without hashes made anew, is found, and the first row is named."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.logs import LogBook, rechained, with_own_hash
from eid_toolkit.books.audit.rows import StoredRow
from eid_toolkit.books.audit.walk import AuditResult

EXAMPLES = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
TEXT_COLUMNS = ("operator", "action", "subject", "detail", "previous", "hash", "time")
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


@st.composite
def logs(draw: Any) -> tuple[int, tuple[int, ...], int]:
    """How many rows, which are signed, and the row that is bent."""
    rows = draw(st.integers(1, 25))
    signed = draw(st.sets(st.integers(1, rows), max_size=4))
    return rows, tuple(sorted(signed)), draw(st.integers(1, rows))


def begun(book: LogBook, log: tuple[int, tuple[int, ...], int]) -> tuple[list[StoredRow], int]:
    rows, signed, bent = log
    book.begin(rows, signed)
    result = book.trail.verify()
    assert (result.reason, result.rows, result.checkpoints) == (None, rows, len(signed))
    assert result.signed_up_to == max(signed, default=0)
    return book.rows(), bent


def changed(row: StoredRow, column: str, word: str) -> StoredRow:
    old = getattr(row, column)
    return row._replace(**{column: word if word != old else "x" + word[1:]})


@EXAMPLES
@given(log=logs(), column=st.sampled_from(TEXT_COLUMNS), word=WORDS)
def test_a_changed_value_is_found_at_its_row(
    book: LogBook, log: tuple[int, tuple[int, ...], int], column: str, word: str
) -> None:
    rows, bent = begun(book, log)
    if column in ("previous", "hash"):
        word = word.ljust(64, "0")[:64]
    if column == "time":
        word = (word + "Z")[-27:]
    rows[bent - 1] = changed(rows[bent - 1], column, word)
    book.write(rows)
    assert book.trail.verify().broken_at == bent


@EXAMPLES
@given(log=logs(), column=st.sampled_from(TEXT_COLUMNS[:4]), word=WORDS)
def test_a_changed_row_with_its_own_hash_made_anew_is_found_at_its_row(
    book: LogBook, log: tuple[int, tuple[int, ...], int], column: str, word: str
) -> None:
    rows, bent = begun(book, log)
    rows[bent - 1] = with_own_hash(changed(rows[bent - 1], column, word))
    book.write(rows)
    result = book.trail.verify()
    covered = [position for position in log[1] if position == bent]
    if covered:  # then the checkpoint on the very row shows it
        assert result.broken_at is not None and result.broken_at <= bent == result.broken_through
    else:
        assert (result.broken_at, result.reason) == (bent, "audit-row-changed")


@EXAMPLES
@given(log=logs())
def test_a_removed_row_is_named(book: LogBook, log: tuple[int, tuple[int, ...], int]) -> None:
    rows, bent = begun(book, log)
    book.write([row for row in rows if row.position != bent])
    assert book.trail.verify().broken_at == bent


@EXAMPLES
@given(log=logs())
def test_rows_that_are_cut_off_are_named(book: LogBook, log: tuple[int, tuple[int, ...], int]) -> None:
    rows, bent = begun(book, log)
    book.write(rows[: bent - 1])
    result = book.trail.verify()
    assert (result.broken_at, result.reason) == (bent, "audit-rows-cut-off")


@EXAMPLES
@given(log=logs(), data=st.data(), numbers=st.booleans())
def test_rows_that_changed_places_are_named(
    book: LogBook, log: tuple[int, tuple[int, ...], int], data: st.DataObject, numbers: bool
) -> None:
    """Their positions, and with those their numbers in the chain too, or not."""
    rows, bent = begun(book, log)
    other = data.draw(st.integers(1, len(rows)))
    one, two = rows[bent - 1], rows[other - 1]
    rows[bent - 1] = two._replace(position=one.position, number=one.number if numbers else two.number)
    rows[other - 1] = one._replace(position=two.position, number=two.number if numbers else one.number)
    book.write(rows)
    assert book.trail.verify().broken_at == (min(bent, other) if bent != other else None)


@EXAMPLES
@given(log=logs(), own_hash=st.booleans(), at_end=st.booleans())
def test_a_row_put_in_is_named(
    book: LogBook, log: tuple[int, tuple[int, ...], int], own_hash: bool, at_end: bool
) -> None:
    rows, bent = begun(book, log)
    if at_end:
        bent = len(rows) + 1
    previous = rows[bent - 2].hash if bent > 1 else "0" * 64
    forged = rows[0]._replace(position=bent, number=bent, subject="forged", previous=previous)
    forged = with_own_hash(forged) if own_hash else forged
    behind = [row._replace(position=row.position + 1, number=row.position + 1) for row in rows[bent - 1 :]]
    book.write([*rows[: bent - 1], forged, *behind])
    result = book.trail.verify()
    if own_hash and bent in log[1]:
        assert result.broken_at is not None and result.broken_at <= bent == result.broken_through
    else:
        assert result.broken_at == bent


def found_by_checkpoints(result: AuditResult, signed: tuple[int, ...], bent: int, *, shorter: bool = False) -> None:
    """A log that was rewritten from a row on: found if a checkpoint covers that row, and else told as unsigned."""
    covering = [position for position in signed if position >= bent]
    if not covering:
        assert result.reason is None
        assert result.signed_up_to < bent
        assert result.unsigned_rows == result.rows - result.signed_up_to
        return
    before = max((position for position in signed if position < bent), default=0)
    assert result.broken_at is not None
    if shorter and covering[0] > result.rows:
        assert (result.reason, result.broken_at) == ("audit-rows-cut-off", result.rows + 1)
    else:
        assert (result.broken_at, result.broken_through) == (before + 1, covering[0])
        assert result.reason == "audit-rows-rewritten"


def rewrite(book: LogBook, rows: list[StoredRow]) -> AuditResult:
    made = rechained(rows)
    book.write(made, made[-1])
    return book.trail.verify()


@EXAMPLES
@given(log=logs(), column=st.sampled_from(TEXT_COLUMNS[:4]), word=WORDS)
def test_a_log_rewritten_with_all_its_hashes_is_found_by_the_checkpoints(
    book: LogBook, log: tuple[int, tuple[int, ...], int], column: str, word: str
) -> None:
    rows, bent = begun(book, log)
    rows[bent - 1] = changed(rows[bent - 1], column, word)
    found_by_checkpoints(rewrite(book, rows), log[1], bent)


@EXAMPLES
@given(log=logs().filter(lambda log: log[0] > 1))
def test_a_row_taken_out_of_a_rewritten_log_is_found_by_the_checkpoints(
    book: LogBook, log: tuple[int, tuple[int, ...], int]
) -> None:
    rows, bent = begun(book, log)
    del rows[bent - 1]
    found_by_checkpoints(rewrite(book, rows), log[1], bent, shorter=True)


@EXAMPLES
@given(log=logs())
def test_a_row_put_into_a_rewritten_log_is_found_by_the_checkpoints(
    book: LogBook, log: tuple[int, tuple[int, ...], int]
) -> None:
    rows, bent = begun(book, log)
    rows.insert(bent - 1, rows[bent - 1]._replace(subject="forged"))
    found_by_checkpoints(rewrite(book, rows), log[1], bent)


@EXAMPLES
@given(log=logs().filter(lambda log: log[0] > 1 and log[2] > 1))
def test_a_log_set_back_with_its_checkpoints_is_found_by_what_the_home_has_seen(
    book: LogBook, log: tuple[int, tuple[int, ...], int]
) -> None:
    rows, bent = begun(book, log)
    book.run("DELETE FROM audit_checkpoint WHERE position >= :bent", bent=bent)
    kept = rows[: bent - 1]
    book.write(kept, kept[-1])
    result = book.trail.verify()
    if any(position >= bent for position in log[1]):
        assert (result.broken_at, result.reason) == (bent, "audit-rows-cut-off")
    else:
        assert result.reason is None


@EXAMPLES
@given(log=logs().filter(lambda log: bool(log[1])), data=st.data())
def test_a_changed_or_removed_checkpoint_is_found(
    book: LogBook, log: tuple[int, tuple[int, ...], int], data: st.DataObject
) -> None:
    begun(book, log)
    position = data.draw(st.sampled_from(log[1]))
    statement = data.draw(
        st.sampled_from(
            [
                "DELETE FROM audit_checkpoint WHERE position = :at",
                "UPDATE audit_checkpoint SET hash = 'x' WHERE position = :at",
                "UPDATE audit_checkpoint SET number = 99 WHERE position = :at",
                "UPDATE audit_checkpoint SET time = '2020-01-01T00:00:00.000000Z' WHERE position = :at",
                "UPDATE audit_checkpoint SET time = 'never' WHERE position = :at",
                "UPDATE audit_checkpoint SET key = 'x' WHERE position = :at",
                "UPDATE audit_checkpoint SET countersigned = '{}' WHERE position = :at",
                "UPDATE audit_checkpoint SET countersigned = '{\"people\": []}' WHERE position = :at",
                "UPDATE audit_checkpoint SET signature = :bytes WHERE position = :at",
            ]
        )
    )
    values = {"at": position, **({"bytes": data.draw(st.binary(max_size=80))} if ":bytes" in statement else {})}
    book.run(statement, **values)
    result = book.trail.verify()
    assert result.reason in ("audit-checkpoint-broken", "audit-checkpoint-missing")
    assert result.broken_at is not None and result.broken_at <= position
