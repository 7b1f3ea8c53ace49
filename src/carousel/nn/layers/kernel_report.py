"""Which kernel ran each layer, and why the others did not, in words."""

from __future__ import annotations

from dataclasses import dataclass

from carousel.nn.kernels import Choice


@dataclass(frozen=True)
class KernelReport:
    """choices: by layer and direction ("l0", "l0_reverse"), those of the last call. forced: the kernel asked for.

    elsewhere: what ran instead of one of Carousel's kernels, and why; None where one did.
    """

    choices: dict[str, Choice]
    forced: str | None
    elsewhere: str | None = None

    def __str__(self) -> str:
        if self.elsewhere is not None:
            return self.elsewhere
        if not self.choices:
            return "has not run yet" + (f" (asked for: {self.forced})" if self.forced else "")
        lines = {name: str(choice) for name, choice in self.choices.items()}
        if len(set(lines.values())) == 1:
            return next(iter(lines.values()))
        return "\n".join(f"{name}: {line}" for name, line in lines.items())

    __repr__ = __str__
