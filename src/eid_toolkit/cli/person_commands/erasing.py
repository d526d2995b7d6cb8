"""`eid person erase`: two people erase a person for good."""

from __future__ import annotations

import click

from eid_toolkit.cli.context import App, Command, format_option, pass_app
from eid_toolkit.cli.office import open_office
from eid_toolkit.cli.output import details, emit, note
from eid_toolkit.cli.two_people import decide_together


@click.command("erase", cls=Command)
@click.argument("person_id", metavar="PERSON")
@click.option("--reason", required=True, help="Why; kept in the audit log for good, so name nobody.")
@format_option
@pass_app
def erase(app: App, person_id: str, reason: str, fmt: str) -> None:
    """Erase a PERSON for good, by identifier or personal number, which two people do.

    The keys of all that was sealed for the person and for the person's documents are destroyed, and what identifies
    leaves the register. Refused while an application waits, a document is in the making or valid, or somebody looks for
    the person. Backups from before still hold it all: destroy them when their time is over.
    """
    from eid_toolkit.register.erasure import FIRST, SECOND
    from eid_toolkit.register.reasons import clean_reason

    why = clean_reason(reason)
    with open_office(app) as office:
        office.act(FIRST[0])
        found = office.register.erasure.check(person_id)
        app.confirm(f"Erase the person {found} for good? Nothing brings the data back.")
        people = decide_together(office, "person.erase", found, {"reason": why}, first=FIRST, second=SECOND)
        erased = office.register.erasure.erase(found, why, people)
        is_file = office.register.database.is_file
    values = erased.to_json()
    pairs = [
        ("Person", erased.person),
        ("Found to be the same", ", ".join(erased.merged) or None),
        ("Documents", ", ".join(erased.documents) or None),
    ]
    emit(values, fmt, lambda: details(pairs))
    if not is_file:
        note("The server's files hold what was erased until they are used again: VACUUM, and the log that it archives.")
    elif not erased.left_files:
        note("Another process reads the register: what was erased leaves its log file when that one is done.")
