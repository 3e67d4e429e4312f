"""What the engine asks of a family whose pictures are runs of tokens in a plain prompt.

Axes: F picture, H row, W column, C colour channel, K token of a picture, D value or width, M token of any picture.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch

from playhead.errors import UnsupportedError
from playhead.media.clip import Pixels
from playhead.media.sampling import Policy
from playhead.models.pictures.choose import SizeRule
from playhead.models.pictures.tell import Teller
from playhead.sequence.drop import Mask
from playhead.sequence.layout import Ids

Values = npt.NDArray[np.float32]
Colours = tuple[tuple[float, float, float], tuple[float, float, float]]

IMAGENET: Colours = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
HALF: Colours = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' }}"
    "{% for part in message['content'] %}{% if part['type'] == 'video' %}VIDEO_MARK\n"
    "{% elif part['type'] == 'text' %}{{ part['text'] }}{% endif %}{% endfor %}"
    "{{ '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
"""Turns as these families have them, the video and a line break before the words; for folders without a template."""


class Kind(ABC):
    """One family.

    Attributes:
        model_type: What its ``config.json`` says.
        title: As its paper writes it.
        config_class: transformers' configuration.
        model_class: transformers' model, or ours on top of it.
        modality: What transformers calls the pictures where features are handed over: image or video.
        most: Pictures of a video unless another number is wished.
        options: Own options that this family takes beside those of all.
        colours: Mean and deviation of the three colours, as published.
        video_mark: What stands for a video in its chat template.
        begin: The mark before a picture's places; empty for none.
        end: The mark after them.
        between: What is written between two pictures.
        teller: How it is told the time in words; None where it is not.
        drop: Change from which on a token is given again, as published; None where all are.
        routed: Whether a router of the model's own decides at which rate a picture is given.
        all_logits: Whether transformers' model makes logits of every position of a prompt, whatever it is asked.
    """

    model_type: ClassVar[str]
    title: ClassVar[str]
    config_class: ClassVar[Any]
    model_class: ClassVar[Any]
    modality: ClassVar[str]
    most: ClassVar[int]
    options: ClassVar[frozenset[str]] = frozenset()
    colours: ClassVar[Colours]
    video_mark: ClassVar[str]
    begin: ClassVar[str] = ""
    end: ClassVar[str] = ""
    between: ClassVar[str] = ""
    teller: ClassVar[Teller | None] = None
    drop: ClassVar[float | None] = None
    routed: ClassVar[bool] = False
    all_logits: ClassVar[bool] = False

    @property
    def template(self) -> str:
        """Its chat template, for folders that bring none."""
        return CHATML.replace("VIDEO_MARK", self.video_mark)

    def number(self, picture: int) -> str:
        """What is written before a picture where nothing else tells its time; numbers count from 0 here."""
        del picture
        return ""

    def token_name(self) -> str:
        """The text of the token that stands in a picture's places."""
        return self.video_mark

    @abstractmethod
    def token_id(self, config: Any) -> int:  # noqa: ANN401 - a configuration of transformers
        """The id of the token that stands in a picture's places."""

    @abstractmethod
    def policy(self, count: int, rate_hz: float) -> Policy:
        """Its sampling policy for at most so many pictures."""

    @abstractmethod
    def size_rule(self, config: Any, budget_tokens: int) -> SizeRule:  # noqa: ANN401
        """Width and height that its pictures are given."""

    @abstractmethod
    def token_px(self, config: Any) -> int:  # noqa: ANN401
        """Side of a token in pixels, where sizes are free."""

    @abstractmethod
    def grid(self, config: Any, size_px: tuple[int, int]) -> tuple[int, int]:  # noqa: ANN401
        """Rows and columns of tokens of a picture of a width and height."""

    def tail(self) -> int:
        """Places after the last picture that are part of the video."""
        return 0

    @abstractmethod
    def prepare(self, config: Any, pixels_HWC: Pixels, colours: Colours) -> Values:  # noqa: ANN401
        """What the encoder is given of one picture."""

    @abstractmethod
    def cells(self, config: Any, prepared: Values) -> Values:  # noqa: ANN401
        """What each token of a picture is made of, shape (K, D), to tell how far it changes."""

    def rows(self, grids_F2: Ids) -> list[int]:
        """How many rows of what is prepared each picture has; one where it is a tensor of its own."""
        return [1] * len(grids_F2)

    @abstractmethod
    def inputs(self, config: Any, prepared: torch.Tensor, grids_F2: Ids) -> dict[str, torch.Tensor]:  # noqa: ANN401
        """All pictures as the model's ``forward`` takes them."""

    def left_out(self, kept_M: Mask | None, small_F: Mask | None) -> dict[str, torch.Tensor] | None:
        """What else ``forward`` is given where not all tokens are; None where it cannot be told, and takes features."""
        return {} if kept_M is None and small_F is None else None

    @abstractmethod
    def features(
        self,
        model: Any,  # noqa: ANN401
        prepared: torch.Tensor,
        grids_F2: Ids,
        small_F: Mask | None,
    ) -> torch.Tensor:
        """Some pictures' features, shape (M, D), as the model makes them, without those of the tail.

        Pictures that are given small by averaging come whole; a family with a router makes small ones itself.
        """

    def fitness(self, model: Any, prepared: torch.Tensor) -> npt.NDArray[np.float64]:  # noqa: ANN401
        """How fit each of some pictures is to be given small, by the model's own router.

        Raises:
            UnsupportedError: It has none.
        """
        del model, prepared
        raise UnsupportedError(
            f"route pictures with {self.title}", found="no router", todo="compare pictures"
        )

    def encoded(self, model: Any, features_MD: torch.Tensor) -> Any:  # noqa: ANN401
        """Features of all pictures that are given, in the form in which the model takes them over."""
        from transformers.modeling_outputs import BaseModelOutputWithPooling

        del model
        return BaseModelOutputWithPooling(pooler_output=features_MD)

    def patches(self, grids_F2: Ids) -> Ids:
        """Squares the encoder cuts each picture into, for counting what it costs."""
        made: Ids = 4 * grids_F2.prod(axis=1)
        return made

    @abstractmethod
    def tower(self, config: Any) -> tuple[int, int, int]:  # noqa: ANN401
        """Width, width of the feed-forward part, and layers of the encoder."""

    @abstractmethod
    def projector_weights(self, config: Any) -> int:  # noqa: ANN401
        """Weights that each token's features go through after the encoder."""


def normal(pixels_HWC: Pixels, colours: Colours) -> Values:
    """A picture as colour planes around 0, float32 of shape (3, H, W); the arithmetic of transformers' image processors."""
    mean = np.array(colours[0], np.float32) * np.float32(255)
    std = np.array(colours[1], np.float32) * np.float32(255)
    values = (pixels_HWC.astype(np.float32) - mean) / std
    return np.ascontiguousarray(values.transpose(2, 0, 1))


def blocks(planes_CHW: Values, side_px: int) -> Values:
    """Squares of a picture whose sides are multiples of theirs, row by row, one a row of shape (K, D)."""
    colours, height_px, width_px = planes_CHW.shape
    rows, columns = height_px // side_px, width_px // side_px
    cut = planes_CHW.reshape(colours, rows, side_px, columns, side_px).transpose(1, 3, 0, 2, 4)
    return cut.reshape(rows * columns, -1)


def two(value: int | Sequence[int]) -> int:
    """A side that a configuration writes once or twice."""
    return value if isinstance(value, int) else int(value[0])
