"""These tests run the benchmarks, which are scripts: their folder is a place to import from."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
