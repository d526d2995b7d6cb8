"""The shipped specs are built, and a reader says of each what its first line promises."""

from __future__ import annotations

from pathlib import Path

import pytest

import eid_toolkit
from eid_toolkit.cards.emulator import image
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.work.cardspec import SpecimenCard, build, find_spec, load_spec
from eid_toolkit.work.cardspec.shipped_specs import is_name, shipped_specs
from eid_toolkit.work.inspection.capture import capture
from eid_toolkit.work.inspection.evidence import FileState
from eid_toolkit.work.inspection.verdict import Verdict, judge
from support.scripted import FixedClock
from support.spec_cards import OFFICER

FOLDER = Path(eid_toolkit.__file__).parent / "work" / "cardspec" / "shipped"
EXPECTED: dict[str, tuple[str, set[str]] | None] = {
    "utopia-id.toml": ("passed", set()),
    "vietnam.toml": ("passed", set()),
    "long-name.toml": ("passed", set()),
    "passport-bac.toml": ("passed", set()),
    "chip-mapping.toml": ("passed", set()),
    "chip-mapping-with-bac.toml": ("passed", set()),
    "fingerprints.toml": ("passed", set()),
    "awkward.toml": ("passed", set()),
    "clone.toml": ("failed", {"chip.ca", "chip.aa"}),
    "foreign-signer.toml": ("failed", {"pa.dsc-chain"}),
    "pulled.toml": ("undetermined", set()),
    "noisy.yaml": ("undetermined", set()),
    "blank.toml": None,
}


def made(name: str) -> SpecimenCard:
    return build(load_spec(FOLDER / name), folder=FOLDER)


def inspected(name: str) -> Verdict:
    card = made(name)
    assert card.mrz is not None
    password, clock = AccessPassword.from_mrz_information(card.mrz.information), FixedClock(card.clock.now())
    transport = InProcessTransport(card.card, "emulator:example")
    evidence = capture(transport, password, OFFICER, SystemEntropy(), clock, terminals=card.terminals)
    return judge(evidence, card.trust, OFFICER, clock.now())


def test_every_example_is_expected_to_be_something() -> None:
    assert {path.name for path in FOLDER.iterdir()} == EXPECTED.keys()


def test_the_examples_of_the_repository_are_the_shipped_ones() -> None:
    """One place, that cannot drift: the folder of the fixtures is a link into the package."""
    link = Path(__file__).parents[2] / "fixtures" / "card-specs"
    if not link.is_symlink() and not link.exists():
        pytest.skip("a source distribution has the folder of the package alone")
    assert link.resolve() == FOLDER.resolve()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_shipped_spec_is_found_by_its_name(name: str) -> None:
    assert find_spec(Path(name).stem) == (load_spec(FOLDER / name), Path())


def test_shipped_names_are_names_and_differ() -> None:
    assert len(shipped_specs()) == len(EXPECTED)
    assert all(map(is_name, shipped_specs()))


def test_a_name_means_the_shipped_spec_whatever_files_there_are(tmp_path: Path) -> None:
    (tmp_path / "vietnam").write_text('schema = "eid-card-spec/1"\nprofile = "passport"\n')
    assert find_spec("vietnam", tmp_path)[0].profile == "vn-cccd"
    assert find_spec("./vietnam", tmp_path)[0].profile == "passport"


@pytest.mark.parametrize("word", ["", "nowhere", "Vietnam", "utopia_id", "spec:vietnam"])
def test_a_name_that_nothing_has_is_refused_with_those_that_there_are(word: str) -> None:
    with pytest.raises(BadInput, match=r"card-spec-unknown.*utopia-id, vietnam"):
        find_spec(word)


@pytest.mark.parametrize(("name", "expected"), [(name, found) for name, found in EXPECTED.items() if found])
def test_an_example_is_what_it_says(name: str, expected: tuple[str, set[str]]) -> None:
    verdict = inspected(name)
    assert (str(verdict.decision), verdict.failed_checks()) == expected, verdict.checks


def test_the_fingerprints_are_read_and_the_mapping_proves_the_chip() -> None:
    groups = inspected("fingerprints.toml").data_groups
    assert (groups[3], groups[4]) == (FileState.READ, FileState.READ)
    mapped = inspected("chip-mapping.toml")
    assert mapped.evidence.access.mapping == "cam"
    assert next(check for check in mapped.checks if check.id == "chip.cam").status == "passed"


def test_the_blank_is_one() -> None:
    assert made("blank.toml").memory.part(EmrtdMemory).files.keys() == {ElementaryFile.ATR_INFO}


@pytest.mark.parametrize("name", [name for name in EXPECTED if name != "fingerprints.toml"])
def test_an_example_is_the_same_card_each_time(name: str) -> None:
    assert image.encode(made(name).memory) == image.encode(made(name).memory)


def test_toml_and_yaml_mean_the_same() -> None:
    from_yaml = load_spec(FOLDER / "noisy.yaml")
    assert (from_yaml.at, from_yaml.document.can, from_yaml.faults[0].bit) == (
        load_spec(FOLDER / "clone.toml").at,
        "135790",
        100,
    )
