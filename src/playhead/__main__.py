"""``python -m playhead`` is the same as ``playhead``."""

import sys

from playhead.cli.main import main

sys.exit(main())
