"""Features kept on disk: nothing is encoded twice, whatever is interrupted, damaged, crowded out or run side by side."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from helpers.draw import write_media
from playhead.errors import MediaError, PlayheadWarning, UnsupportedError, WeightsError
from playhead.media.clip import Video
from playhead.models.hour_llava.rows import TORCH_DTYPES
from playhead.models.hour_llava.store import Passing, Store, make_entry
from playhead.tasks.ask import Ask

ONE, TWO = Ask("Which number is shown first?"), Ask("Which number is shown last?")


def rows_of(cache: Path) -> list[Path]:
    return sorted((cache / "hour-llava").glob("*.rows"))


def test_a_second_question_encodes_and_projects_nothing(make, clip) -> None:
    engine = make()
    engine.answer(Video(str(clip)), ONE)
    assert (engine.encoded, engine.projected) == (128, 128)
    engine.answer(Video(str(clip)), TWO)
    assert (engine.encoded, engine.projected) == (128, 128)


def test_another_engine_later_encodes_and_projects_nothing(make, clip, tmp_path) -> None:
    first = make().answer(Video(str(clip)), ONE)
    copy = tmp_path / "renamed.mp4"
    copy.write_bytes(clip.read_bytes())
    later = make()
    again = later.answer(Video(str(copy)), ONE)
    assert (later.encoded, later.projected) == (0, 0)
    assert again.text == first.text
    assert again.source == str(copy)
    assert again.sampling == first.sampling


def test_without_a_cache_nothing_stays(make, clip, cache) -> None:
    engine = make(use_cache=False)
    answer = engine.answer(Video(str(clip)), ONE)
    engine.answer(Video(str(clip)), TWO)
    assert engine.encoded == 128
    assert rows_of(cache) == []
    assert answer.text == make().answer(Video(str(clip)), ONE).text


def test_a_window_encodes_only_its_own_pictures(make, clip) -> None:
    engine = make()
    engine.answer(Video(str(clip), start_s=10.0, end_s=14.0), ONE)
    assert engine.encoded == 20
    look = engine.look(Video(str(clip), start_s=10.0, end_s=14.0))
    assert look.times_s.tolist() == pytest.approx(np.arange(10.0, 14.0, 0.2).tolist())


def test_pictures_are_encoded_a_few_at_a_time(make, clip) -> None:
    sizes = []
    engine = make(encode_frames=8, use_cache=False)
    counted = engine.net.model.encode_video

    def watched(pixels, **how):
        sizes.append(len(pixels))
        return counted(pixels, **how)

    engine.net.model.encode_video = watched
    look = engine.look(Video(str(clip)))
    assert sizes == [8] * 16
    whole = make(encode_frames=128, use_cache=False).look(Video(str(clip)))
    torch.testing.assert_close(look.data.features_TPC, whole.data.features_TPC, atol=2e-3, rtol=0)


def test_an_interrupted_look_goes_on_where_it_was(make, clip, cache) -> None:
    broken = make(encode_frames=32)
    encode, seen = broken.net.model.encode_video, []

    def stop(pixels, **how):
        if len(seen) == 2:
            raise KeyboardInterrupt
        seen.append(len(pixels))
        return encode(pixels, **how)

    broken.net.model.encode_video = stop
    with pytest.raises(KeyboardInterrupt):
        broken.answer(Video(str(clip)), ONE)
    [part] = (cache / "hour-llava").glob("*.part")
    with part.open("ab") as file:
        file.write(b"half a chunk")  # what a process that was killed leaves
    journal = part.with_suffix(".journal")
    journal.write_text(journal.read_text() + "[32, 12")
    resumed = make(encode_frames=32)
    look = resumed.look(Video(str(clip)))
    assert resumed.encoded == 64
    whole = make(encode_frames=32, use_cache=False).look(Video(str(clip)))
    assert torch.equal(look.data.features_TPC, whole.data.features_TPC)
    assert look.times_s.tolist() == whole.times_s.tolist()
    assert list((cache / "hour-llava").glob("*.part")) == []


@pytest.mark.parametrize("harm", ["byte", "shorter", "header", "format"])
def test_a_damaged_entry_is_noticed_and_made_again(make, clip, cache, harm) -> None:
    first = make().answer(Video(str(clip)), ONE)
    for rows in rows_of(cache):
        header = rows.with_suffix(".json")
        if harm == "byte":
            data = bytearray(rows.read_bytes())
            data[len(data) // 2] ^= 1
            rows.write_bytes(bytes(data))
        elif harm == "shorter":
            rows.write_bytes(rows.read_bytes()[:-2])
        elif harm == "header":
            header.write_text("{")
        else:
            header.write_text(json.dumps({**json.loads(header.read_text()), "format": 0}))
    engine = make()
    with pytest.warns(PlayheadWarning, match="made again"):
        again = engine.answer(Video(str(clip)), ONE)
    assert (engine.encoded, engine.projected) == (128, 128)
    assert again.text == first.text


def test_two_at_once_encode_once(make, clip) -> None:
    engines = [make(), make()]
    texts = {}

    def ask(number: int) -> None:
        texts[number] = engines[number].answer(Video(str(clip)), ONE).text

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(engine.encoded for engine in engines) == [0, 128]
    assert texts[0] == texts[1]


def test_two_processes_do_not_disturb_each_other_and_a_third_finds_their_work(make, clip, cache) -> None:
    code = (
        "import sys, playhead\n"
        "print(playhead.load('hour-llava-tiny', device='cpu', max_new_tokens=8).ask(sys.argv[1], 'What?').text)\n"
    )
    words = [sys.executable, "-c", code, str(clip)]
    running = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=120)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert said[0] == said[1] != ""
    assert len(rows_of(cache)) == 2
    later = make()
    later.answer(Video(str(clip)), TWO)
    assert (later.encoded, later.projected) == (0, 0)


def test_other_weights_other_types_and_other_windows_are_other_entries(make, clip, cache) -> None:
    make().look(Video(str(clip)))
    other = make()
    with torch.no_grad():
        other.net.model.vision_tower.vision_tower.vision_model.embeddings.patch_embedding.bias.add_(1)
    other.look(Video(str(clip)))
    assert other.encoded == 128
    half = make(store_dtype="bfloat16")
    assert half.look(Video(str(clip))).data.features_TPC.dtype == torch.bfloat16
    assert half.encoded == 128
    assert len(rows_of(cache)) == 6
    projector = make()
    with torch.no_grad():
        projector.net.model.image_newline.add_(1)
    projector.look(Video(str(clip)))
    assert (projector.encoded, projector.projected) == (0, 128)


def test_quantised_weights_have_a_digest_of_all_their_parts() -> None:
    from torch.testing._internal.two_tensor import TwoTensor

    from playhead.models.kept import weights_digest

    def digest(first: float, second: float) -> str:
        module = torch.nn.Module()
        parts = (torch.full((2, 2), each) for each in (first, second))
        module.weight = torch.nn.Parameter(TwoTensor(*parts), requires_grad=False)
        return weights_digest(module)

    assert len({digest(1, 2), digest(1, 3), digest(2, 2)}) == 3
    assert digest(1, 2) == digest(1, 2)


def test_stored_features_are_those_of_the_tower(make, clip) -> None:
    exact = make(store_dtype="float32", keep_memory=False)
    look = exact.look(Video(str(clip)))
    assert look.data.memory is look.data.features_TPC
    halved = make(store_dtype="float16").look(Video(str(clip)))
    assert halved.data.features_TPC.dtype == torch.float16
    torch.testing.assert_close(halved.data.features_TPC.float(), look.data.features_TPC, atol=2e-3, rtol=1e-3)
    projected = exact.net.model.project_frames(look.data.features_TPC)
    torch.testing.assert_close(halved.data.memory.float(), projected, atol=2e-3, rtol=2e-3)


def test_the_store_is_bounded(make, clip, cache) -> None:
    size_bytes = 128 * 64 * 32 * 2
    engine = make(store_gb=2.5 * size_bytes / 1e9, keep_memory=False)
    for start_s in (0.0, 1.0, 2.0, 3.0):
        engine.look(Video(str(clip), start_s=start_s))
    assert len(rows_of(cache)) == 2
    engine.encoded = 0
    engine.look(Video(str(clip), start_s=3.0))
    assert engine.encoded == 0
    engine.look(Video(str(clip), start_s=0.0))
    assert engine.encoded == 128


def test_numbers_that_do_not_fit_are_refused(tmp_path) -> None:
    store = Store(tmp_path)
    with pytest.raises(WeightsError, match="not finite"), store.writing("a", (2,), "float16") as writer:
        writer.add(torch.tensor([[1.0, 1e6]]))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("kind", [Store, Passing])
def test_rows_come_back_as_they_were(tmp_path, dtype, kind) -> None:
    store = Store(tmp_path) if kind is Store else Passing()
    rows = torch.randn(7, 3, 2).to(TORCH_DTYPES[dtype])

    def fill(writer):
        writer.add(rows[:4])
        writer.add(rows[4:])
        return {"times_s": [0.1]}

    made = make_entry(store, "k", (3, 2), dtype, fill)
    assert torch.equal(made.rows, rows)
    assert not made.read_back
    again = make_entry(store, "k", (3, 2), dtype, fill)
    assert torch.equal(again.rows, rows)
    assert again.read_back is (kind is Store)
    assert dict(again.facts) == {"times_s": [0.1]}


def test_published_features_are_read_with_their_true_times(make, clip, tmp_path) -> None:
    engine = make()
    own = engine.look(Video(str(clip)))
    path = tmp_path / "forty.pt"
    features = (
        own.data.features_TPC.float()
    )  # the extractor takes 128 evenly spaced pictures of this clip too
    torch.save({"vid_feat": features, "duration": 40.0}, path)
    reader = make(features=str(path), store_dtype="float32")
    look = reader.look(Video(str(clip)))
    assert reader.encoded == 0
    assert len(look.times_s) == 40  # as the released loader: no more pictures than whole seconds
    assert torch.equal(look.data.features_TPC, features[np.linspace(0, 127, 40).astype(int)])
    assert set(look.times_s.tolist()) <= set(own.times_s.tolist())
    assert reader.answer(Video(str(clip), start_s=10.0, end_s=20.0), ONE).failure is None
    torch.save({"vid_feat": features[:100], "duration": 40.0}, path)
    with pytest.raises(UnsupportedError, match="100 pictures in the file, 128 by the extractor's rule"):
        reader.look(Video(str(clip)))


@pytest.mark.parametrize(
    ("held", "message"),
    [
        ({"vid_feat": torch.zeros(4, 64, 32)}, "vid_feat and duration"),
        ({"vid_feat": torch.zeros(4, 64, 31), "duration": 9.0}, "shape"),
        ({"vid_feat": torch.zeros(4, 64, 32), "duration": 0.5}, "leaves no frame"),
        ([1], "list"),
    ],
)
def test_other_files_are_no_features(make, clip, tmp_path, held, message) -> None:
    path = tmp_path / "some.pt"
    torch.save(held, path)
    with pytest.raises(WeightsError, match=message):
        make(features=path).look(Video(str(clip)))


def test_a_file_that_would_run_code_is_refused(make, clip, tmp_path) -> None:
    path = tmp_path / "code.pt"
    torch.save({"vid_feat": print, "duration": 9.0}, path)
    with pytest.raises(WeightsError):
        make(features=path).look(Video(str(clip)))


def test_pictures_that_cannot_be_decoded_are_left_out_and_said(make, tmp_path) -> None:
    path = write_media(
        tmp_path / "hurt.mp4", ticks=range(200), tick_s=Fraction(1, 5), options={"bf": "0"}, gop=5
    )
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 3
    data[start : start + 3000] = np.random.default_rng(0).integers(0, 256, 3000, np.uint8).tobytes()
    path.write_bytes(bytes(data))
    engine = make(encode_frames=16)
    look = engine.look(Video(str(path)))
    assert 0 < len(look.times_s) < 128
    assert look.data.features_TPC.shape[0] == len(look.times_s) == engine.encoded
    steps = look.times_s * 5
    np.testing.assert_allclose(steps, steps.round(), atol=1e-6)
    assert (np.diff(look.times_s) > 0).all()
    assert any("could not be decoded" in note for note in look.sampling.notes)
    again = make(encode_frames=16)
    assert again.look(Video(str(path))).sampling == look.sampling
    assert again.encoded == 0


def test_a_file_without_pictures_leaves_nothing(make, drawn, cache) -> None:
    with pytest.raises(MediaError):
        make().look(Video(str(drawn("audio_only_wav").path)))
    assert list((cache / "hour-llava").iterdir()) == []
