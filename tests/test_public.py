"""The public surface: every name that `import carousel` gives, its signature, and what its classes offer.

It fails when the surface changes. Meant so? `python -m tests.test_public` prints the new one, to be put below.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

import carousel
from tests.support.runs import environment

SURFACE = """\
class Clamp(name: str, low: float | None = None, high: float | None = None,
        steps: Iterable[int] | None = None, units: Any = None)
    at, changed, high, low, name, site, steps, units, value_name
class Conclusion(evidence: Evidence, judgement: Judgement, lang: str = 'en')
    advice, best, contenders, curves, evidence, folder, judgement, lang, plan, profiles, recommended,
            report, trials, verdicts
class Evidence(folder: Path, plan: Plan, trials: pl.DataFrame, profiles: pl.DataFrame,
        slopes: pl.DataFrame, onset: pl.DataFrame, environment: dict[str, Any],
        card: Card | None = None, occlusion: pl.DataFrame = <factory>, refits: tuple[Refitted,
        ...] = (), rivals: pl.DataFrame = <factory>, answers: pl.DataFrame = <factory>,
        machines: tuple[tuple[Mapping[str, str], int], ...] = ())
    answers, card, curves, environment, folder, machines, occlusion, onset, plan, profiles, refits,
            rivals, slopes, trials
class Forecaster(contender: str = 'lstm', *, window: int | None = None, horizon: int | None = None,
        hidden: int | None = None, parameters: int = 6600, learning_rate: float = 0.01,
        steps: int = 1000, validation: float = 0.2, kernel: str = 'auto', seed: int = 0,
        group: str | None = None, order: str | None = None)
    fit, predict, score, set_predict_request
class GRU(*args: Any, recurrent_dropout: float = 0.0, layer_norm: bool = False,
        kernel: str | None = None, **kwargs: Any)
    forward, kernel, reset_parameters, run, stream
class LSTM(*args: Any, recurrent_dropout: float = 0.0, layer_norm: bool = False,
        kernel: str | None = None, **kwargs: Any)
    forward, kernel, reset_parameters, run, stream
class Population(networks: Sequence[nn.Module])
    forward, keep_only, kernels, load_state_dict_of, state_dict_of
class PopulationAdam(modules: Iterable[Stacked], lr: float | Sequence[float] = 0.001, *,
        clip_norm: float | None = None, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-08)
    keep_only, step, zero_grad
class PopulationLinear(linears: Sequence[nn.Linear])
    forward, keep_only, load_state_dict_of, state_dict_of
class Predictions(table: pl.DataFrame, band: Band | None, taken: Taken, rows: NewRows)
    band, rows, table, taken
class RNN(*args: Any, recurrent_dropout: float = 0.0, layer_norm: bool = False,
        kernel: str | None = None, **kwargs: Any)
    forward, kernel, reset_parameters, run, stream
class Request(states: bool = False, gates: bool = False, gradients: bool = False,
        final_state: bool = True, only: tuple[str, ...] | None = None, every: int = 1)
    every, final_state, gates, gradients, names, only, records, states, subsamples
class SequenceClassifier(contender: str = 'lstm', *, hidden: int | None = None,
        parameters: int = 6600, learning_rate: float = 0.01, steps: int = 1000,
        validation: float = 0.2, kernel: str = 'auto', seed: int = 0, group: str | None = None,
        order: str | None = None)
    fit, predict, predict_proba, score, set_fit_request, set_score_request
class SequenceRegressor(contender: str = 'lstm', *, hidden: int | None = None,
        parameters: int = 6600, learning_rate: float = 0.01, steps: int = 1000,
        validation: float = 0.2, kernel: str = 'auto', seed: int = 0, group: str | None = None,
        order: str | None = None)
    fit, predict, score, set_fit_request, set_score_request
class Set(name: str, to: float | Tensor | Callable[[Tensor], Tensor] = 0.0,
        steps: Iterable[int] | None = None, units: Any = None)
    at, changed, name, site, steps, to, units, value_name
__version__
compare(*sources: str | Path, contenders: Names | None = None,
        lengths: int | Sequence[int] | None = None, budget: str = 'quick',
        claims: Names | None = None, rivals: Names | None = None, parameters: int = 6600,
        seed: int = 0, ensemble: int = 1, kernel: str = 'auto', target: str | None = None,
        group: Names | None = None, order: Names | None = None, forecast: Names | None = None,
        horizon: int | None = None, window: int | None = None, kind: str | None = None,
        split: Sequence[float] | None = None, drop_short: bool = False, inputs: Names | None = None,
        ignore: Names | None = None, missing: Names | float | None = None,
        not_missing: Names | None = None, block: Names | None = None, split_by: str | None = None,
        date_format: str | None = None, encoding: str | None = None, decimal: str | None = None,
        wide: bool | None = None, every_step: bool | None = None, fill: str | None = None,
        known: Names | None = None, one_unit: bool | None = None, plan: str | Path | None = None,
        out: str | Path | None = None, workers: int | None = None, engine: str = 'local',
        address: str | None = None, device: str = 'cpu', lang: str = 'en',
        progress: bool | TextIO = True) -> Conclusion
module contenders
    attention_maps(network: TransformerNetwork, x: Tensor, lengths: Tensor | None = None) -> Tensor
diagnose(model: nn.Module, batch: Any, loss_fn: LossFunction, *,
        optimizer: torch.optim.Optimizer | None = None, learning_rate: float | None = None,
        clip_norm: float | None = None, causal: bool | None = None, lengths: Tensor | None = None,
        dependency: int | None = None, continues: bool | None = None, train_step: Callable[...,
        Any] | None = None, looking: Callable[[str], None] | None = None) -> Diagnosis
module errors
    class BadCall(what: str, *, allowed: object = None, got: object = None, fix: str | None = None)
        pieces
    class BadData(what: str, *, allowed: object = None, got: object = None, fix: str | None = None)
        pieces
    class BadPlan(what: str, *, allowed: object = None, got: object = None, fix: str | None = None)
        pieces
    class CarouselError
    class FolderConflict(what: str, *, allowed: object = None, got: object = None,
            fix: str | None = None)
        pieces
    class KernelNotice
    class KernelRefused
    class NotRecorded
    class UnknownName(kind: str, name: str, known: Iterable[str], fix: str | None = None)
        pieces
    class UserError(what: str, *, allowed: object = None, got: object = None, fix: str | None = None)
        pieces
    listed(names: Sequence[str], most: int = 20) -> str
module flow
    class Bounds(measured: LagProfile, by_steps: LagProfile, by_weights: LagProfile | None)
        by_steps, by_weights, measured
    class CellPath(path: LagProfile, profile: LagProfile)
        path, profile
    class EffectiveWeights(steps: Trajectory)
        at, map, rebuilt
    class LagProfile(mean: Tensor, q10: Tensor, q90: Tensor)
        mean, q10, q90
    class SingularValues(lags: tuple[int, ...], logs: Tensor)
        lags, logs
    class Spectrum(exponents: Tensor, low: Tensor, high: Tensor, steps: int)
        exponents, high, low, steps
    class Summary(slope: float | None, horizon: int, censored: bool)
        censored, horizon, slope
    bounds(tape: Recorded, name: str | None = None, *, sequences: Sequence[int] | None = None,
            call: int | None = None) -> Bounds
    cell_path(tape: Recorded, name: str | None = None, *, call: int | None = None,
            direction: Direction = 'loss', generator: Generator | None = None) -> CellPath
    effective_weights(tape: Recorded, name: str | None = None, *, sequence: int = 0,
            call: int | None = None) -> EffectiveWeights
    horizon(profile: LagProfile, gain: float = 0.001) -> int
    jacobian(tape: Recorded, name: str | None = None, *, step: int, call: int | None = None) -> Tensor
    lag_profile(tape: Recorded, name: str | None = None, *, call: int | None = None,
            direction: Direction = 'loss', generator: Generator | None = None) -> LagProfile
    lyapunov(tape: Recorded, name: str | None = None, *, generator: Generator, count: int | None = None,
            warmup: int | None = None, call: int | None = None) -> Spectrum
    singular_values(tape: Recorded, name: str | None = None, *, lags: Sequence[int] | None = None,
            sequences: Sequence[int] | None = None, count: int | None = None,
            call: int | None = None) -> SingularValues
    slope(profile: LagProfile) -> float | None
    summarise(mean_log_gain: Tensor) -> Summary
    time_scales(tape: Recorded, name: str | None = None, *, call: int | None = None) -> Tensor
module interventions
    class Clamp(name: str, low: float | None = None, high: float | None = None,
            steps: Iterable[int] | None = None, units: Any = None)
        at, changed, high, low, name, site, steps, units, value_name
    class Intervention
        at, changed, site, value_name
    class Set(name: str, to: float | Tensor | Callable[[Tensor], Tensor] = 0.0,
            steps: Iterable[int] | None = None, units: Any = None)
        at, changed, name, site, steps, to, units, value_name
    combined(interventions: list[Intervention]) -> Callable[[int, str, Tensor], Tensor]
module kernels
    class Call(x: Tensor, state: State | None = None, lengths: Tensor | None = None,
            resets: Tensor | None = None, dropout: Tensor | None = None, reverse: bool = False,
            intervene: Callable[[int, str, Tensor], Tensor] | None = None)
        dropout, intervene, lengths, reset_mask, resets, reverse, state, valid, x
    class Choice(kernel: Kernel, refusals: dict[str, str])
        kernel, refusals
    KERNELS
    class Kernel
        run, supports
    class Refusal(reason: str)
        reason
    class Request(states: bool = False, gates: bool = False, gradients: bool = False,
            final_state: bool = True, only: tuple[str, ...] | None = None, every: int = 1)
        every, final_state, gates, gradients, names, only, records, states, subsamples
    class Run(output: Tensor, state: State | None, tape: Tape | None)
        output, state, tape
    class Tape(names: tuple[str, ...], recording: Recording, run: RunInfo, gradients: bool)
        cell, grad, gradient
    choose(cell: Cell, call: Call, request: Request, forced: str | None = None) -> Choice
lab(of: Path | str | nn.Module | None = None, x: Tensor | None = None, *,
        lang: str | None = None) -> Lab
load_best(path: str | Path) -> Trained
load_evidence(path: Path | str) -> Evidence
load_run(path: Path | str, lang: str = 'en') -> Conclusion
predict(run: str | Path, new_file: str | Path, level: float = 0.9) -> Predictions
record(model: nn.Module, names: str | Iterable[str] | None = None, *, every: int = 1,
        gradients: bool = True,
        interventions: Intervention | Sequence[Intervention] = ()) -> Iterator[ModelTape]
module tasks
    class Batch(x: Tensor, y: Tensor, lengths: Tensor | None = None,
            key_positions: Tensor | None = None)
        as_population, key_positions, lengths, to, x, y
    class Metric(name: str, chance: float, baseline: str, solved_threshold: float | None)
        baseline, chance, name, solved_threshold
    Part
    class SyntheticTask
        batches, checked, held_out, longest_allowed, loss, losses, most_of_training, of_seed, rmse, sample,
                score, shortest, target_logit
    TASKS
    class Task
        batches, checked, held_out, loss, losses, most_of_training, of_seed, rmse, sample, score,
                target_logit
    task(name: str, length: int) -> SyntheticTask
"""


class _Plain:
    """An annotation as it is written, without quotes."""

    def __init__(self, annotation: Any):
        written = getattr(annotation, "__forward_arg__", annotation)  # of a NamedTuple's field
        self._text = written if isinstance(written, str) else inspect.formatannotation(written)

    def __repr__(self) -> str:
        return self._text


def signature(thing: Any) -> str:
    found = inspect.signature(thing)
    given = [
        p if p.annotation is p.empty else p.replace(annotation=_Plain(p.annotation)) for p in found.parameters.values()
    ]
    returns = found.return_annotation
    plain = found.replace(parameters=given, return_annotation=returns if returns is found.empty else _Plain(returns))
    return str(plain).removesuffix(" -> None")


def attributes(kind: type) -> dict[str, Any]:
    """The public ones that Carousel's own classes define, fields included."""
    own = [c for c in reversed(kind.__mro__) if c.__module__.startswith("carousel.")]
    found = {name: value for c in own for name, value in vars(c).items() if not name.startswith("_")}
    fields = {f.name: None for f in dataclasses.fields(kind)} if dataclasses.is_dataclass(kind) else {}
    return dict(sorted((found | fields).items()))


def names(module: ModuleType) -> dict[str, Any]:
    """What a module offers: its list of exports, else what is defined in it."""
    listed = getattr(module, "__all__", None) or [
        name for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    ]  # fmt: skip
    return {name: getattr(module, name) for name in sorted(listed)}


def lines(name: str, thing: Any) -> Iterator[str]:
    if inspect.ismodule(thing):
        yield f"module {name}"
        for inner, value in names(thing).items():
            yield from (f"    {line}" for line in lines(inner, value))
    elif inspect.isclass(thing):
        yield from _wrapped(f"class {name}{_constructor(thing)}")
        if attributes(thing):
            yield from (f"    {line}" for line in _wrapped(", ".join(attributes(thing))))
    elif inspect.isroutine(thing):
        yield from _wrapped(f"{name}{signature(thing)}")
    else:
        yield name


def _constructor(kind: type) -> str:
    """Where Carousel has written one."""
    own = any("__init__" in vars(c) for c in kind.__mro__ if c.__module__.startswith("carousel.")) or hasattr(
        kind, "_fields"
    )
    return "" if inspect.isabstract(kind) or not own else signature(kind)


def _wrapped(text: str) -> list[str]:
    """Broken between parameters alone."""
    whole = re.sub("(?<!,) ", "\0", text)
    return [
        line.replace("\0", " ")
        for line in textwrap.wrap(whole, 100, subsequent_indent=" " * 8, break_long_words=False, break_on_hyphens=False)
    ]


def surface() -> str:
    return "\n".join(line for name in sorted(carousel.__all__) for line in lines(name, getattr(carousel, name))) + "\n"


def test_the_surface_is_what_is_listed() -> None:
    assert surface() == SURFACE


def test_dir_lists_it() -> None:
    assert set(carousel.__all__) <= set(dir(carousel))
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        carousel.nothing_of_the_kind  # noqa: B018


def _documented() -> Iterator[tuple[str, Any]]:
    for name in carousel.__all__:
        thing = getattr(carousel, name)
        members = names(thing) if inspect.ismodule(thing) else {}
        for inner, value in [(name, thing), *((f"{name}.{n}", v) for n, v in members.items())]:
            if inspect.isclass(value):
                yield from ((f"{inner}.{n}", v) for n, v in attributes(value).items() if _is_code(v))
            if inspect.isclass(value) or inspect.isroutine(value) or inspect.ismodule(value):
                yield inner, value


def _is_code(value: Any) -> bool:
    return inspect.isroutine(value) or isinstance(value, property)


def test_everything_public_has_a_docstring() -> None:
    assert not [name for name, value in _documented() if not inspect.getdoc(value)]


def test_import_is_light_and_every_name_loads() -> None:
    code = (
        "import sys, carousel; heavy = {'torch', 'polars', 'numpy', 'pydantic'}; assert not heavy & set(sys.modules); "
        "carousel.errors; assert not heavy & set(sys.modules); from carousel import flow, kernels, tasks; "
        "assert carousel.__version__"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=environment())


def test_types_are_shipped() -> None:
    from importlib import resources

    assert (resources.files(carousel) / "py.typed").is_file()


if __name__ == "__main__":
    print(surface(), end="")
