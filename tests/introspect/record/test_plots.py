"""`tape.plot`: every figure draws, in both languages, and shows what the tape holds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from carousel import flow
from carousel.common.errors import BadCall, NotRecorded, UnknownName
from carousel.common.pages.render import svg
from carousel.common.texts import text
from carousel.introspect.plots.time_scales import histogram
from carousel.introspect.record import ModelTape, record
from tests.introspect.record.charts import notes, rows
from tests.introspect.record.models import KINDS, Stepper, Twice, data

FIGURES = (
    "raster",
    "lag_profile",
    "time_scales",
    "saturation",
    "singular_values",
    "effective_weights",
    "gradient",
)
UNDEFINED = {
    ("RNN", "time_scales"): "no gate",
    ("RNN", "effective_weights"): "LSTM",
    ("GRU", "effective_weights"): "LSTM",
}
SHOWN = {"RNN": "h", "LSTM": "f", "GRU": "z"}
LENGTHS = torch.tensor([9, 12, 7])
HIDDEN = 6


def recorded(kind: str, module: nn.Module | None = None, **options: Any) -> ModelTape:
    """Three sequences of unequal lengths, the loss on the last true step of each."""
    torch_module = module or seeded(KINDS[kind](3, HIDDEN, dtype=torch.float64))
    with record(torch_module, **options) as tape:
        packed = pack_padded_sequence(data(12, 3, 3), LENGTHS, enforce_sorted=False)
        _, final = torch_module(packed)
        h = final[0] if kind == "LSTM" else final
        h.square().sum().backward()
    return tape


def seeded(module: nn.Module) -> nn.Module:
    generator = torch.Generator().manual_seed(0)
    for parameter in module.parameters():
        parameter.data.uniform_(-0.6, 0.6, generator=generator)
    return module


def held(biases: dict[str, float]) -> nn.Module:
    """An LSTM whose gates are constant: no weights, one bias a gate."""
    module = nn.LSTM(3, HIDDEN, dtype=torch.float64)
    for parameter in module.parameters():
        parameter.data.zero_()
    for block, gate in enumerate("ifgo"):
        module.bias_ih_l0.data[block * HIDDEN : (block + 1) * HIDDEN] = biases.get(gate, 0.5)
    return module


@pytest.fixture(scope="module")
def tapes() -> dict[str, ModelTape]:
    return {kind: recorded(kind) for kind in KINDS}


def drawn(tape: ModelTape, figure: str, lang: str = "en", **options: Any) -> Any:
    if figure == "raster" and "value" not in options:
        options["value"] = next(v for v in ("f", "z", "h") if v in next(iter(tape.values())).names)
    return getattr(tape.plot, figure)(lang=lang, **options)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_figure_draws_or_says_why_not(kind: str, figure: str, lang: str, tapes: dict[str, ModelTape]) -> None:
    reason = UNDEFINED.get((kind, figure))
    if reason is not None:
        with pytest.raises(BadCall, match=reason):
            drawn(tapes[kind], figure, lang)
        return
    picture = svg(drawn(tapes[kind], figure, lang), "figure")
    assert picture.startswith("<svg")
    values = {"site": "l0", "value": text(f"plots.value.{SHOWN[kind]}", lang)}
    assert text(f"plots.{figure}.title", lang, **values) in picture
    assert "NaN" not in picture and "undefined" not in picture


def test_a_raster_shows_the_values_and_leaves_padding_blank(tapes: dict[str, ModelTape]) -> None:
    f = tapes["LSTM"]["l0"].f
    for sequence, length in enumerate(LENGTHS.tolist()):
        chart = drawn(tapes["LSTM"], "raster", sequence=sequence)
        cells = rows(chart, "unit", "value")
        assert {row["x"] for row in cells} == set(range(length))
        assert len(cells) == length * HIDDEN
        for row in cells:
            assert row["value"] == pytest.approx(f[row["x"], sequence, row["unit"]].item(), abs=6e-4)
        order = f[:length, sequence].mean(dim=0).argsort(descending=True).tolist()
        assert [row["unit"] for row in cells[:HIDDEN]] == order
        assert [row["x"] for row in rows(chart, "x") if "unit" not in row] == ([length] if length < 12 else [])
        assert any(str(length) in note for note in notes(chart)) == (length < 12)


@pytest.mark.parametrize("kind", KINDS)
def test_a_lag_profile_is_that_of_flow_in_powers_of_ten(kind: str, tapes: dict[str, ModelTape]) -> None:
    tape, chart = tapes[kind], drawn(tapes[kind], "lag_profile")
    lines: dict[str, list[float]] = {}
    for row in rows(chart, "line", "high"):
        lines.setdefault(row["line"], []).append(row["gain"])
    profile = flow.lag_profile(tape)
    expected = {"profile": profile.mean, "by_steps": flow.bounds(tape).by_steps.mean}
    if kind == "RNN":
        expected["by_weights"] = flow.bounds(tape).by_weights.mean  # type: ignore[union-attr]
    else:
        expected["path"] = flow.cell_path(tape).path.mean
    assert set(lines) == {text(f"plots.lag_profile.{line}", "en") for line in expected}
    for line, nats in expected.items():
        found = [gain for gain in lines[text(f"plots.lag_profile.{line}", "en")] if gain is not None]
        decades = (nats / math.log(10))[: len(found)].tolist()
        assert found == pytest.approx(decades, abs=1e-4), line
    marked = [row["lag"] for row in rows(chart, "says", "at")]
    reached = flow.horizon(profile)
    assert marked == ([reached] if reached < len(profile.mean) - 1 else [])


def test_no_bounds_are_computed_where_they_would_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carousel.introspect.plots.plots.WORK", 0.0)
    chart = drawn(recorded("RNN"), "lag_profile")
    assert text("plots.lag_profile.unbounded", "en") in notes(chart)
    assert {row["line"] for row in rows(chart, "high")} == {text("plots.lag_profile.profile", "en")}


def test_time_scales_stand_where_the_gate_says() -> None:
    chart = drawn(recorded("LSTM", held({"f": 3.0})), "time_scales")
    scale = math.log10(-1 / math.log(1 / (1 + math.exp(-3.0))))
    (bar,) = rows(chart, "units")
    assert bar["low"] <= scale < bar["high"] and bar["units"] == HIDDEN
    assert [row["low"] for row in rows(chart, "says")] == [pytest.approx(math.log10(12), abs=1e-4)]


def test_units_that_never_forget_are_counted_aloud() -> None:
    steps = np.array([2.0, np.inf, 0.0])
    module = held({"f": 3.0})
    module.bias_ih_l0.data[HIDDEN] = torch.inf  # type: ignore[union-attr, operator]
    said = notes(drawn(recorded("LSTM", module), "time_scales"))
    assert text("plots.time_scales.never", "en", count="1") in said
    assert histogram(steps, 5)["units"].sum() == 1


def test_saturation_counts_true_steps_only() -> None:
    tape = recorded("LSTM", held({"i": -9.0, "f": 9.0, "g": 9.0, "o": 0.0}))
    found = rows(drawn(tape, "saturation"), "gate", "unit")
    corners = {row["gate"]: (row["low"], row["high"]) for row in found}
    assert corners == {"i": (1.0, 0.0), "f": (0.0, 1.0), "g": (0.0, 1.0), "o": (0.0, 0.0)}
    assert len(found) == 4 * HIDDEN


@pytest.mark.parametrize("kind", KINDS)
def test_singular_values_are_those_of_flow(kind: str, tapes: dict[str, ModelTape]) -> None:
    chart = drawn(tapes[kind], "singular_values", lags=[1, 3])
    found = flow.singular_values(tapes[kind], lags=[1, 3])
    decades = found.logs / math.log(10)
    cells = rows(chart, "rank", "value")
    assert len(cells) == decades.numel()
    for row in cells:
        expected = decades[[1, 3].index(row["lag"]), row["rank"] - 1].item()
        assert row["value"] is None or row["value"] == pytest.approx(expected, abs=6e-4)
    alive = [row["says"] for row in rows(chart, "says", "lag")]
    assert alive == [str(int((line >= -3).sum())) for line in decades]


def test_effective_weights_of_constant_gates_are_powers() -> None:
    tape = recorded("LSTM", held({"i": 0.0, "f": 1.0}))
    cells = rows(drawn(tape, "effective_weights", sequence=2), "x", "y", "value")
    assert len(cells) == 7 * 8 // 2  # length 7: the lower triangle, and no padding
    f = 1 / (1 + math.exp(-1.0))
    for row in cells:
        assert row["y"] >= row["x"]
        assert row["value"] == pytest.approx(math.log10(0.5 * f ** (row["y"] - row["x"])), abs=1e-3)


def test_effective_weights_of_a_reverse_layer_hold_what_lies_behind() -> None:
    module = seeded(nn.LSTM(3, HIDDEN, bidirectional=True, dtype=torch.float64))
    chart = drawn(recorded("LSTM", module), "effective_weights", name="l0_reverse")
    assert all(row["y"] <= row["x"] for row in rows(chart, "x", "y", "value"))
    assert text("plots.shared.reverse", "en") in notes(chart)


@pytest.mark.parametrize("kind", KINDS)
def test_a_gradient_is_the_norm_of_the_total_derivative(kind: str, tapes: dict[str, ModelTape]) -> None:
    tape = tapes[kind]
    states = [name for name in ("h", "c") if name in tape["l0"].names]
    found = rows(drawn(tape, "gradient"), "state", "middle")
    for name in states:
        norms = tape["l0"].grad[name].norm(dim=-1).log10()
        mine = [row for row in found if row["state"] == text(f"plots.value.{name}", "en")]
        assert [row["step"] for row in mine] == list(range(12))
        for row in mine:
            there = norms[row["step"]][row["step"] < LENGTHS]
            assert row["middle"] == pytest.approx(median(there), abs=1e-3)


def median(values: Tensor) -> float:
    """One that occurs: of two, the lower."""
    return float(np.quantile(values.numpy(), 0.5, method="nearest"))


def test_a_cell_that_is_called_step_by_step_shows_all_its_calls() -> None:
    model = seeded(Stepper("LSTM", dtype=torch.float64))
    with record(model) as tape:
        model(data(5, 2, 3)).square().sum().backward()
    assert {row["x"] for row in rows(drawn(tape, "raster"), "unit")} == set(range(5))
    assert {row["step"] for row in rows(drawn(tape, "gradient"), "middle")} == set(range(5))
    assert len(rows(drawn(tape, "saturation"), "unit")) == 4 * 5
    for figure in ("lag_profile", "time_scales", "singular_values", "effective_weights"):
        with pytest.raises(BadCall, match="called 5 times"):
            drawn(tape, figure)


def test_one_call_of_several_can_be_asked_for() -> None:
    model = Twice()
    with record(model) as tape:
        model(data(4, 2, 3, dtype=torch.float32), data(6, 2, 3, dtype=torch.float32)).sum().backward()
    second = drawn(tape, "raster", call=1)
    assert {row["x"] for row in rows(second, "unit")} == set(range(6))
    assert "rnn.l0[1]" in second.to_dict()["title"]["text"]
    assert {row["x"] for row in rows(drawn(tape, "raster"), "unit")} == set(range(10))
    with pytest.raises(BadCall, match="called 2 times"):
        drawn(tape, "raster", call=2)


def test_every_second_step_keeps_its_place_in_time() -> None:
    tape = recorded("GRU", every=2)
    chart = drawn(tape, "raster", sequence=1)
    assert {row["x"] for row in rows(chart, "unit")} == {0, 2, 4, 6, 8, 10}
    assert {row["step"] for row in rows(drawn(tape, "gradient"), "middle")} == {0, 2, 4, 6, 8, 10}
    with pytest.raises(NotRecorded, match="every"):
        drawn(tape, "lag_profile")


def test_wrong_names_are_told_as_the_tape_tells_them(tapes: dict[str, ModelTape]) -> None:
    tape = tapes["LSTM"]
    with pytest.raises(UnknownName, match="'l1'"):
        tape.plot.raster("l1")
    with pytest.raises(NotRecorded, match="'z'"):
        tape.plot.raster(value="z")
    with pytest.raises(UnknownName, match="language 'de'"):
        tape.plot.saturation(lang="de")
    for figure in ("raster", "effective_weights"):
        with pytest.raises(BadCall, match=r"0 \.\. 2"):
            getattr(tape.plot, figure)(sequence=3)
    with pytest.raises(NotRecorded, match="gradients"):
        recorded("LSTM", gradients=False).plot.gradient()


def test_a_layer_must_be_named_where_several_ran() -> None:
    tape = recorded("GRU", seeded(nn.GRU(3, HIDDEN, 2, dtype=torch.float64)))
    with pytest.raises(BadCall, match="which layer"):
        tape.plot.saturation()
    assert rows(tape.plot.saturation("l1"), "unit")
