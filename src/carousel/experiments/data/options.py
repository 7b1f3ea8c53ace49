"""What the user may say about the file, and which of it contradicts itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from math import isclose
from typing import Literal, get_args

from carousel.common.errors import BadPlan

TargetKind = Literal["classification", "regression"]
Decimal = Literal["comma", "point"]
SplitBy = Literal["time", "sequence"]
Fill = Literal["last", "linear"]


@dataclass(frozen=True)
class DataOptions:
    """How to read a file; every field may be left out.

    target: column to predict for each sequence. group: column that names the sequence in a long table, or several
    that do together. order: column that orders the steps (numbers, dates, date-times), or several that do together
    (date, time). forecast: columns whose next values are predicted. horizon: steps ahead. window: steps of history a
    forecasting example sees. kind: overrides the guess. split: shares of training, validation and test. block:
    column whose value sequences share that must stay in one part (a patient, a machine), or several that do together.
    split_by: "time" or "sequence" (at random), where it is not to follow from the file. drop_short: drop sequences of
    one step, counted in the card, instead of refusing them. ignore: columns to leave out. inputs:
    the only columns to be inputs. missing: cells that mean "no value" besides those of `table.MISSING`. not_missing:
    words of those that are values here, such as a class called None. date_format: how the order column is written, such
    as %d/%m/%Y. encoding, decimal: of a text table, where they cannot be told
    from it ("comma" or "point"). wide: each row of a table is a whole sequence, and this is meant. every_step: the
    target is told at each step, from those up to it. fill: gaps are
    filled by the last value before them ("last") or on a line between their neighbours ("linear"). known: inputs
    whose values at the steps that are forecast are known in advance; with horizon. one_unit: series of
    different levels are not put in units of their own. Raises BadPlan where the options contradict each other.
    """

    target: str | None = None
    group: str | tuple[str, ...] | None = None
    order: str | tuple[str, ...] | None = None
    forecast: tuple[str, ...] = ()
    horizon: int | None = None
    window: int | None = None
    kind: TargetKind | None = None
    split: tuple[float, float, float] = (0.6, 0.2, 0.2)
    split_seed: int = 0
    block: str | tuple[str, ...] | None = None
    split_by: SplitBy | None = None
    drop_short: bool = False
    ignore: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    not_missing: tuple[str, ...] = ()
    date_format: str | None = None
    encoding: str | None = None
    decimal: Decimal | None = None
    wide: bool | None = None
    every_step: bool | None = None
    fill: Fill | None = None
    one_unit: bool | None = None
    known: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._check_split()
        self._check_roles()
        self._check_forecast()
        self._check_split_by()
        self._check_layout()
        if self.kind is not None and self.kind not in get_args(TargetKind):
            raise BadPlan("--kind is unknown", allowed=", ".join(get_args(TargetKind)), got=self.kind)
        if self.decimal is not None and self.decimal not in get_args(Decimal):
            raise BadPlan("--decimal is unknown", allowed=", ".join(get_args(Decimal)), got=self.decimal)
        if self.date_format is not None and not (self.order or self.forecast or self.group):
            raise BadPlan("--date-format goes with --order", got=self.date_format, fix="name the column with --order")

    def _check_split(self) -> None:
        shares = tuple(self.split)
        if len(shares) != 3 or min(shares) <= 0 or not isclose(sum(shares), 1, abs_tol=1e-6):
            raise BadPlan(
                "the split cannot be met",
                allowed="three positive shares (training, validation, test) that sum to 1",
                got=", ".join(f"{share:g}" for share in shares),
                fix="for example 0.6, 0.2, 0.2",
            )

    def _check_split_by(self) -> None:
        if self.split_by is not None and self.split_by not in get_args(SplitBy):
            raise BadPlan("--split-by is unknown", allowed=", ".join(get_args(SplitBy)), got=self.split_by)
        for option, value in (("--block", ",".join(several(self.block))), ("--split-by", self.split_by)):
            if value and self.forecast:
                raise BadPlan(f"{option} goes with --target: a series to forecast is split by time", got=value,
                              fix=f"leave {option} out")  # fmt: skip
        if self.block is not None and self.split_by is not None:
            raise BadPlan("--block and --split-by exclude each other", got=f"--split-by {self.split_by}",
                          fix="leave one of them out")  # fmt: skip

    def _check_layout(self) -> None:
        if self.fill is not None and self.fill not in get_args(Fill):
            raise BadPlan("--fill is unknown", allowed=", ".join(get_args(Fill)), got=self.fill)
        if self.fill == "linear" and self.forecast:
            raise BadPlan("--fill linear looks at the value after a gap, which a forecast cannot know", got=self.fill,
                          fix="take --fill last")  # fmt: skip
        if self.every_step and self.target is None:
            raise BadPlan("--every-step goes with --target", got="no --target", fix="name the column with --target")
        group = None if self.forecast else self.group  # of a wide panel, a row is a series to forecast
        for option, value in (("--group", group), ("--order", self.order),
                              ("--every-step", "" if not self.every_step else "given")):  # fmt: skip
            if self.wide and value:
                raise BadPlan(f"--wide and {option} exclude each other: a row is a whole sequence, or one step of it",
                              got=f"{option} {','.join(several(value))}", fix="leave one of them out")  # fmt: skip

    @property
    def labels_steps(self) -> bool:
        """Whether each step has a target of its own: so said, or its steps are ordered and no column groups them."""
        ordered = self.order is not None and self.group is None and not self.forecast
        return self.target is not None and (bool(self.every_step) or ordered)

    def _check_roles(self) -> None:
        roles = [(role, name) for role, name in self.roles() if name is not None]
        for (role, name), (other, same) in combinations(roles, 2):
            shared = {role, other} == {"--group", "--block"} and len(several(self.group)) > 1  # patient of patient, day
            if name == same and not shared:
                raise BadPlan(
                    f"column {name!r} is given twice, as {role} and as {other}",
                    fix="give each column one role",
                )

    def roles(self) -> list[tuple[str, str | None]]:
        """Every column that an option names as something else than an input; None where the option is not given."""
        roles: list[tuple[str, str | None]] = [("--target", self.target)]
        for option, named in (("--group", self.group), ("--order", self.order), ("--block", self.block)):
            roles += [(option, name) for name in several(named)] or [(option, None)]
        return [*roles, *(("--forecast", name) for name in self.forecast)]

    def _check_forecast(self) -> None:
        if self.forecast and self.target is not None:
            raise BadPlan(
                "--forecast and --target exclude each other",
                got=f"--forecast {','.join(self.forecast)} --target {self.target}",
                fix="--target predicts one value for each sequence, --forecast the next values of a series",
            )
        if self.forecast and self.kind is not None:
            raise BadPlan("--kind goes with --target, not with --forecast", got=self.kind, fix="leave it out")
        if self.one_unit and not self.forecast:
            raise BadPlan("--one-unit goes with --forecast", got="no --forecast", fix="leave --one-unit out")
        if self.known and not (self.forecast and self.horizon):
            raise BadPlan("--known goes with --forecast and --horizon, which says how far ahead it is known",
                          got=",".join(self.known), fix="add --horizon STEPS, or leave --known out")  # fmt: skip
        if self.known and self.window and self.horizon and self.window < self.horizon:
            raise BadPlan("--window is shorter than --horizon, and would not hold all that --known knows in advance",
                          allowed=f"{self.horizon} steps or more", got=self.window,
                          fix=f"--window {self.horizon}")  # fmt: skip
        for option, value in (("--window", self.window), ("--horizon", self.horizon)):
            if value is not None:
                self._check_steps(option, value)

    def _check_steps(self, option: str, value: int) -> None:
        if not self.forecast and not (option == "--window" and self.labels_steps):
            raise BadPlan(f"{option} goes with --forecast", got=value, fix=f"leave {option} out")
        if value < 1:
            raise BadPlan(f"{option} is too small", allowed="1 step or more", got=value)

    def of_tables(self) -> dict[str, object]:
        """The options that only a table gives a meaning."""
        lists = {f"--{name}": ",".join(getattr(self, name)) for name in ("ignore", "inputs", "missing", "known")}
        lists["--not-missing"] = ",".join(self.not_missing)
        lists["--block"] = ",".join(several(self.block))
        lists["--every-step"] = "given" if self.every_step else ""
        return {**lists, "--split-by": self.split_by, "--encoding": self.encoding, "--decimal": self.decimal,
                "--wide": self.wide, "--fill": self.fill}  # fmt: skip

    def refuse(self, format_name: str, meaningless: Mapping[str, object]) -> None:
        """BadPlan for the first option that has a value but no meaning in this format."""
        for option, value in meaningless.items():
            if value:
                raise BadPlan(
                    f"{option} has no meaning for a {format_name} file, which says it itself",
                    got=value,
                    fix=f"leave {option} out",
                )


def several(named: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """One name, several or none, as a tuple."""
    return (named,) if isinstance(named, str) else tuple(named or ())
