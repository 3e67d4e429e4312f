"""Every size of every end-to-end family by the name users load: where its weights are, how many, under which licence.

Data only, so that listing models, and finding the one that a hub repository holds, loads no model library.
"""

from __future__ import annotations

from typing import Final

from playhead.models.family import Preset
from playhead.models.mechanisms import seams_of

_VICUNA: Final = "Llama 2 Community Licence (Vicuna v1.5), CLIP MIT"
_CHATGLM: Final = "ChatGLM3-6B License (commercial use after registration), CLIP MIT"
_UNCLEAR: Final = (
    "unclear: no licence file; headers say Apache-2.0, and Qwen's terms hold for the language model"
)

ARC_HUNYUAN_VIDEO: Final = (
    Preset(
        name="arc-hunyuan-video",
        repositories=("TencentARC/ARC-Hunyuan-Video-7B",),
        parameters=8_635_301_872,
        licence="academic use only (Tencent ARC Lab)",
        about="short videos with sound: summary, timed captions, chapters, grounding, questions; reasons first",
    ),
    Preset(
        name="arc-hunyuan-video-tiny",
        tiny=True,
        about="the same path with random weights, for tests and examples: what it says means nothing",
    ),
)

VTIMELLM: Final = (
    Preset(
        name="vtimellm-7b",
        parameters=7_045_531_648,
        licence=f"CC BY-NC-ND 4.0 (VTimeLLM); {_VICUNA}",
        about="VTimeLLM on Vicuna-7B: 100 frames, times as hundredths of the video",
    ),
    Preset(
        name="vtimellm-13b",
        parameters=13_323_767_808,
        licence=f"CC BY-NC-ND 4.0 (VTimeLLM); {_VICUNA}",
        about="VTimeLLM on Vicuna-13B; whether its weights were ever released is not known",
    ),
    Preset(name="vtimellm-tiny", tiny=True, about="VTimeLLM with random weights, for tests"),
    Preset(
        name="vtimellm-chatglm3-6b",
        parameters=6_550_700_032,
        licence=f"CC BY-NC-ND 4.0 (VTimeLLM); {_CHATGLM}",
        about="VTimeLLM on ChatGLM3-6B, trained in Chinese; weaker than on Vicuna, as its author says",
    ),
    Preset(
        name="vtimellm-chatglm3-tiny",
        tiny=True,
        about="VTimeLLM on ChatGLM3 with random weights, for tests",
    ),
    Preset(
        name="longvale-llm-7b",
        parameters=7_690_713_088,
        licence=f"code MIT, annotations CC BY-NC-SA 4.0 (LongVALE); projector CC BY-NC-ND 4.0; {_VICUNA}",
        about="LongVALE-LLM: VTimeLLM that also hears sounds (BEATs) and speech (Whisper)",
    ),
    Preset(name="longvale-llm-tiny", tiny=True, about="LongVALE-LLM with random weights, for tests"),
    Preset(
        name="avicuna-7b",
        parameters=7_075_838_408,
        licence=f"none stated (AVicuna); {_VICUNA}",
        about="AVicuna: 75 frames with 25 rows of sound (CLAP) among them",
    ),
    Preset(name="avicuna-tiny", tiny=True, about="AVicuna with random weights, for tests"),
)

HOUR_LLAVA: Final = (
    Preset(
        name="hour-llava-3b",
        repositories=("jylins/hourllava-qwen25-3b-s3",),
        parameters=3_700_088_352,
        licence=f"{_UNCLEAR} (Qwen2.5-3B: Qwen Research Licence, not for commercial use)",
        seams=seams_of("hour_llava"),
        about="Hour-LLaVA on Qwen2.5-3B-Instruct, after its third training stage.",
    ),
    Preset(
        name="hour-llava-7b",
        repositories=("jylins/hourllava-qwen2-7b-s3",),
        parameters=8_676_494_880,
        licence=f"{_UNCLEAR} (Qwen2-7B: Apache-2.0)",
        seams=seams_of("hour_llava"),
        about="Hour-LLaVA on Qwen2-7B-Instruct, after its third training stage.",
    ),
    Preset(
        name="hour-llava-tiny",
        tiny=True,
        licence="Apache-2.0 (random weights made in code)",
        seams=seams_of("hour_llava"),
        about="Random weights under a million parameters; the code path is the real one, what it says means nothing.",
    ),
)

_QWEN_VL: Final = {
    "Qwen2-VL": "pictures in pairs, told by order alone",
    "Qwen2.5-VL": "pairs of pictures at positions in half seconds",
    "Qwen3-VL": "pairs of pictures, each after its time in words",
    "Qwen3.5": "pairs of pictures, each after its time in words; three layers of four keep a running state",
}


def _qwen_type(system: str) -> str:
    return system.lower().replace("-", "_").replace(".", "_")


QWEN_VL: Final = (
    *(
        Preset(
            name=f"{system.lower()}-{size.lower()}",
            repositories=(f"Qwen/{system}-{size}{'' if system == 'Qwen3.5' else '-Instruct'}",),
            parameters=parameters,
            licence=licence,
            about=f"{system}: {_QWEN_VL[system]}",
            seams=seams_of(_qwen_type(system)),
        )
        for system, size, parameters, licence in (
            ("Qwen2-VL", "2B", 2_208_985_600, "Apache-2.0"),
            ("Qwen2-VL", "7B", 8_291_375_616, "Apache-2.0"),
            ("Qwen2.5-VL", "3B", 3_754_622_976, "Qwen Research Licence, not for commercial use"),
            ("Qwen2.5-VL", "7B", 8_292_166_656, "Apache-2.0"),
            ("Qwen3-VL", "2B", 2_127_532_032, "Apache-2.0"),
            ("Qwen3-VL", "4B", 4_437_815_808, "Apache-2.0"),
            ("Qwen3-VL", "8B", 8_767_123_696, "Apache-2.0"),
            ("Qwen3-VL", "30B-A3B", 31_070_754_032, "Apache-2.0"),
            ("Qwen3.5", "0.8B", 852_985_920, "Apache-2.0"),
            ("Qwen3.5", "2B", 2_213_241_664, "Apache-2.0"),
            ("Qwen3.5", "4B", 4_539_265_536, "Apache-2.0"),
            ("Qwen3.5", "9B", 9_409_813_744, "Apache-2.0"),
            ("Qwen3.5", "27B", 27_356_728_560, "Apache-2.0"),
            ("Qwen3.5", "35B-A3B", 35_107_181_936, "Apache-2.0"),
        )
    ),
    *(
        Preset(
            name=f"{system.lower()}-tiny",
            tiny=True,
            about=f"{system} with random weights, for tests and examples: what it says means nothing",
            seams=seams_of(_qwen_type(system)),
        )
        for system in (*_QWEN_VL, "Qwen3-VL-MoE", "Qwen3.5-MoE")
    ),
)

_INTERNVL: Final = "one tile of 256 tokens a picture, numbered"
_VIDEOLLAMA3: Final = "each picture after its time in words, unchanged places left out"
_LLAVA_OV: Final = "196 tokens a picture, told by order alone"
_QWEN_LICENCE: Final = "MIT (InternVL3), Qwen licence for the language model (its card says so)"

INTERLEAVED: Final = (
    *(
        Preset(
            name=name,
            repositories=(repository,),
            parameters=parameters,
            licence=licence,
            about=about,
            seams=seams_of(model_type),
        )
        for name, repository, parameters, licence, about, model_type in (
            (
                "internvl3-1b",
                "OpenGVLab/InternVL3-1B-hf",
                938_193_024,
                _QWEN_LICENCE,
                f"InternVL3: {_INTERNVL}",
                "internvl",
            ),
            (
                "internvl3-2b",
                "OpenGVLab/InternVL3-2B-hf",
                2_088_957_440,
                _QWEN_LICENCE,
                f"InternVL3: {_INTERNVL}",
                "internvl",
            ),
            (
                "internvl3-8b",
                "OpenGVLab/InternVL3-8B-hf",
                7_944_373_760,
                _QWEN_LICENCE,
                f"InternVL3: {_INTERNVL}",
                "internvl",
            ),
            (
                "internvl3.5-1b",
                "OpenGVLab/InternVL3_5-1B-HF",
                1_060_897_792,
                "Apache-2.0",
                f"InternVL3.5: {_INTERNVL}",
                "internvl",
            ),
            (
                "internvl3.5-2b",
                "OpenGVLab/InternVL3_5-2B-HF",
                2_348_347_392,
                "Apache-2.0",
                f"InternVL3.5: {_INTERNVL}",
                "internvl",
            ),
            (
                "internvl3.5-4b",
                "OpenGVLab/InternVL3_5-4B-HF",
                4_732_489_216,
                "Apache-2.0",
                f"InternVL3.5: {_INTERNVL}",
                "internvl",
            ),
            (
                "internvl3.5-8b",
                "OpenGVLab/InternVL3_5-8B-HF",
                8_528_318_464,
                "Apache-2.0",
                f"InternVL3.5: {_INTERNVL}",
                "internvl",
            ),
            (
                "internvl3.5-14b",
                "OpenGVLab/InternVL3_5-14B-HF",
                15_119_523_840,
                "Apache-2.0",
                f"InternVL3.5: {_INTERNVL}",
                "internvl",
            ),
            (
                "videollama3-2b",
                "lkhl/VideoLLaMA3-2B-Image-HF",
                1_959_993_584,
                "Apache-2.0",
                f"VideoLLaMA 3: {_VIDEOLLAMA3}",
                "video_llama_3",
            ),
            (
                "videollama3-7b",
                "lkhl/VideoLLaMA3-7B-Image-HF",
                8_044_744_944,
                "Apache-2.0",
                f"VideoLLaMA 3: {_VIDEOLLAMA3}",
                "video_llama_3",
            ),
            (
                "llava-onevision-0.5b",
                "llava-hf/llava-onevision-qwen2-0.5b-ov-hf",
                893_675_552,
                "Apache-2.0",
                f"LLaVA-OneVision: {_LLAVA_OV}",
                "llava_onevision",
            ),
            (
                "llava-onevision-7b",
                "llava-hf/llava-onevision-qwen2-7b-ov-hf",
                8_030_807_584,
                "Apache-2.0",
                f"LLaVA-OneVision: {_LLAVA_OV}",
                "llava_onevision",
            ),
        )
    ),
    *(
        Preset(
            name=f"internvl3.5-{size.lower()}-flash",
            repositories=(f"OpenGVLab/InternVL3_5-{size}-Flash",),
            parameters=parameters,
            licence="Apache-2.0",
            about="InternVL3.5-Flash: a router gives each picture 256 or 64 tokens",
            seams=seams_of("internvl_flash"),
        )
        for size, parameters in (
            ("1B", 1_151_171_586),
            ("2B", 2_491_055_106),
            ("4B", 4_906_132_482),
            ("8B", 8_813_642_754),
            ("14B", 15_495_030_786),
        )
    ),
    *(
        Preset(
            name=name,
            tiny=True,
            about=f"{system} with random weights, for tests and examples: what it says means nothing",
            seams=seams_of(model_type),
        )
        for name, system, model_type in (
            ("internvl-tiny", "InternVL", "internvl"),
            ("internvl-flash-tiny", "InternVL3.5-Flash", "internvl_flash"),
            ("videollama3-tiny", "VideoLLaMA 3", "video_llama_3"),
            ("llava-onevision-tiny", "LLaVA-OneVision", "llava_onevision"),
        )
    ),
)

_QWEN_OMNI: Final = {
    "Qwen2.5-Omni": "pictures and sound together in chunks of 2 s, 25 positions a second; text out",
    "Qwen3-Omni": "pictures and sound merged by time, 13 positions a second; text out",
}
_THINKER: Final = {"Qwen2.5-Omni": "qwen2_5_omni_thinker", "Qwen3-Omni": "qwen3_omni_moe_thinker"}

QWEN_OMNI: Final = (
    *(
        Preset(
            name=f"{system.lower()}-{size.lower()}",
            repositories=(f"Qwen/{system}-{size}{suffix}",),
            parameters=parameters,
            licence=licence,
            about=f"{system}: {_QWEN_OMNI[system]}",
            seams=seams_of(_THINKER[system]),
        )
        for system, size, suffix, parameters, licence in (
            ("Qwen2.5-Omni", "3B", "", 4_703_464_448, "Qwen Research Licence, not for commercial use"),
            ("Qwen2.5-Omni", "7B", "", 8_931_813_888, "Apache-2.0"),
            ("Qwen3-Omni", "30B-A3B", "-Instruct", 31_719_205_488, "Apache-2.0"),
        )
    ),
    *(
        Preset(
            name=f"{system.lower()}-tiny",
            tiny=True,
            about=f"{system} with random weights, for tests and examples: what it says means nothing",
            seams=seams_of(_THINKER[system]),
        )
        for system in _QWEN_OMNI
    ),
)

PRESETS: Final[dict[str, Preset]] = {
    preset.name: preset
    for preset in (*ARC_HUNYUAN_VIDEO, *VTIMELLM, *HOUR_LLAVA, *QWEN_VL, *INTERLEAVED, *QWEN_OMNI)
}
"""All of them by name, families in the order of the line-up."""
