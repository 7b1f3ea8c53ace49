"""Where samples of a batch are mixed: before a recurrent module, along its axis of time, or behind it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from carousel.introspect.diagnosis.code_names import code_name
from carousel.introspect.diagnosis.context import Patient
from carousel.introspect.diagnosis.facts.layout import Layout, candidates, layouts, reach
from carousel.introspect.diagnosis.observe.perturbation import Probe
from carousel.introspect.diagnosis.observe.snapshot import untouched
from carousel.introspect.diagnosis.observe.state_walk import tensors_of
from carousel.introspect.diagnosis.observe.trace import Visit, wrapped

_SHUFFLED = 99
_ALIKE = 0.5  # of the squared difference of strangers: neighbours in time that are nearer than this are neighbours


class Mixing(NamedTuple):
    """Sample `sample` was changed, and the answers of `changed` of the `others` other samples moved; strength: the
    largest such move against that of its own answer. form: "evidence" where the module at `site` runs along the
    samples, "before" where they come to it mixed, "behind" where they leave it unmixed."""

    sample: int
    changed: int
    others: int
    strength: float
    form: str
    site: str
    fix: str


def mixing_of(patient: Patient) -> Mixing | None:
    """How and where samples are mixed, given that no axes keep them apart; None where no output axis has their size."""
    probe = patient.probe
    assert probe is not None
    layout = _most_likely(patient, list(candidates(probe)))
    if layout is None or probe.x is None or _is_one_of_many(patient, probe.x):
        return None
    size = probe.x.shape[layout.given]
    moved = {index: reach(probe, layout, index) for index in probe.chosen(size)}
    index = max(moved, key=lambda k: _others(moved[k], k))
    changed, own = _others(moved[index], index), float(moved[index][index])
    if not changed:
        return None
    most = float(torch.cat([moved[index][:index], moved[index][index + 1 :]]).max())
    form, visit, fix = _blamed(patient, layout, index)
    strength = min(most / own, 1.0) if own > 0 else 1.0
    return Mixing(index, changed, size - 1, strength, form, visit.name if visit else "", fix)


def other_axis(patient: Patient, sound: list[Layout]) -> tuple[Visit, str] | None:
    """(module, form) where the batch tells that the samples lie along the axis that the first module takes for time:
    "along": all its tensors of one axis, lengths or labels, have that axis' size, and none the other's; "strangers":
    neighbours along it are no more alike than any two, and along the other they are."""
    x = patient.probe.x if patient.probe is not None else None
    visit = patient.modules[0][0]
    if x is None or x.dim() < 2 or len({layout.given for layout in sound}) != 1 or isinstance(visit.x, PackedSequence):
        return None
    supposed = sound[0].given
    if patient.sizes(patient.modules[0]) != (x.shape[1 - supposed], x.shape[supposed]) or visit.is_cell:
        return None
    flat = {len(t) for t in tensors_of(patient.batch) if t.dim() == 1 and not t.is_floating_point()}
    if flat == {x.shape[1 - supposed]} != {x.shape[supposed]}:
        return visit, "along"
    if not flat and strangers(x, 1 - supposed, patient.generator) and alike(x, supposed, patient.generator):
        return visit, "strangers"
    return None


def alike(x: Tensor, axis: int, generator: torch.Generator) -> bool:
    """Whether neighbours along an axis are far more alike than any two: nearer than in each of 99 shufflings."""
    own, shuffled = _nearness(x, axis, generator)
    return own < min(shuffled) and own < _ALIKE * sum(shuffled) / len(shuffled)


def strangers(x: Tensor, axis: int, generator: torch.Generator) -> bool:
    """Whether neighbours along an axis are like any two: among the middle nine tenths of 99 shufflings."""
    own, shuffled = _nearness(x, axis, generator)
    return 0.05 <= sum(other < own for other in shuffled) / len(shuffled) <= 0.95


def _nearness(x: Tensor, axis: int, generator: torch.Generator) -> tuple[float, list[float]]:
    """Mean squared difference of neighbours, as they stand and shuffled."""
    rows = x.detach().cpu().double().nan_to_num().movedim(axis, 0).flatten(1)
    orders = [torch.randperm(len(rows), generator=generator) for _ in range(_SHUFFLED)]
    own, *shuffled = [
        float((rows[order][1:] - rows[order][:-1]).square().mean()) for order in (torch.arange(len(rows)), *orders)
    ]
    return own, shuffled


def _is_one_of_many(patient: Patient, x: Tensor) -> bool:
    """Whether an input [T, I] is a single sequence of a list of them."""
    steps, count = patient.sizes(patient.modules[0])
    return x.dim() == 2 and count > 1 and tuple(x.shape) == (steps, patient.modules[0][0].module.input_size)


def _others(moved: Tensor, index: int) -> int:
    return int((moved > 0).sum()) - int(moved[index] > 0)


def _most_likely(patient: Patient, found: list[Layout]) -> Layout | None:
    """The axes that the samples probably lie along: those of the size that tensors of one axis have; else the first."""
    flat = {len(t) for t in tensors_of(patient.batch) if t.dim() == 1}
    found = [a for a in found if a.answered == 0 or (a.answered == 1 and a.shape[0] == _across(patient, a))]
    return min(found, key=lambda a: (a.shape[a.answered] not in flat, a.given, a.answered), default=None)


def _across(patient: Patient, layout: Layout) -> int:
    """The size of the input's axis beside that of the samples."""
    assert patient.probe is not None and patient.probe.x is not None
    return patient.probe.x.shape[1 - layout.given]


def _blamed(patient: Patient, layout: Layout, index: int) -> tuple[str, Visit | None, str]:
    """(form, the module, the fix)."""
    probe, sites = patient.probe, patient.modules
    assert probe is not None
    for calls in sites:
        visit = calls[0]
        steps, samples = _touched(probe, patient, layout, index, visit)
        if steps == 1 and samples > 1 and not visit.is_cell:
            return "evidence", visit, _turned(patient, visit)
        if samples > 1:
            return "before", visit, f"x = x.transpose(0, 1)  # of the input of {code_name(visit.name)}, not a view"
    visit = sites[-1][0]
    return "behind", visit, _behind(visit)


def _touched(probe: Probe, patient: Patient, layout: Layout, index: int, visit: Visit) -> tuple[int, int]:
    """At how many steps, and of how many sequences, a module's own input moves when one sample is changed."""
    assert probe.x is not None
    inputs: list[Tensor] = []

    def note(given: tuple[Any, ...], keywords: dict[str, Any], returned: Any) -> None:
        inputs.append(patient.module_input(replace(visit, x=given[0] if given else keywords["input"])))

    with wrapped(visit.module, note):
        probe.output(probe.x)
        count = len(inputs)
        probe.output(probe.altered(layout.given, index))
    before, after = inputs[:count], inputs[count:]
    if [x.shape for x in before] != [x.shape for x in after]:
        return 0, 0
    moved = [(a != b).any(-1) for a, b in zip(before, after, strict=True)]
    return sum(int(m.any(1).sum()) for m in moved), max((int(m.any(0).sum()) for m in moved), default=0)


def _turned(patient: Patient, visit: Visit) -> str:
    """The flag turned where that alone keeps the samples apart, else the input turned."""
    assert patient.probe is not None
    turned = [v[0] for v in patient.modules if not v[0].is_cell]
    first = not visit.module.batch_first
    for chosen in ([visit], turned):
        with untouched(patient.model):
            for each in chosen:
                each.module.batch_first = first  # type: ignore[assignment]
            if layouts(patient.probe.of()):
                return "; ".join(f"{code_name(each.name)}.batch_first = {first}" for each in chosen)
    return f"x = x.transpose(0, 1)  # of the input of {code_name(visit.name)}; turn its output back"


def _behind(visit: Visit) -> str:
    module = visit.module
    if getattr(module, "bidirectional", False):
        return "features = torch.cat([h_n[-2], h_n[-1]], dim=1)  # h_n.view(B, -1) mixes samples"
    return "scores = torch.softmax(scores, dim=1)  # over the steps [B, T]; check each axis behind the module"


__all__ = ["Mixing", "alike", "mixing_of", "other_axis", "strangers"]
