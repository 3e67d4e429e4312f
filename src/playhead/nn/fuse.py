"""Put vectors of pictures and sounds where a layout says they belong.

Axes: B sample, N position, M filled position, D width.
"""

from __future__ import annotations

import torch


def splice(embeds_BND: torch.Tensor, filled_BN: torch.Tensor, vectors_MD: torch.Tensor) -> torch.Tensor:
    """Replace the embeddings of filled positions by vectors, in order; gradients reach both.

    Args:
        embeds_BND: Token embeddings.
        filled_BN: bool, True where a vector belongs.
        vectors_MD: One vector for each True, sample by sample in the order of positions.

    Raises:
        ValueError: If the counts differ, with both numbers.
    """
    wanted = int(filled_BN.sum())
    if vectors_MD.shape[0] != wanted:
        raise ValueError(f"{wanted} positions to fill but {vectors_MD.shape[0]} vectors")
    mask_BN1 = filled_BN.unsqueeze(-1)
    return embeds_BND.masked_scatter(mask_BN1, vectors_MD.to(embeds_BND.dtype))
