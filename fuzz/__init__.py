"""A coverage-guided fuzzer over every parser that sees bytes from outside (docs/fuzzing.md)."""

import sys
from pathlib import Path

# What builds lists and certificates for the corpus is shared with the tests.
_TESTS = str(Path(__file__).parents[1] / "tests")
if _TESTS not in sys.path:
    sys.path.append(_TESTS)
