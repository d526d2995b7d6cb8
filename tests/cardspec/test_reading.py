"""Specs out of files: what every field means, and that a hostile file is refused by name, whatever is in it."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eid_toolkit.ground.errors import BadInput, EidError
from eid_toolkit.work.cardspec import CardSpec, build, parse_spec
from eid_toolkit.work.cardspec.parsing import MAX_SIZE, spec_of
from eid_toolkit.work.cardspec.spec import FaultSpec

TOML, YAML = 'schema = "eid-card-spec/1"\n', "schema: eid-card-spec/1\n"


def toml(text: str) -> CardSpec:
    return parse_spec((TOML + text).encode())


def yaml(text: str) -> CardSpec:
    return parse_spec((YAML + text).encode(), yaml=True)


def test_the_shortest_spec_is_its_schema() -> None:
    assert toml("") == yaml("") == CardSpec()


def test_a_time_without_zone_is_utc_and_a_day_its_first_moment() -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    for text in ("2026-11-20T12:00:00Z", "2026-11-20 12:00:00", "2026-11-20T13:00:00+01:00"):
        assert toml(f"at = {text}").at == yaml(f"at: {text}").at == noon
    assert toml("at = 2026-11-20").at == yaml("at: 2026-11-20").at == datetime(2026, 11, 20, tzinfo=UTC)
    assert toml('at = "2026-11-20T12:00:00Z"').at == noon


def test_whole_seconds_and_dates_of_persons_are_taken() -> None:
    assert toml('[[faults]]\nfault = "slow"\nseconds = 2').faults == (FaultSpec("slow", seconds=2.0),)
    assert toml("[person]\ndate_of_birth = 1990-01-31").person == {"date_of_birth": "1990-01-31"}


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("profile = 5", "profile"),
        ("blank = 1", "blank"),
        ("blank = 'true'", "blank"),
        ("quirks = 'fci'", "quirks"),
        ("quirks = [1]", "quirks[0]"),
        ("seed = 7", "seed"),
        ('seed = "a\\u0000b"', "seed"),
        ("at = 07:32:00", "at"),
        ("at = 1999-12-31", "at"),
        ("at = 2080-01-01", "at"),
        ("at = 0001-01-01T00:00:00+14:00", "at"),
        ("at = 9999-12-31T23:00:00-14:00", "at"),
        ("at = 'tomorrow'", "at"),
        ("person = 'Anna'", "person"),
        ("[person]\nprimary_identifier = 1", "person.primary_identifier"),
        ("[document]\ncan = 123456", "document.can"),
        ('[document]\nportrait = "a\\u0000b"', "document.portrait"),
        ("[access]\nprotocols = []", "access.protocols"),
        ("[access]\nprotocols = ['eac']", "access.protocols[0]"),
        ("[access]\nfailures = 65536", "access.failures"),
        ("[access]\nfailures = true", "access.failures"),
        ("[chip]\nfingers = 11", "chip.fingers"),
        ("[chip]\neyes = 3", "chip.eyes"),
        ("[chip]\ndomain_failures = -1", "chip.domain_failures"),
        ("faults = 1", "faults"),
        ("[[faults]]\nfault = 'mars'", "faults[0].fault"),
        ("[[faults]]\nfault = 'slow'\nat = 0", "faults.at"),
        ("[[faults]]\nfault = 'slow'\nseconds = -1", "faults.seconds"),
        ("[[faults]]\nfault = 'slow'\nseconds = nan", "faults.seconds"),
        ("[[faults]]\nfault = 'slow'\nseconds = inf", "faults.seconds"),
        ("[[faults]]\nfault = 'slow'\nseconds = 1" + 400 * "0", "faults[0].seconds"),
        ("[[faults]]\nfault = 'answer'\nanswer = '9'", "faults.answer"),
        ("[[faults]]\nfault = 'answer'\nanswer = '90'", "faults.answer"),
        ("[[faults]]\nfault = 'bit-error'\nbit = -1", "faults.bit"),
        ("blank = true\nforgery = 'clone'", "forgery"),
    ],
)
def test_a_wrong_value_is_told_with_its_field(text: str, field: str) -> None:
    with pytest.raises(BadInput) as caught:
        toml(text)
    assert (caught.value.code, caught.value.facts) == ("card-spec-wrong-value", {"field": field})


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("mars = 1", "card-spec-unknown-field"),
        ("[chip]\nmars = 1", "card-spec-unknown-field"),
        ("[[faults]]\nat = 1", "card-spec-missing-field"),
        ("[[access.pace]]\nmapping = 'gm'", "card-spec-missing-field"),
        ("schema = 'eid-card-spec/1'", "card-spec-malformed"),
        ("at = 2026-13-45", "card-spec-malformed"),
        ("x = " + "9" * 5000, "card-spec-malformed"),
        ("a = " + "[" * 7 + "]" * 7, "card-spec-malformed"),
        ("a = " + "[" * 30000, "card-spec-malformed"),
        ("[" + ".".join("a" * 20) + "]", "card-spec-malformed"),
        ("a = '\0'", "card-spec-malformed"),
        ("=", "card-spec-malformed"),
        ("#" + " " * MAX_SIZE, "card-spec-too-large"),
    ],
)
def test_a_toml_file_that_is_none_of_ours_is_refused_by_name(text: str, code: str) -> None:
    with pytest.raises(BadInput) as caught:
        toml(text)
    assert caught.value.code == code


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (BOMB, "card-spec-malformed"),
        ("a: &a 1\n", "card-spec-malformed"),
        ("a: !!python/object/apply:os.system ['true']\n", "card-spec-malformed"),
        ("a: !!str 1\n", "card-spec-malformed"),
        ("a: ! 1\n", "card-spec-malformed"),
        ("schema: eid-card-spec/1\n", "card-spec-malformed"),
        ("blank: false\nblank: true\n", "card-spec-malformed"),
        ("document: {can: '1', can: '2'}\n", "card-spec-malformed"),
        ("a: " + "[" * 30000, "card-spec-malformed"),
        ("a: " + "{a: " * 10000, "card-spec-malformed"),
        ("".join(" " * n + "a:\n" for n in range(1, 300)), "card-spec-malformed"),
        ("? [a, b]\n: c\n", "card-spec-malformed"),
        ("a: \0\n", "card-spec-malformed"),
        ("at: 2026-13-45\n", "card-spec-malformed"),
        ("x: " + "9" * 5000 + "\n", "card-spec-malformed"),
        ("---\n---\n", "card-spec-malformed"),
        ("1: 2\n", "card-spec-unknown-field"),
        ("true: 2\n", "card-spec-unknown-field"),
        ("null: 2\n", "card-spec-unknown-field"),
        ("profile: 5\n", "card-spec-wrong-value"),
        ("profile: null\n", "card-spec-wrong-value"),
        ('seed: "\\ud800"\n', "card-spec-wrong-value"),
        ('document: {portrait: "\\udfff"}\n', "card-spec-wrong-value"),
        ("at: 12:30\n", "card-spec-wrong-value"),
    ],
)
def test_a_yaml_file_that_is_none_of_ours_is_refused_by_name(text: str, code: str) -> None:
    with pytest.raises(BadInput) as caught:
        yaml(text)
    assert caught.value.code == code


@pytest.mark.parametrize("as_yaml", [False, True])
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "card-spec-"),
        (b"\xff\xfe", "card-spec-malformed"),
        ("schema".encode("utf-16"), "card-spec-malformed"),
        (b"\x00", "card-spec-malformed"),
        (b"[]", "card-spec-"),
        (b"schema: eid-card-spec/2", "card-spec-"),
        (b"schema = 'eid-card-spec/2'", "card-spec-"),
        (b"schema = 1", "card-spec-"),
        (b"\xef\xbb\xbf", "card-spec-"),
    ],
)
def test_bytes_that_are_no_spec_are_refused_by_name(data: bytes, code: str, as_yaml: bool) -> None:
    with pytest.raises(BadInput) as caught:
        parse_spec(data, yaml=as_yaml)
    assert caught.value.code.startswith(code)


TOKENS = st.sampled_from([
    TOML, YAML, "profile", "seed", "at", "blank", "forgery", "quirks", "[person]", "[document]", "[access]", "[chip]",
    "[[faults]]", "[[access.pace]]", "fault", "can", "=", ":", " ", "\n", "- ", "[", "]", "{", "}", '"', "'", "slow",
    "true", "2026-11-20", "1", "-1", "1e9", "nan", "clone", "fci", "&a", "*a", "!!int", "<<", "\0", "\t", "#", ",", "|",
    ">",
])  # fmt: skip


@settings(max_examples=300)
@given(
    data=st.binary(max_size=200)
    | st.lists(TOKENS | st.text(max_size=5), max_size=40).map(lambda s: "".join(s).encode())
)
@pytest.mark.parametrize("as_yaml", [False, True])
def test_whatever_is_in_a_file_it_is_a_spec_or_refused(data: bytes, as_yaml: bool) -> None:
    with suppress(BadInput):
        assert isinstance(parse_spec(data, yaml=as_yaml), CardSpec)


TEXT = st.text(max_size=12) | st.sampled_from(["123456", "clone", "vn-cccd", "1990-01-31", "F", "UTO", "slow", "pace"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.dates() | st.datetimes() | st.times(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from([
    "profile", "seed", "at", "blank", "forgery", "quirks", "person", "document", "access", "chip", "faults", "fault",
    "when", "number", "can", "portrait", "protocols", "pace", "failures", "without", "fingers", "eyes", "seconds",
    "bit", "answer",
])  # fmt: skip


@settings(max_examples=500)
@given(fields=st.dictionaries(FIELDS | TEXT, VALUES | st.dictionaries(FIELDS, VALUES, max_size=3), max_size=4))
def test_whatever_the_fields_hold_they_are_a_spec_or_refused(fields: dict[str, object]) -> None:
    with suppress(BadInput):
        assert isinstance(spec_of(fields), CardSpec)


LIKELY = st.fixed_dictionaries(
    {},
    optional={
        "profile": st.sampled_from(["utopia-id", "vn-cccd", "sgp-id", "td2", "passport", "mars"]),
        "seed": st.text(max_size=4),
        "at": st.datetimes(),
        "person": st.dictionaries(st.sampled_from(["primary_identifier", "sex", "nationality", "date_of_birth"]), TEXT),
        "document": st.fixed_dictionaries({}, optional={"can": TEXT, "number": TEXT}),
        "forgery": TEXT,
        "quirks": st.lists(st.sampled_from(["fci", "vietnam", "wrong-le", "header-first", "mars"]), max_size=2),
        "access": st.fixed_dictionaries(
            {}, optional={"protocols": st.lists(st.sampled_from(["pace", "bac"]), max_size=3)}
        ),
        "chip": st.fixed_dictionaries(
            {},
            optional={
                "without": st.lists(st.sampled_from(["chip-authentication", "active-authentication"]), max_size=2),
                "active_authentication": st.fixed_dictionaries(
                    {"digest": st.sampled_from(["sha256", "sha512"])},
                    optional={"parameter_id": st.integers(-1, 20), "rsa_bits": st.sampled_from([0, 1024, 1000])},
                ),
            },
        ),
    },
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(fields=LIKELY)
def test_whatever_a_spec_asks_for_it_is_built_or_refused(fields: dict[str, object]) -> None:
    with suppress(EidError):
        made = build(spec_of(fields))
        made.card.reset()
        assert made.card.process(bytes.fromhex("00A4040C07A0000002471001"))[-2:] in (b"\x90\x00", b"\x6a\x86")


@pytest.mark.parametrize("at", ["2000-01-01T00:00:00Z", "2079-12-31T23:59:59Z"])
@pytest.mark.parametrize("profile", ["utopia-id", "vn-cccd", "passport"])
def test_cards_of_the_first_and_the_last_day_are_built(at: str, profile: str) -> None:
    assert build(spec_of({"at": at, "profile": profile, "chip": {"terminal_authentication": True}})).mrz is not None


@pytest.mark.parametrize(
    ("pace", "signing", "code"),
    [
        ('mapping = "im"\ncipher = "3des"\nparameter_id = 10', 'rsa_bits = 1536\ndigest = "sha512"', "impossible"),
        ('mapping = "gm"\ncipher = "3des"\nparameter_id = 8', 'parameter_id = 8\ndigest = "sha512"', "digest-too-long"),
        (
            'mapping = "cam"\ncipher = "aes-128"\nparameter_id = 12',
            'rsa_bits = 2048\ndigest = "sha256"',
            "contradiction",
        ),
    ],
)
def test_what_no_card_could_do_is_refused_where_it_is_written(pace: str, signing: str, code: str) -> None:
    # 9303-11: table 12, 6.1.2.3, and 9.2.1 with the chip's key of the profile in another group.
    with pytest.raises(BadInput) as caught:
        toml(f"[[access.pace]]\n{pace}\n[chip.active_authentication]\n{signing}")
    assert caught.value.code == f"profile-{code}" or caught.value.code == f"profile-pace-{code}"
