"""The family's page: its blocks run, one after the other, with the tiny preset."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import playhead.models.arc_hunyuan_video
from playhead.demo import demo_path
from playhead.models.arc_hunyuan_video.settings import OPTIONS

PAGE = Path(playhead.models.arc_hunyuan_video.__file__).with_name("README.md")


def test_the_pages_blocks_run(tmp_path, monkeypatch) -> None:
    shutil.copy(demo_path(), tmp_path / "talk.mp4")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 3
    namespace: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), namespace)


def test_the_page_names_every_option() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in OPTIONS if f"`{name}" not in text] == []
