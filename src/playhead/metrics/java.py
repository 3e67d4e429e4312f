"""METEOR 1.5 and the Penn Treebank tokenizer: the two Java programs that published caption scores are made with.

Both come with the Python package pycocoevalcap (extra ``metrics``), which is only looked up, never imported: its jars are
run here, without writing into its folder. A Java runtime has to be installed beside it (on Debian and Ubuntu
``apt install default-jre-headless``; any from version 8 on). METEOR holds its paraphrases in about 1.2 GB of memory and
takes some ten seconds to load them.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from playhead.errors import MissingExtraError, PlayheadError

Tokens = str  # words with single blanks between them

_METEOR: Final = Path("meteor", "meteor-1.5.jar")
_TOKENIZER: Final = Path("tokenizer", "stanford-corenlp-3.4.1.jar")
_TOKENIZER_CLASS: Final = "edu.stanford.nlp.process.PTBTokenizer"
_LINE_BREAKS: Final = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")

# Tokens that caption evaluation drops. Brackets are written in capitals here and in small letters by the tokenizer, so
# that they stay: published scores were made so.
DROPPED: Final = frozenset(
    ["''", "'", "``", "`", "-LRB-", "-RRB-", "-LCB-", "-RCB-", ".", "?", "!", ",", ":", "-", "--", "...", ";"]
)


def require_java() -> None:
    """See that METEOR and the tokenizer can be run here.

    Raises:
        MissingExtraError: If the extra or the Java runtime is missing.
    """
    _java()
    _jar(_METEOR)
    _jar(_TOKENIZER)


def tokenize(sentences: Iterable[str]) -> dict[str, Tokens]:
    """Cut sentences into lower-case words without punctuation, as the caption evaluations do.

    Args:
        sentences: Any number; equal ones are cut once.

    Returns:
        Every sentence with its words.

    Raises:
        MissingExtraError: If the extra or the Java runtime is missing.
        PlayheadError: If the tokenizer fails.
    """
    distinct = list(dict.fromkeys(sentences))
    if not distinct:
        return {}
    jar = _jar(_TOKENIZER)
    words = ["-cp", str(jar), _TOKENIZER_CLASS, "-preserveLines", "-lowerCase", "-encoding", "UTF-8"]
    lines = _run(words, [_LINE_BREAKS.sub(" ", each) for each in distinct], "the PTB tokenizer")
    if len(lines) != len(distinct):
        raise PlayheadError(
            "the PTB tokenizer lost count", found=f"{len(lines)} lines", allowed=f"{len(distinct)} lines"
        )
    return {
        sentence: " ".join(word for word in line.rstrip().split(" ") if word not in DROPPED)
        for sentence, line in zip(distinct, lines, strict=True)
    }


class Meteor:
    """A running METEOR, to be used in a ``with`` block; one can score for several evaluations.

    Raises:
        MissingExtraError: If the extra or the Java runtime is missing.
    """

    def __init__(self) -> None:
        words = [_java(), "-Xmx2G", "-Dfile.encoding=UTF-8", "-jar", str(_jar(_METEOR)), "-", "-", "-stdio"]
        self._faults = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            [*words, "-l", "en", "-norm"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._faults
        )
        self._matches: dict[tuple[Tokens, Tokens], str] = {}

    def __enter__(self) -> Meteor:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()

    def close(self) -> None:
        """End the program."""
        self._process.kill()
        self._process.communicate()
        self._faults.close()

    def score(self, groups: Sequence[Sequence[tuple[Tokens, Tokens]]]) -> list[tuple[float, list[float]]]:
        """METEOR of groups of sentence pairs, 0 to 1: of each group as a whole, and of each of its pairs.

        The score of a group is that of its pairs' matches taken together, not the mean of their scores. METEOR is not
        symmetric: which sentence is the hypothesis matters. A group without pairs scores 0.

        Args:
            groups: Pairs of hypothesis and reference, cut into words.

        Raises:
            PlayheadError: If METEOR fails.
        """
        pairs = [
            pair for pair in dict.fromkeys(p for group in groups for p in group) if pair not in self._matches
        ]
        asked = [f"SCORE ||| {_plain(reference)} ||| {_plain(hypothesis)}" for hypothesis, reference in pairs]
        self._matches |= zip(pairs, self._ask(asked, len(pairs)), strict=True)
        filled = [group for group in groups if group]
        sums = [" ||| ".join(["EVAL", *(self._matches[pair] for pair in group)]) for group in filled]
        numbers = iter(self._ask(sums, sum(len(group) + 1 for group in filled)))
        found = []
        for group in groups:
            each = [float(next(numbers)) for _ in group]
            found.append((float(next(numbers)) if group else 0.0, each))
        return found

    def _ask(self, lines: Sequence[str], answers: int) -> list[str]:
        """Write lines and read the stated number of answers; a thread writes, so that neither side waits."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None

        def write() -> None:
            with contextlib.suppress(BrokenPipeError):  # said below, when an answer is missing
                for line in lines:
                    stdin.write(f"{line}\n".encode(errors="replace"))
                stdin.flush()

        writer = threading.Thread(target=write, name="meteor", daemon=True)
        writer.start()
        heard = [stdout.readline().decode().strip() for _ in range(answers)]
        writer.join()
        if not all(heard):
            self._faults.seek(0)
            raise _failed("METEOR", self._faults.read(), self._process.poll())
        return heard


def _plain(words: Tokens) -> str:
    """Words that cannot be taken for METEOR's own separator."""
    return words.replace("|||", "").replace("  ", " ")


def _run(words: Sequence[str], lines: Sequence[str], who: str) -> list[str]:
    """Run a Java program on lines of text and return the lines it prints.

    Both streams are files, so that neither side can wait for the other, however much is said.
    """
    with (
        tempfile.TemporaryFile() as said,
        tempfile.TemporaryFile() as faults,
        tempfile.TemporaryFile() as heard,
    ):
        said.write("".join(f"{line}\n" for line in lines).encode(errors="replace"))
        said.seek(0)
        command = [_java(), "-Dfile.encoding=UTF-8", *words]
        done = subprocess.run(command, stdin=said, stdout=heard, stderr=faults, check=False)
        heard.seek(0)
        faults.seek(0)
        if done.returncode != 0:
            raise _failed(who, faults.read(), done.returncode)
        text = heard.read().decode(errors="replace")
    return text.removesuffix("\n").split("\n")


def _failed(who: str, faults: bytes, code: int | None) -> PlayheadError:
    last = faults.decode(errors="replace").strip().splitlines()[-1:]
    return PlayheadError(
        f"{who} failed",
        found=" ".join(last) or f"exit code {code}",
        todo="it needs a Java runtime and about 2 GB of memory",
    )


def _java() -> str:
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home, "bin"))) if home else None
    found = found or shutil.which("java")
    if found is None:
        raise MissingExtraError(
            "METEOR and the PTB tokenizer are Java programs",
            found="no java on this machine",
            todo="install a Java runtime (Debian, Ubuntu: apt install default-jre-headless) or set JAVA_HOME",
        )
    return found


def _jar(name: Path) -> Path:
    spec = importlib.util.find_spec("pycocoevalcap")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (jar := Path(folder, name)).is_file():
            return jar
    raise MissingExtraError(
        "METEOR and the PTB tokenizer come with pycocoevalcap",
        found=f"no {name.name}",
        todo="pip install 'playhead[metrics]'",
    )
