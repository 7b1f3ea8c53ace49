"""The step of the training does its parts in the wrong order, or leaves one out."""

from __future__ import annotations

from typing import final

from carousel.introspect.diagnosis.code_names import number
from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.lr_probe import has_learned
from carousel.introspect.diagnosis.facts.training_step import CALLS, Event, Training, training
from carousel.introspect.diagnosis.finding import Finding, NotAssessed, Severity
from carousel.introspect.diagnosis.observe.places import Place
from carousel.introspect.diagnosis.symptoms.base import Symptom
from carousel.introspect.diagnosis.user_lines import changed, moved, owner_of, put_before, with_argument

STANDSTILL = 1e-6  # of the weights' norm, in all calls: below it float32 rounds most of a step away
SHRUNK = 1e-3  # of the gradient's norm
_ORDER = "optimizer.zero_grad()\nloss = loss_fn(model, batch)\nloss.backward()\n{clip}optimizer.step()"
_CLIP = "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n"


@final
class TrainStep(Symptom):
    """Measured, where `train_step` is given: three calls of it, the backward passes, optimizer.step(), and what
    writes to gradients outside both. Found where a step comes before the backward pass of its call, where there is
    none, where no gradient is left when it comes, where a backward pass begins on a gradient that a step has used (no
    zero_grad), or where what changes the gradients leaves less than a thousandth of them and the weights stand still
    (clipping at next to nothing), all critical; and, as warnings, where gradients are changed behind the step
    (clipping) and where each step sums several backward passes.
    """

    id = "train-step"

    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        if context.known.train_step is None:
            return self.not_assessed("no_train_step")
        seen = training(context)
        events, form = seen.events, _form(seen.events) or _standstill(context, seen)
        if not form:
            return []
        severity: Severity = "warning" if form in ("clipped", "gathered") else "critical"
        steps, backwards = (sum(e.kind == kind for e in events) for kind in ("step", "backward"))
        values = {"calls": str(CALLS), "backwards": str(backwards // max(steps, 1)), "moved": number(seen.moved)}
        fix = _own_lines(form, events, _ORDER.format(clip=_CLIP if form == "clipped" else ""))
        if form == "gathered":
            fix = f"(loss / {backwards // max(steps, 1)}).backward()"
        if form == "shrunk":
            norm, left, place = _shrinking(events)
            values |= {"norm": number(norm), "left": number(left)}
            fix = changed(place, with_argument(1, "1.0"), _CLIP.strip())
        return [Finding(self.id, severity, "high", fix, values, form=form)]


def _form(events: list[Event]) -> str:
    calls = _calls(events)
    if not any(e.kind == "step" for e in events):
        return "no_step"
    if all(_first(call) == "step" for call in calls if _first(call)):
        return "early"
    if all(not e.gradient for e in events if e.kind == "step"):
        return "erased"
    if any(e.kind == "backward" and e.used for e in events):
        return "kept"
    behind = [
        e for call in calls for i, e in enumerate(call) if e.kind == "changed" and any(b.kind == "step" for b in
        call[:i]) and not any(b.kind == "step" for b in call[i:])
    ]  # fmt: skip
    if behind:
        return "clipped"
    steps, backwards = (sum(e.kind == kind for e in events) for kind in ("step", "backward"))
    scaled = any(e.kind == "changed" for e in events)
    return "gathered" if backwards >= 2 * steps and backwards > len(calls) and not scaled else ""


def _standstill(context: Context, seen: Training) -> str:
    """ "shrunk": steps were taken on gradients that something had made next to nothing, and moved no weight."""
    if seen.moved > STANDSTILL or seen.warming or has_learned(context):
        return ""
    norm, left, _ = _shrinking(seen.events)
    return "shrunk" if 0 < left < SHRUNK * norm else ""


def _shrinking(events: list[Event]) -> tuple[float, float, Place | None]:
    """The largest norm that a gradient had before it was changed, the largest that a step had, and where the first was
    changed."""
    changes = [e for e in events if e.kind == "changed"]
    left = max((e.norm for e in events if e.kind == "step"), default=0.0)
    place = next((e.place for e in changes if e.place is not None), None)
    return max((e.norm for e in changes), default=0.0), left, place


def _own_lines(form: str, events: list[Event], otherwise: str) -> str:
    """The lines of train_step itself, put into order; `otherwise` where they are not there to be read."""
    step, backward, change = (
        next((e.place for e in events if e.kind == kind), None) for kind in ("step", "backward", "changed")
    )
    if form == "kept":
        optimizer = owner_of(step, "step")
        return put_before(f"{optimizer}.zero_grad()", backward, otherwise) if optimizer else otherwise
    if form == "early":
        return moved(step, backward, True, otherwise)
    return moved(change, step, False, otherwise) if form == "clipped" else otherwise


def _calls(events: list[Event]) -> list[list[Event]]:
    """The events of each call of train_step."""
    calls: list[list[Event]] = [[]]
    for event in events:
        if event.kind == "end":
            calls.append([])
        else:
            calls[-1].append(event)
    return calls[:-1]


def _first(call: list[Event]) -> str:
    """Which came first: a step or a backward pass."""
    return next((e.kind for e in call if e.kind in ("step", "backward")), "")
