"""A task's part of a GPU: how much of it a task may take, and how much one took that had it for itself.

The first tasks get a card each. What they took tells how many fit on one; each then keeps to its part, so that none
takes from another. One that lacks memory says so, and the next gets a whole card again.
"""

from __future__ import annotations

import torch

_MARGIN = 1.25  # over what was measured: other shapes take other amounts
_MOST = 16  # tasks a card, whatever they take: each has a process that the card must serve


class Shares:
    """Of a run. share: of a card, for the next task that trains; 1 until a task has told how much it took."""

    def __init__(self) -> None:
        self.share = 1.0

    def learn(self, of_card: float) -> None:
        """A task that had a card for itself took so much of its memory. The most that any took counts."""
        fit = 1 / tasks_a_card(of_card)
        self.share = fit if self.share == 1.0 else max(self.share, fit)

    def forget(self) -> None:
        """A task lacked memory."""
        self.share = 1.0


def tasks_a_card(of_card: float) -> int:
    """How many tasks that take so much of a card's memory it holds."""
    return max(1, min(_MOST, int(1 / (_MARGIN * of_card)))) if of_card > 0 else _MOST


def keep_to(share: float) -> None:
    """This process takes no more of its card's memory: beyond, torch raises OutOfMemoryError."""
    if share > 0:
        torch.cuda.set_per_process_memory_fraction(share)
        torch.cuda.reset_peak_memory_stats()


def forget_what_is_free() -> None:
    """After a group that lacked memory: what torch holds in pieces may keep a smaller one from fitting."""
    torch.cuda.empty_cache()  # nothing where no card was used


def used_of_card(share: float) -> float | None:
    """Of its memory, at most, with what the driver and libraries hold; None where the card was shared, or none was
    used."""
    if share < 1:
        return None
    free, whole = torch.cuda.mem_get_info()
    return (whole - free - torch.cuda.memory_reserved() + torch.cuda.max_memory_reserved()) / whole
