"""A population register: how long an import takes and how much memory, and how long a clerk waits for a search.

``python -m benchmarks.population --persons 1000000`` measures at a tenth of that size and at that size, on SQLite and
PostgreSQL. The import is the real command in a process of its own; searches run in this process, on a warm register:
each as a bare query, and as a clerk's search, which is put on record in the audit log before it is shown.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from benchmarks import clocks
from benchmarks.clocks import Times
from benchmarks.people import people, write_people
from benchmarks.servers import bare_copy, postgres_binaries, postgres_server
from eid_toolkit.books.keys.opening import open_key_store
from eid_toolkit.books.register.people.person_search import Hit
from eid_toolkit.books.register.register import Register
from eid_toolkit.books.staff.operators import Operator, OperatorStore
from eid_toolkit.ground.home.config import HomeConfig
from eid_toolkit.ground.ports import SystemClock, SystemEntropy
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.transliteration import fold
from eid_toolkit.work.office.founding import found

SCHEMA = "eid-population-benchmark/3"
_QUERIES = 40
"""Of each kind."""
_WARM_UP = 3
_SHOWN = 50
_LETTERS = "AEIOUNTRSL"
_LAST_PERCENT = 95
_ROW = "{:<12} {:>9} {:>9} {:>8} {:>9} {:>8} {:>6} {:>10} {:>10} {:>8}"
_SEARCH_ROW = "{:<30} {:>10} {:>10} {:>10} {:>10}"


@dataclass(frozen=True, slots=True)
class Query:
    """What a clerk types."""

    kind: str
    text: str
    birth: str | None = None


@dataclass(frozen=True, slots=True)
class Population:
    """What was measured with this many persons in one database.

    The time on the processor is that of the process alone: of a server's work it says nothing.
    """

    database: str
    persons: int
    imported: Times
    import_megabytes: float
    searches: dict[str, list[Times]]
    """As clerks search, by kind."""
    queries: dict[str, list[Times]]
    """The same without the record in the log."""
    floor_seconds: float | None = None
    """The time for the same rows by bare COPY into the same tables and indexes; None for SQLite."""

    @property
    def latencies(self) -> dict[str, list[float]]:
        """Milliseconds of a clerk's search by its kind."""
        return {kind: _walls(times) for kind, times in self.searches.items()}

    @property
    def all(self) -> list[float]:
        """The latencies of all kinds together."""
        return [each for latencies in self.latencies.values() for each in latencies]

    @property
    def bare(self) -> list[float]:
        """The latencies of all kinds of bare queries together."""
        return [each for times in self.queries.values() for each in _walls(times)]

    @property
    def search_cpu(self) -> float:
        """The median of the milliseconds on the processor."""
        return median(each.milliseconds[1] for times in self.searches.values() for each in times)

    def to_json(self) -> dict[str, object]:
        """Stable keys."""
        return {
            "database": self.database,
            "persons": self.persons,
            "import_seconds": round(self.imported.wall, 1),
            "import_cpu_seconds": round(self.imported.cpu, 1),
            "import_floor_seconds": None if self.floor_seconds is None else round(self.floor_seconds, 1),
            "import_megabytes": round(self.import_megabytes),
            "search_median_milliseconds": round(median(self.all), 2),
            "search_p95_milliseconds": round(percentile(self.all), 2),
            "search_median_cpu_milliseconds": round(self.search_cpu, 2),
            "query_median_milliseconds": round(median(self.bare), 2),
            "query_p95_milliseconds": round(percentile(self.bare), 2),
            "searches": {
                kind: {
                    "median_milliseconds": round(median(each), 2),
                    "p95_milliseconds": round(percentile(each), 2),
                    "query_median_milliseconds": round(median(_walls(self.queries[kind])), 2),
                    "query_p95_milliseconds": round(percentile(_walls(self.queries[kind])), 2),
                }
                for kind, each in self.latencies.items()
            },
        }


def measure_population(persons: int, databases: tuple[str, ...] = ("sqlite", "postgresql")) -> list[Population]:
    """At a tenth of ``persons`` and at ``persons``, on each database that is here."""
    measured = []
    for database in databases:
        binaries = postgres_binaries() if database == "postgresql" else None
        if database == "postgresql" and binaries is None:
            continue
        for count in (persons // 10, persons):
            with postgres_server(binaries) if binaries else nullcontext() as url:
                measured.append(_measure(database, count, url))
    return measured


def population_table(measured: list[Population]) -> str:
    """The measures for a person."""
    lines = [
        _ROW.format("register", "persons", "import s", "CPU", "a second", "COPY s", "MB", "search ms", "95 %", "CPU")
    ]
    for each in measured:
        took, cpu = each.imported.wall, each.imported.cpu
        floor = "" if each.floor_seconds is None else f"{each.floor_seconds:.1f}"
        cells = (f"{took:.1f}", f"{cpu:.1f}", f"{each.persons / took:.0f}", floor, f"{each.import_megabytes:.0f}")
        found = (f"{median(each.all):.1f}", f"{percentile(each.all):.1f}", f"{each.search_cpu:.1f}")
        lines.append(_ROW.format(each.database, each.persons, *cells, *found))
    for small, large in zip(measured[::2], measured[1::2], strict=True):
        ratios = median(large.all) / median(small.all), percentile(large.all) / percentile(small.all)
        times = [f"{ratio:.1f} times" for ratio in ratios]
        lines.append(_ROW.format(small.database, "10 times", "", "", "", "", "", *times, ""))
        titles = ("median ms", "95 %", "bare query", "95 %")
        lines.append(_SEARCH_ROW.format(f"{large.database}, {large.persons}", *titles))
        for kind, latencies in large.latencies.items():
            both = (latencies, _walls(large.queries[kind]))
            cells = [f"{number:.1f}" for each in both for number in (median(each), percentile(each))]
            lines.append(_SEARCH_ROW.format(f"  {kind}", *cells))
    return "\n".join(lines)


def percentile(latencies: list[float]) -> float:
    """The 95th percentile."""
    return quantiles(latencies, n=100, method="inclusive")[_LAST_PERCENT - 1]


def _measure(database: str, count: int, url: str | None) -> Population:
    with tempfile.TemporaryDirectory(prefix="eid-population-") as folder:
        root, file = Path(folder) / "home", Path(folder) / "people.csv"
        clock, entropy = SystemClock(), SystemEntropy()
        home = found(root, HomeConfig("UTO", "Benchmark", True, clock.now(), url), [], (), clock, entropy).home
        write_people(file, count)
        imported, megabytes = _import(root, file)
        keys = open_key_store(home, entropy)
        register = Register.open(home, keys, OperatorStore(home.operators, keys.foundation), clock, entropy)
        try:
            wanted = list(_queries(count))
            queries, searches = _search(wanted, _query(register)), _search(wanted, _clerk(register))
        finally:
            register.close()
    return Population(database, count, imported, megabytes, searches, queries, None if url is None else bare_copy(url))


def _import(root: Path, file: Path) -> tuple[Times, float]:
    """The time that it takes, and the most memory of the process in megabytes."""
    code = "from eid_toolkit.doors.cli.main import main; main()"
    words = [sys.executable, "-c", code, "--home", str(root), "--operator", "clerk", "person", "import", str(file)]
    began = time.perf_counter()
    child = os.spawnv(os.P_NOWAIT, sys.executable, words)
    _, status, usage = os.wait4(child, 0)
    if status != 0:
        raise RuntimeError("the import failed")
    return Times(time.perf_counter() - began, usage.ru_utime + usage.ru_stime), usage.ru_maxrss / 1024


Search = Callable[[Query], Sequence[Hit]]


def _clerk(register: Register) -> Search:
    """As `eid person search` does it: on record, with a keyed hash of what was typed."""
    operator = Operator("clerk")

    def search(query: Query) -> Sequence[Hit]:
        return register.persons.look_ups.search(query.text, operator, date_of_birth=_birth(query), limit=_SHOWN)

    return search


def _query(register: Register) -> Search:
    return lambda query: register.persons.search(query.text, date_of_birth=_birth(query), limit=_SHOWN)


def _birth(query: Query) -> PartialDate | None:
    return PartialDate.parse(query.birth) if query.birth else None


def _search(queries: list[Query], search: Search) -> dict[str, list[Times]]:
    searches: dict[str, list[Times]] = {}
    for query in queries[::_QUERIES] * _WARM_UP:
        search(query)
    for query in queries:
        began = clocks.here()
        hits = search(query)
        searches.setdefault(query.kind, []).append(clocks.here() - began)
        if not hits:
            raise RuntimeError(f"nobody found: {query.kind}")
    return searches


def _walls(times: list[Times]) -> list[float]:
    """Milliseconds as they pass."""
    return [each.milliseconds[0] for each in times]


def _queries(count: int) -> Iterator[Query]:
    """Queries about persons who are there, one kind after the other."""
    chosen = random.Random(2)
    wanted = set(chosen.sample(range(count), _QUERIES))
    someone = [values for number, values in enumerate(people(count)) if number in wanted]
    names = [(f"{values[1]} {values[2]}", values[3]) for values in someone]
    yield from (Query("number", values[0]) for values in someone)
    yield from (Query("full name", name) for name, _ in names)
    yield from (Query("words in another order", " ".join(reversed(name.split()))) for name, _ in names)
    yield from (Query("no diacritics, small letters", fold(name).lower()) for name, _ in names)
    yield from (Query("one letter wrong", _misspelt(fold(name), chosen)) for name, _ in names)
    yield from (Query("beginnings of words", _begun(fold(name))) for name, _ in names)
    yield from (Query("a surname alone", values[1]) for values in someone)
    yield from (Query("name and date of birth", name, birth) for name, birth in names)
    yield from (Query("date of birth alone", "", birth) for _, birth in names)


def _misspelt(name: str, chosen: random.Random) -> str:
    """With one letter of the longest word left out, exchanged with its neighbour, or another."""
    word = max(name.split(), key=len)
    at = chosen.randrange(len(word) - 1)
    wrong = chosen.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + chosen.choice(_LETTERS) + word[at + 1 :],
        )
    )
    return name.replace(word, wrong, 1)


def _begun(name: str) -> str:
    return " ".join(word[: max(2, len(word) - 2)] for word in name.split())


def main() -> None:
    """Measures, prints a table, and writes the numbers to a file if asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.population", description=__doc__)
    parser.add_argument("--persons", type=int, default=100_000, help="the larger size (default: 100000)")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), help="only this one")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE")
    arguments = parser.parse_args()
    databases = (arguments.database,) if arguments.database else ("sqlite", "postgresql")
    measured = measure_population(arguments.persons, databases)
    print(population_table(measured))
    if arguments.json is not None:
        found = {"schema": SCHEMA, "populations": [each.to_json() for each in measured]}
        arguments.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
