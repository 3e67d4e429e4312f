"""One file a benchmark, each with one :class:`~playhead.evaluate.base.Benchmark` (two where it is asked in two ways)."""
