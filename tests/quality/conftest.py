"""The benchmark's modules are imported by their plain names, as ``python benchmarks/quality.py`` does."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
