"""Two evaluations of the same input differ."""

from __future__ import annotations

from typing import final

from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.randomness import Randomness, randomness
from carousel.introspect.diagnosis.finding import Finding, NotAssessed, Severity
from carousel.introspect.diagnosis.symptoms.base import Symptom
from carousel.introspect.diagnosis.user_lines import changed

#: What stands in for a random initial state or for noise.
_ZEROS = {"randn": "zeros", "rand": "zeros", "randn_like": "zeros_like", "rand_like": "zeros_like"}


@final
class Nondeterministic(Symptom):
    """Measured: the loss twice in evaluation mode, from the same carried states and with other random numbers; and what
    in the model draws them. Found where they differ. A warning where dropout is left on, where an initial state is
    random, and where noise is added; an info where numbers are drawn that the network's own answers scale (samples of a
    distribution that it gives), and where nothing of torch's draws (teacher forcing by a coin). A state that is carried
    on purpose makes no difference here.
    """

    id = "nondeterministic"

    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        found = randomness(context)
        return [] if found is None or found.form == "sampling" else [self._finding(found)]

    def _finding(self, found: Randomness) -> Finding:
        severity: Severity = "info" if found.form == "unknown" else "warning"
        name = "" if found.operation is None else found.operation.name
        values = {"first": f"{found.first:.4g}", "second": f"{found.second:.4g}", "by": name}
        return Finding(self.id, severity, "high", _fix(found), values, form=found.form)


def _fix(found: Randomness) -> str:
    if found.operation is None:
        return "answers = model.eval()(x)  # twice: where do they begin to differ?"
    name, place = found.operation.name, found.operation.place
    if found.form == "dropout":
        plain = "x = torch.nn.functional.dropout(x, p, training=self.training)"
        return changed(place, _trained_only, plain)
    plain = "state = None  # zeros" if found.form == "state" else "x = x + noise if self.training else x"
    return changed(place, lambda e: e.replace(name, _ZEROS[name], 1) if name in _ZEROS else None, plain)


def _trained_only(expression: str) -> str | None:
    if not expression.endswith(")") or "dropout" not in expression:
        return None
    if "training=True" in expression:
        return expression.replace("training=True", "training=self.training")
    return f"{expression[:-1]}, training=self.training)" if "training" not in expression else None
