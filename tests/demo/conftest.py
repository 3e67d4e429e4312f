"""The drawing script's modules are imported by their plain names, as ``python examples/make_demo.py`` does."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))
