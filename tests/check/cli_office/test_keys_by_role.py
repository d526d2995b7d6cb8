"""Role by command: each command runs with the passphrase of an operator who has that role and no other.

Where two decide, both have just their roles. Nobody is given a passphrase that opens more than that.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from eid_toolkit.books.staff.roles import Role
from support.homes import portrait_file
from support.manifests import SigningVendor, manifest, serial_of
from support.offices import CommandLine

WORDS = {name: f"the words of {name}" for name in ("dora", "emil", *(role.value for role in Role))}
OFFICERS = ("dora", "emil")


class Story:
    """An office in which nobody has two roles; what commands print is remembered by name."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.office, self.names = folder, CommandLine(folder / "home"), dict[str, str]()

    def run(self, people: str, words: str, code: int = 0) -> Any:
        """``people`` are one or two names; {name} and @file stand for what was remembered, and files."""
        first, _, second = people.partition("+")
        named = ("--operator", first, *(("--second-operator", second) if second else ()), "--yes")
        filled = [self._fill(word) for word in words.split()]
        given = {"EID_OPERATOR_PASSPHRASE": WORDS[first], "EID_SECOND_PASSPHRASE": WORDS.get(second)}
        return self.office.call(*named, *filled, code=code, EID_PASSPHRASE=None, **given)

    def json(self, people: str, words: str) -> Any:
        return json.loads(self.run(people, f"{words} --format json").stdout)

    def _fill(self, word: str) -> str:
        word = re.sub(r"\{(\w+)\}", lambda match: self.names[match.group(1)], word)
        return str(self.folder / word[1:]) if word.startswith("@") else word


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    story = Story(tmp_path_factory.mktemp("roles"))
    story.office.call(
        *("--operator", "dora", "--second-operator", "emil", "init", "--authority", "Ministry of Utopia"),
        EID_OPERATOR_PASSPHRASE=WORDS["dora"],
        EID_SECOND_PASSPHRASE=WORDS["emil"],
    )
    for role in Role:
        story.office.call(
            *("--operator", "dora", "--second-operator", "emil", "operator", "add", role, "--role", role),
            EID_OPERATOR_PASSPHRASE=WORDS["dora"],
            EID_SECOND_PASSPHRASE=WORDS["emil"],
            EID_NEW_PASSPHRASE=WORDS[role.value],
        )
    for number, name in enumerate(("portrait.png", "other.png")):
        (story.folder / name).write_bytes(portrait_file(number))
    (story.folder / "people.csv").write_text(
        "primary_identifier,secondary_identifier,date_of_birth,sex,nationality\nBerg,Carl,1980-01-01,M,UTO\n"
    )
    vendor, blanks = SigningVendor("Acme"), manifest(1, 2, 3, vendor="Acme")
    (story.folder / "vendor.der").write_bytes(vendor.der)
    (story.folder / "blanks.json").write_bytes(blanks)
    (story.folder / "blanks.p7s").write_bytes(vendor.sign(blanks))
    story.names |= {"s1": serial_of(1), "s2": serial_of(2), "s3": serial_of(3)}
    return story


def test_each_command_runs_with_the_passphrases_of_those_whose_work_it_is(story: Story) -> None:
    """In the order of an office's life; a command that asks for more than its role opens ends the story."""
    names, run, told = story.names, story.run, story.json

    # The population register.
    add = "person add --surname Eriksson --given-names Anna --birth 1974-08-12 --sex F --nationality UTO"
    names["person"] = told("clerk", add)["id"]
    names["other"] = told("clerk", add.replace("Anna", "Berta"))["id"]
    for words in ("person change {person} --mother Berta --source letter", "person import @people.csv"):
        run("clerk", words)
    for who in ("clerk", "approver"):
        for words in ("person search Eriksson", "person show {person}", "person history {person}"):
            run(who, words)
    run("approver", "person duplicates")
    run("clerk", "person export --purpose test --output @people.jsonl")

    # Applications and documents.
    create = "application create --profile utopia-id --portrait"
    names["application"] = told("clerk", f"{create} @portrait.png --person {{person}}")["id"]
    names["second"] = told("clerk", f"{create} @other.png --person {{other}}")["id"]
    for words in ("application list", "application show {application}", "application queue"):
        run("approver", words)
    run("approver", "application approve {application}")
    run("approver", "application reject {second} --reason blurred")
    names["document"] = told("personalizer", "document prepare {application}")[0]["id"]
    for words in ("document list", "document show {document}", "document history {document}"):
        run("clerk", words)
    run("personalizer", "document export {document}")

    # The stock.
    run("stock-keeper+clerk", "stock vendor add Acme --certificate @vendor.der")
    run("stock-keeper", "stock receive @blanks.json --signature @blanks.p7s")
    run("stock-keeper", "stock issue {s1} --station counter")
    run("stock-keeper+clerk", "stock open --station counter --counted 1")
    run("stock-keeper+auditor", "stock close --station counter --counted 1")
    run("stock-keeper", "stock return {s1}")
    for words in ("stock spoil {s1} --printed {s1} --reason torn", "stock destroy {s1} --reason torn"):
        run("stock-keeper+approver", words)
    run("stock-keeper+clerk", "stock missing {s2} --reason gone")
    run("stock-keeper+clerk", "stock find {s2} --printed {s2} --reason drawer")
    run("stock-keeper", "stock show")

    # Cards.
    run("personalizer", "emulator blank card")
    run("stock-keeper", "emulator manifest card --batch E1 --output @cards.json")
    run("stock-keeper", "stock receive @cards.json --station counter")
    run("stock-keeper+clerk", "stock open --station counter --counted 1")
    run("personalizer", "card personalize {document} --reader emulator:card --station counter --without-print-check")
    for words in ("card jobs", "card status --reader emulator:card"):
        run("personalizer", words)

    # What becomes of documents.
    run("clerk", "document report-lost {document}")
    for words in ("document suspend {document} --reason test", "document resume {document}"):
        run("dora", words, code=10)  # lost is for good: refused by its state, not for keys
    run("emil", "document revoke {document} --reason lost")
    run("emil", "document destroy {document}")
    run("dora", "document expire")
    run("clerk", "document status-list")

    # Agencies.
    run("dora", "agency add police --name Police --field id --purpose theft --may-report")
    run("clerk", "agency look-up police {person} --purpose theft")
    run("approver", "agency look-up police --search Eriksson --purpose theft")
    names["notice"] = told("clerk", "notice add --kind wanted --person {person} --agency police")["id"]
    run("clerk", "notice list")
    run("clerk", "notice withdraw {notice} --reason found")

    # The PKI.
    for words in ("pki csca roll", "pki crl issue", "pki ds create", "pki cvca create", "pki dv create"):
        run("dora+emil", words)
    run("dora", "pki ds request --output @ds.p10")
    run("emil+dora", "pki ds issue @ds.p10 --output @ds.cer")
    run("emil", "pki ds install @ds.cer")
    run("dora", "pki dv request --output @dv.cvreq")
    run("emil+dora", "pki dv issue @dv.cvreq --output @dv.cvcert")
    run("dora", "pki dv install @dv.cvcert")
    run("dora+emil", "pki master-list create --output @list.ml")
    run("dora+emil", "trust bundle export --output @officers.bundle")
    run("dora+emil", "pki ds destroy 1")

    # The new document signer signs, with a key that was made by somebody who does not open it.
    names["third"] = told("clerk", f"{create} @other.png --person {{other}}")["id"]
    run("approver", "application approve {third}")
    names["again"] = told("personalizer", "document prepare {third}")[0]["id"]
    run("stock-keeper+clerk", "card spoil {again} --reason torn")
    run("clerk", "application withdraw {third} --reason moved")

    # The audit log, back-ups, and people.
    for words in ("audit show", "audit verify", "audit export --output @log.jsonl"):
        run("auditor", words)
    run("dora", "audit checkpoint")
    run("dora", "register backup @whole.backup")
    run("dora+emil", "register restore @whole.backup --dry-run")
    run("dora+approver", "person erase {other} --reason request")
    run("dora+emil", "operator roles auditor --role auditor --role approver")
    run("dora+emil", "operator disable clerk")
    run("dora+emil", "keys rewrap")
    run("approver", "person search Eriksson")
    run("clerk", "person search Eriksson", code=10)
