"""`carousel.lab` in a notebook: the lab page in a frame of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from carousel.common.errors import BadCall
from carousel.page.lab import lab_page

if TYPE_CHECKING:
    from torch import Tensor, nn

_HEIGHT = 860  # pixels


@dataclass(frozen=True)
class Lab:
    """The lab page. A notebook shows it; `page` is its HTML, one file that asks nothing of a network."""

    page: str = field(repr=False)

    def _repr_html_(self) -> str:
        return f'<iframe srcdoc="{escape(self.page)}" width="100%" height="{_HEIGHT}" style="border:0"></iframe>'


def lab(of: Path | str | nn.Module | None = None, x: Tensor | None = None, *, lang: str | None = None) -> Lab:
    """The lab page: the lesson alone, or with a run folder's best network, or with a recurrent layer of one's own.

    of: a run folder; or a model with one nn.RNN, LSTM or GRU, with x, the sequences that the layer reads: [T, B, I], or
    [B, T, I] where it has `batch_first`. lang: "en" or "zh"; None: that of the browser. Raises BadCall for a model that
    cannot be shown, FolderConflict for a folder without a trained network.
    """
    if of is None or isinstance(of, str | Path):
        return Lab(lab_page(lang, None if of is None else Path(of)))
    from carousel.page.own_model import own_model

    if x is None:
        raise BadCall("a model is shown on sequences", fix="carousel.lab(model, x), x of [T, B, I]")
    return Lab(lab_page(lang, network=own_model(of, x)))
