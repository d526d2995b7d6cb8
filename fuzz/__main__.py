"""``python -m fuzz``: fuzzes the targets, one after another in a process each, or the corpus is made anew."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
FINDINGS = Path(__file__).parent / "findings"
"""What libFuzzer adds to the corpus, and inputs that it broke something with; not kept in the repository."""
_MORE = 120
"""Seconds that a target may take beyond its time, to start and to end."""
_LIMITS = ("-timeout=10", "-rss_limit_mb=2048", "-max_len=65536")


def main() -> None:
    """Reads the command line; exit code 1 if a target failed."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description="Fuzz the parsers that see outside bytes.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="default: all")
    parser.add_argument("--seconds", type=int, default=60, help="how long each target runs (default: 60)")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)  # in this process, which then ends
    parser.add_argument("--list", action="store_true", help="list the targets")
    parser.add_argument("--seeds", action="store_true", help="make the corpus anew from specimens")
    arguments = parser.parse_args()
    if arguments.seeds:
        from fuzz.seeds import write_corpus

        write_corpus(CORPUS)
        return
    if arguments.here:
        _fuzz(arguments.targets[0], arguments.seconds)
        return
    names = arguments.targets or sorted(path.name for path in CORPUS.iterdir())
    if arguments.list:
        print("\n".join(names))
        return
    failed = [name for name in names if not _fuzz_apart(name, arguments.seconds)]
    print(f"{len(names) - len(failed)} targets ran without a finding." + f" Failed: {', '.join(failed)}" * bool(failed))
    sys.exit(bool(failed))


def _fuzz_apart(name: str, seconds: int) -> bool:
    command = [sys.executable, "-m", "fuzz", name, "--here", "--seconds", str(seconds)]
    try:
        return subprocess.run(command, cwd=CORPUS.parents[1], check=False, timeout=seconds + _MORE).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _fuzz(name: str, seconds: int) -> None:
    """Does not return: libFuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=["eid_toolkit", "fuzz"], enable_loader_override=False):
        from fuzz.targets import run

    found = FINDINGS / name
    found.mkdir(parents=True, exist_ok=True)
    options = [*_LIMITS, f"-max_total_time={seconds}", f"-artifact_prefix={FINDINGS}/{name}-", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *options, str(found), str(CORPUS / name)], lambda data: run(name, data))
    atheris.Fuzz()


main()
