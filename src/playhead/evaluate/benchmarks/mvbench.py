"""MVBench: twenty tasks of 200 questions on short clips of eleven older sets (Li et al. 2023).

One list a task, ``json/TASK.json``, of ``{"video", "question", "candidates", "answer"}``; where ``start`` and ``end`` are given, only
that part of the clip is asked about. Videos of different sets share names, so a clip is looked for below its own set's folder
first. Clips of ``episodic_reasoning`` are published as folders of pictures: they count as missing unless made into videos.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from playhead.evaluate.base import AnnotationFile, Benchmark, Loaded
from playhead.evaluate.collect import Collector, Numbers, place_of, seconds, texts
from playhead.evaluate.scoring import multiple_choice

# Task -> folders its clips lie in, by the two layouts that are published.
TASKS: Final = {
    "action_sequence": ("star/Charades_v1_480", "star/Charades_segment"),
    "action_prediction": ("star/Charades_v1_480", "star/Charades_segment"),
    "action_antonym": ("ssv2_video", "ssv2_video_mp4"),
    "fine_grained_action": ("Moments_in_Time_Raw/videos",),
    "unexpected_action": ("FunQA_test/test",),
    "object_existence": ("clevrer/video_validation",),
    "object_interaction": ("star/Charades_v1_480", "star/Charades_segment"),
    "object_shuffle": ("perception/videos",),
    "moving_direction": ("clevrer/video_validation",),
    "action_localization": ("sta/sta_video", "sta/sta_video_segment"),
    "scene_transition": ("scene_qa/video",),
    "action_count": ("perception/videos",),
    "moving_count": ("clevrer/video_validation",),
    "moving_attribute": ("clevrer/video_validation",),
    "state_change": ("perception/videos",),
    "fine_grained_pose": ("nturgbd", "nturgbd_convert"),
    "character_order": ("perception/videos",),
    "egocentric_navigation": ("vlnqa",),
    "episodic_reasoning": ("tvqa/frames_fps3_hq", "tvqa/video_fps3_hq_segment"),
    "counterfactual_inference": ("clevrer/video_validation",),
}


def load(data: Path, split: str) -> Loaded:
    """Read all tasks."""
    files = BENCHMARK.splits[split]
    collector = Collector(data, files)
    for number, (task, folders) in enumerate(TASKS.items()):
        numbers = Numbers()
        for record in collector.rows(number):
            video = record.name("video")
            bounded = record.data.get("start") is not None and record.data.get("end") is not None
            options = texts(record, "candidates", 2)
            collector.choose(
                record,
                f"{task}/{numbers.next(video)}",
                (*(f"{folder}/{video}" for folder in folders), video),
                question=record.text("question"),
                options=options,
                answer=place_of(record, record.text("answer"), options),
                start_s=seconds(record, "start") if bounded else None,
                end_s=seconds(record, "end") if bounded else None,
                groups={"task": task.replace("_", " ")},
            )
    return collector.loaded()


BENCHMARK: Final = Benchmark(
    name="mvbench",
    title="MVBench",
    source="https://arxiv.org/abs/2311.17005",
    licence="MIT",
    splits={
        "test": tuple(
            AnnotationFile(
                f"json/{task}.json",
                url="https://huggingface.co/datasets/OpenGVLab/MVBench",
                hub="OpenGVLab/MVBench",
            )
            for task in TASKS
        )
    },
    videos="the folders of the published archives (star/Charades_v1_480, clevrer/video_validation, ...)",
    load=load,
    scorers=(multiple_choice(),),
    notes=("folders of pictures (episodic reasoning) are not read and count as missing",),
)
