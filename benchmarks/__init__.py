"""What the toolkit does in a second, beside what is possible at best (docs/benchmarks.md)."""

import sys
from pathlib import Path

# What starts a private pcscd or database server is shared with the tests.
_TESTS = str(Path(__file__).parents[1] / "tests")
if _TESTS not in sys.path:
    sys.path.append(_TESTS)
