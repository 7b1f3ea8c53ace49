"""The exception tree. A user's mistake is one line and exit code 2; any other exception is a bug.

CarouselError
├── UserError            what, what is allowed, what was given, the fix; exit code 2
│   ├── UnknownName      a task, contender, column, initialisation that does not exist ("did you mean")
│   ├── BadData          the user's file cannot be used as it stands
│   ├── BadCall          tensors given to a layer do not fit together
│   ├── BadPlan          the options contradict each other or cannot be met
│   └── FolderConflict   the output folder holds something else, is damaged, full or locked
├── KernelRefused        a kernel forced by the caller cannot run this call
└── NotRecorded          something was asked of a tape that was not requested beforehand
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from carousel.common.terminal import shortened, visible

_MOST_KNOWN = 40  # names in a line; a file may have a thousand columns

# Characters of each part of a line: a cell, a name or a list of names may have a million.
_WHAT, _ALLOWED, _GOT, _FIX = 400, 800, 300, 400


class CarouselError(Exception):
    """Base of everything Carousel raises on purpose."""

    def __str__(self) -> str:
        return Exception.__str__(self)  # that of KeyError, which some are too, puts the message in quotes


class UserError(CarouselError):
    """A mistake the user can mend. Renders as one line, its hidden characters escaped and its parts cut
    to a length that is read: what; allowed; got; fix. The attributes hold them whole."""

    def __init__(self, what: str, *, allowed: object = None, got: object = None, fix: str | None = None):
        self.what, self.allowed, self.got, self.fix = what, allowed, got, fix
        super().__init__("; ".join(self.pieces()))

    def pieces(self) -> list[str]:
        """The parts of the line, as they are printed."""
        parts = [_part(self.what, _WHAT)]
        if self.allowed is not None:
            parts.append(f"allowed: {_part(self.allowed, _ALLOWED)}")
        if self.got is not None:
            parts.append(f"got: {_part(self.got, _GOT)}")
        if self.fix is not None:
            parts.append(f"fix: {_part(self.fix, _FIX)}")
        return parts


def _part(value: object, most: int) -> str:
    """On one line, every character of it visible, and no longer than a person reads."""
    text = value if isinstance(value, str) else str(value)
    return shortened(visible(" ".join(shortened(text, 4 * most).split())), most)


class UnknownName(UserError, KeyError):
    """A name that is not in the list it was looked up in; a KeyError, so that Mappings behave as such."""

    def __init__(self, kind: str, name: str, known: Iterable[str], fix: str | None = None):
        choices = sorted(known)
        close = _close(name, choices)
        if close is not None:
            fix = f"did you mean {close!r}?" + (f" {fix}" if fix else "")
        super().__init__(f"unknown {kind} {name!r}", allowed=listed(choices, _MOST_KNOWN), fix=fix)


def listed(names: Sequence[str], most: int = 20) -> str:
    """Names for an error line, cut short after `most`."""
    return ", ".join(names[:most]) + (f", ... ({len(names)} in all)" if len(names) > most else "")


def _close(name: str, choices: Sequence[str]) -> str | None:
    """The name that was meant: but for its case; the last word of one, such as 3 of `column 3`; nearly the same; or the
    only one with it inside."""
    folded = name.casefold()
    for same in (lambda one: one == folded, lambda one: one.split()[-1:] == [folded]):
        found = [one for one in choices if same(one.casefold())]
        if found:
            return found[0]
    inside = [one for one in choices if folded in one.casefold()]
    near = difflib.get_close_matches(name, choices, n=1, cutoff=0.5)
    return near[0] if near else inside[0] if len(inside) == 1 and folded else None


class BadData(UserError):
    """The user's file cannot be used as it stands."""


class BadCall(UserError, ValueError):
    """Tensors given to a layer do not fit it or each other."""


class BadPlan(UserError):
    """The options contradict each other, or ask for what cannot be met."""


class FolderConflict(UserError):
    """The output folder holds something else, is damaged, full, locked or not writable."""


class KernelRefused(CarouselError, RuntimeError):
    """A kernel forced by the caller cannot run this call; the message holds its reason."""


class NotRecorded(CarouselError, AttributeError, KeyError):
    """Asked of a tape: something that was not requested before the run. The message says how to request it. A KeyError
    of `tape["f"]`, an AttributeError of `tape.f`."""


class KernelNotice(UserWarning):
    """Not an error: something ran otherwise than asked, or will take long, and why."""
