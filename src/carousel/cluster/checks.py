"""What is written into a file of lines must be one: a line break in a value would begin a line of its own."""

from __future__ import annotations

from carousel.common.errors import BadPlan


def at_least(option: str, value: int, least: int) -> None:
    """Raises BadPlan."""
    if value < least:
        raise BadPlan(f"{option} is too small", allowed=f"at least {least}", got=value)


def one_line(option: str, value: str) -> str:
    """The value, if it is one line of printable characters. Raises BadPlan."""
    if not value or not value.isprintable():
        raise BadPlan(f"{option} must be one line of printable characters", got=repr(value))
    return value
