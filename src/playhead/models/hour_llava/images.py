"""Still images beside video, as the training stages need them: tiles, their memory, and what of it is kept.

A single tile remembers its 27 x 27 positions and a newline. An image of any resolution is cut into tiles: its memory
is the whole image once (the base) and then the tiles' grid, cropped to the image, with a newline behind every row.

Source: spec of the released code; the choice of a canvas, cropping and the limit of nine are LLaVA-OneVision's
(LLaVA-NeXT, Apache-2.0).

Axes: I image or tile, P position, D width, M memory token, R kept row, H row of a grid, W column of a grid.
"""

# mypy: allow-untyped-calls
# transformers and parts of torch declare no types.

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import torch
from transformers.image_processing_utils import select_best_resolution

from playhead.models.hour_llava.forget import Spatial, spatial_positions
from playhead.models.hour_llava.recall import with_newlines
from playhead.models.hour_llava.vision import preprocess

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_TILES: Final = 9
"""A grid larger than so many tiles is shrunk (``anyres_max_9``)."""
_SHRINK_ABOVE: Final = 1.1
_MEAN_COLOUR: Final = (127, 127, 127)


@dataclass(frozen=True, slots=True)
class StillPlan:
    """What is kept of a sample's still images.

    Attributes:
        kept_positions: For each placeholder the int64 memory rows kept.
        memory_positions_M: Position of every memory row; all newlines share the last one.
    """

    kept_positions: tuple[torch.Tensor, ...]
    memory_positions_M: torch.Tensor


@dataclass(frozen=True, slots=True)
class Grid:
    """The tiles of one image, and the cells of their patches that show the image.

    Attributes:
        side: Patches along a side of a tile.
        tile_rows: Tiles from top to bottom.
        tile_columns: Tiles from left to right.
        margin_rows: Rows of cells cut away at the top, and as many at the bottom.
        margin_columns: Columns cut away on the left, and as many on the right.
        rows: Rows of cells that remain, after shrinking.
        columns: Columns that remain, after shrinking.
    """

    side: int
    tile_rows: int
    tile_columns: int
    margin_rows: int
    margin_columns: int
    rows: int
    columns: int


def fit_grid(
    height_px: int, width_px: int, pinpoints: Sequence[Sequence[int]], *, side: int, tile_px: int
) -> Grid:
    """The canvas an image is cut on, and the cells of it that the image covers.

    Args:
        height_px: Height of the image.
        width_px: Width of the image.
        pinpoints: Canvases to choose from, (height, width) in pixels.
        side: Patches along a side of a tile.
        tile_px: Pixels along a side of a tile.
    """
    canvas_height_px, canvas_width_px = select_best_resolution(
        (height_px, width_px), [tuple(each) for each in pinpoints]
    )
    tile_rows, tile_columns = canvas_height_px // tile_px, canvas_width_px // tile_px
    rows, columns = tile_rows * side, tile_columns * side
    margin_rows = margin_columns = 0
    if width_px / height_px > columns / rows:
        margin_rows = (rows - int(height_px * (columns / width_px))) // 2
    else:
        margin_columns = (columns - int(width_px * (rows / height_px))) // 2
    rows, columns = rows - 2 * margin_rows, columns - 2 * margin_columns
    ratio = (rows * columns / (MOST_TILES * side**2)) ** 0.5
    if ratio > _SHRINK_ABOVE:
        rows, columns = int(rows // ratio), int(columns // ratio)
    return Grid(side, tile_rows, tile_columns, margin_rows, margin_columns, rows, columns)


def plan_tiles(
    images: int, side: int, rule: Spatial = "random", generator: torch.Generator | None = None
) -> StillPlan:
    """Images of one tile each, one placeholder each: a quarter of the positions of each and its newline.

    A sample of text alone is planned as one such image (of zeros), whose tokens are put nowhere.
    """
    count = side**2
    kept, positions = [], []
    for number in range(images):
        picks_R = spatial_positions(1, side, side, rule, generator)[0]
        kept.append(torch.cat((picks_R, torch.tensor([count]))) + number * (count + 1))
        positions += [torch.arange(count) + number * count, torch.tensor([images * count])]
    return StillPlan(tuple(kept), torch.cat(positions))


def plan_grid(grid: Grid, rule: Spatial = "random", generator: torch.Generator | None = None) -> StillPlan:
    """One image of any resolution: a quarter of its base, then a quarter of its grid with newlines between rows.

    A base token stands at the position of the nearest cell of the grid. A newline is kept behind every row of which
    anything is kept.
    """
    base, cells = grid.side**2, grid.rows * grid.columns
    down_H = torch.linspace(0, grid.rows - 1, grid.side).round().long()
    across_W = torch.linspace(0, grid.columns - 1, grid.side).round().long()
    base_positions = (down_H[:, None] * grid.columns + across_W).flatten()
    grid_HW = torch.arange(cells).reshape(grid.rows, grid.columns)
    positions = torch.cat((grid_HW, torch.full((grid.rows, 1), cells)), dim=1).flatten()

    base_R = spatial_positions(1, grid.side, grid.side, rule, generator)[0]
    picks_R = spatial_positions(1, grid.rows, grid.columns, rule, generator)[0]
    row_R = picks_R // grid.columns
    newline_R = (row_R.unique() + 1) * (grid.columns + 1) - 1
    kept_R = torch.cat((picks_R + row_R, newline_R)).sort().values + base
    return StillPlan((torch.cat((base_R, kept_R)),), torch.cat((base_positions, positions)))


def grid_memory(tiles_IPD: torch.Tensor, newline_D: torch.Tensor, grid: Grid) -> torch.Tensor:
    """Memory of one image of any resolution, from the projected patches of its base and then its tiles: (M, D)."""
    width = tiles_IPD.shape[-1]
    shape = (grid.tile_rows, grid.tile_columns, grid.side, grid.side, width)
    cells_HWD = tiles_IPD[1:].reshape(shape).transpose(1, 2).flatten(2, 3).flatten(0, 1)
    cells_HWD = cells_HWD[
        grid.margin_rows : cells_HWD.shape[0] - grid.margin_rows,
        grid.margin_columns : cells_HWD.shape[1] - grid.margin_columns,
    ]
    if cells_HWD.shape[:2] != (grid.rows, grid.columns):
        small = torch.nn.functional.interpolate(
            cells_HWD.permute(2, 0, 1)[None].float(), size=(grid.rows, grid.columns), mode="bilinear"
        )[0]
        cells_HWD = small.to(cells_HWD.dtype).permute(1, 2, 0)
    return torch.cat((tiles_IPD[0], with_newlines(cells_HWD, newline_D).flatten(0, 1)))


def cut(image: Image, grid: Grid, tile_px: int) -> torch.Tensor:
    """Pixels of an image of any resolution, float32 (1 + tiles, 3, tile_px, tile_px): the base, then tiles by rows.

    The image is fitted into the canvas, centred on black; the base is the image resized to a square.
    """
    from PIL import Image as Pictures

    image = image.convert("RGB")
    width_px, height_px = grid.tile_columns * tile_px, grid.tile_rows * tile_px
    across, down = width_px / image.width, height_px / image.height
    if across < down:
        size = (width_px, min(math.ceil(image.height * across), height_px))
    else:
        size = (min(math.ceil(image.width * down), width_px), height_px)
    canvas = Pictures.new("RGB", (width_px, height_px))
    canvas.paste(image.resize(size), ((width_px - size[0]) // 2, (height_px - size[1]) // 2))
    tiles = np.asarray(canvas).reshape(grid.tile_rows, tile_px, grid.tile_columns, tile_px, 3)
    base: npt.NDArray[np.uint8] = np.asarray(image.resize((tile_px, tile_px)))
    cut_IHWC = tiles.swapaxes(1, 2).reshape(-1, tile_px, tile_px, 3)
    return preprocess(np.concatenate((base[None], cut_IHWC)), tile_px)


def squared(image: Image, tile_px: int) -> torch.Tensor:
    """Pixels of one of several images, float32 (1, 3, tile_px, tile_px): centred on a square of the mean colour."""
    from PIL import Image as Pictures

    image = image.convert("RGB")
    side_px = max(image.size)
    square = Pictures.new("RGB", (side_px, side_px), _MEAN_COLOUR)
    square.paste(image, ((side_px - image.width) // 2, (side_px - image.height) // 2))
    return preprocess(np.asarray(square)[None], tile_px)
