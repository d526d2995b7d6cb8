"""What was proved of rows is shared by threads, and emptied when it is full: whenever that is, rows stay believed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from eid_toolkit.books.audit.keeper import LogKeeper
from support.real_offices import at_work, both, real_home_copies
from support.whole_life import apply_for, live


def test_rows_are_believed_if_their_proofs_are_forgotten_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = real_home_copies(tmp_path / "founded", None).copy(tmp_path / "home")

    def forget(keeper: LogKeeper, proofs: Mapping[str, object]) -> None:
        keeper.proofs.clear()

    monkeypatch.setattr(LogKeeper, "keep", forget)
    with at_work(home) as office:
        life = live(office)
        application = apply_for(office, life, "afterwards")
        assert office.register.applications.get(application.id) == application
        office.register.audit.checkpoint(both(office))
        assert office.register.audit.verify().reason is None
