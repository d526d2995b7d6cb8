"""Cards, passwords, reading and verifying through the public names."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from eid_toolkit import Can, Mrz, MrzData, Trust, emulate, errors, open_reader, read, verify
from eid_toolkit.work.cardspec.making import make
from support.pcscd import PrivatePcscd

SPECS = Path(__file__).parents[2] / "fixtures" / "card-specs"
SELECT_EMRTD = bytes.fromhex("00A4040C07A0000002471001")


class Bare:
    """The smallest card: ``process``, and nothing else."""

    def __init__(self, process: object) -> None:
        self.process = process


def test_an_emulated_card_of_a_profile_passes() -> None:
    with emulate("utopia-id") as card:
        verdict = verify(card, card.can, card.trust)
        assert (verdict.decision, verdict.causes, verdict.reading.protocol) == ("passed", (), "pace")
        assert verdict.layers == {"document": "passed", "chip": "passed", "status": "passed"}
        assert verdict.holder is not None
        assert verdict.holder.primary_identifier == "ERIKSSON"


def test_a_card_can_be_verified_several_times_with_each_kind_of_password() -> None:
    with emulate("utopia-id") as card:
        holder = verify(card, card.mrz, card.trust).holder
        assert holder is not None
        data = MrzData(holder.document_number, date.fromisoformat(holder.date_of_birth), holder.date_of_expiry)
        assert verify(card, data, card.trust).decision == "passed"
        assert verify(card, Mrz("\n".join(card.mrz.lines).lower()), card.trust).decision == "passed"
        assert verify(card, Can(card.can.digits), card.trust).decision == "passed"


@pytest.mark.parametrize(("fields", "decision"), [({}, "passed"), ({"forgery": "clone"}, "failed")])
def test_an_object_that_has_process_and_nothing_else_is_a_card(fields: dict[str, str], decision: str) -> None:
    """Also where Chip Authentication fails, after which the card is opened anew without a reset."""
    with emulate("utopia-id", **fields) as card:
        verdict = verify(Bare(card.process), card.can, card.trust)
    assert verdict.decision == decision
    assert {"EF.DG1", "EF.DG2"} <= set(verdict.reading.files)


def test_an_object_without_process_is_no_card() -> None:
    with pytest.raises(TypeError, match="process"):
        read(object(), Can("123456"))  # type: ignore[arg-type]


def test_a_verdict_explains_itself() -> None:
    with emulate("utopia-id", forgery="clone") as card:
        verdict = verify(card, card.can, card.trust)
    assert [check.id for check in verdict.causes] == [c.id for c in verdict.checks if c.status == "failed"]
    assert "copy" in verdict.explain(verdict.causes[0])
    data = verdict.to_json()
    assert data["verdict"] == "failed"
    assert data["causes"] == [check.reason for check in verdict.causes]


def test_a_card_with_a_time_of_its_own_is_judged_at_that_time() -> None:
    with emulate(SPECS / "utopia-id.toml") as card:
        assert verify(card, card.can, card.trust, at=card.now).decision == "passed"
        assert card.now.isoformat().startswith("2026-11-20T09:30")


def test_a_wrong_password_is_told_by_its_class_and_nothing_of_it_is_shown() -> None:
    with emulate("utopia-id") as card, pytest.raises(errors.PasswordWrong) as caught:
        read(card, Can("999999"))
    assert "999999" not in f"{caught.value!r} {caught.value.facts}"
    assert caught.value.tries_left is None


def test_a_card_that_is_pulled_leaves_a_reading_that_says_so() -> None:
    with emulate("utopia-id", faults=[{"fault": "power-lost", "at": 20, "repeat": True}]) as card:
        assert read(card, card.can).interrupted == "card-removed"


def test_a_card_that_is_pulled_before_it_is_open_is_an_error_of_its_own() -> None:
    pulled = [{"fault": "power-lost", "at": 3, "repeat": True}]
    with emulate("utopia-id", faults=pulled) as card, pytest.raises(errors.CardRemoved):
        read(card, card.can)


def test_a_closed_card_is_absent() -> None:
    with emulate("utopia-id") as card:
        assert card.process(SELECT_EMRTD) == b"\x90\x00"
    with pytest.raises(errors.CardAbsent):
        card.process(SELECT_EMRTD)


@pytest.mark.parametrize("secret", [Can("482913"), MrzData("U00000001", "1974-08-12", None)])
def test_passwords_are_not_shown(secret: Can | MrzData) -> None:
    assert repr(secret) == f"{type(secret).__name__}()"
    assert str(secret) == repr(secret)


def test_an_mrz_is_not_shown_and_is_checked() -> None:
    with emulate("passport") as card:
        text = card.mrz.text
    assert repr(Mrz(text)) == "Mrz()"
    with pytest.raises(errors.BadInput, match="mrz-check-digit"):
        Mrz(text[:44] + "X" + text[45:])


@pytest.mark.parametrize("wrong", ["", "12345", "12345a", "12345678901234567", "١٢٣٤٥٦"])
def test_what_is_no_can_cannot_be_made(wrong: str) -> None:
    with pytest.raises(errors.BadInput, match="can-malformed"):
        Can(wrong)


def test_a_date_that_is_none_cannot_be_made() -> None:
    with pytest.raises(errors.BadInput, match="date-not-iso"):
        MrzData("U00000001", "12.08.1974", None)


def test_a_password_is_one_of_three_classes() -> None:
    with emulate("utopia-id") as card, pytest.raises(TypeError, match="not str"):
        read(card, "123456")  # type: ignore[arg-type]


VIETNAM = SPECS / "vietnam.toml"


@pytest.mark.parametrize("spec", [VIETNAM, f"spec:{VIETNAM}", str(VIETNAM)])
def test_a_reader_can_be_a_card_spec(spec: str | Path) -> None:
    with open_reader(spec) as card:
        assert read(card, Can("482913"), quirks="vietnam").states["EF.DG13"] == "read"


def test_a_reader_can_be_a_profile() -> None:
    with open_reader("spec:passport") as card:
        assert card.process(SELECT_EMRTD) == b"\x90\x00"


def test_a_spec_is_a_mapping_too_whose_fields_can_be_changed() -> None:
    with emulate({"profile": "vn-cccd", "seed": "a"}, document={"can": "112233"}) as card:
        assert card.can.digits == "112233"
        holder = verify(card, card.can, card.trust).holder
    assert holder is not None
    assert holder.issuing_state == "VNM"


def test_an_unknown_profile_and_an_unknown_field_are_refused() -> None:
    with pytest.raises(errors.BadInput, match="profile-unknown"):
        emulate("nowhere")
    with pytest.raises(errors.BadInput, match="card-spec-unknown-field"):
        emulate("utopia-id", colour="red")


def test_a_blank_answers_but_has_nothing_printed_on_it() -> None:
    with emulate("utopia-id", blank=True) as card:
        assert len(card.process(SELECT_EMRTD)) == 2
        with pytest.raises(errors.UsageError, match="emulated-card-blank"):
            card.can  # noqa: B018


@pytest.mark.pcsc
def test_a_card_in_a_pcsc_reader_is_verified_by_a_part_of_the_readers_name(pcscd: PrivatePcscd) -> None:
    made = make({"profile": "utopia-id"}, {})
    with pcscd.card_in(made.card, slot=3), open_reader("beta 00 01") as card:
        assert made.can is not None
        verdict = verify(card, Can(made.can), Trust(made.trust))
    assert verdict.decision == "passed"


@pytest.mark.pcsc
def test_no_such_reader_and_no_card_are_told_apart(pcscd: PrivatePcscd) -> None:
    with pytest.raises(errors.NoReaderError):
        open_reader("no such reader")
    with pytest.raises(errors.CardAbsent):
        open_reader("beta 00 01")


@pytest.mark.parametrize("answer", [b"", b"\x90", b"\x61\x10", b"\x6c\x00", bytes(1 << 18) + b"\x90\x00"])
def test_whatever_a_card_answers_is_an_error_of_the_tree(answer: bytes) -> None:
    with pytest.raises(errors.EidError):
        read(Bare(lambda command: answer), Can("123456"))
