"""A mistake is told in one line."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from carousel.common.errors import BadCall


def refused_in_one_line(call: Callable[[], object], words: str) -> None:
    """BadCall, with words that match, on a single line."""
    with pytest.raises(BadCall, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)
