"""A state is carried from batch to batch together with its history."""

from __future__ import annotations

from itertools import pairwise
from typing import final

from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.statefulness import statefulness
from carousel.introspect.diagnosis.finding import Finding, NotAssessed
from carousel.introspect.diagnosis.observe.passes import graph_nodes
from carousel.introspect.diagnosis.symptoms.base import Symptom


@final
class StateNotDetached(Symptom):
    """Measured: the nodes of the loss's graph in three passes on the same batch, one after another. In a sound model
    each pass has a graph of its own and they are of one size. Found where each graph is larger than the last and holds
    nodes of it: no threshold is needed. Critical: the second backward pass raises, or with retain_graph=True each step
    of training costs more than the last.
    """

    id = "state-not-detached"

    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        passes = statefulness(context).passes
        graphs = [graph_nodes(each.loss) for each in passes]
        sizes = [len(graph) for graph in graphs]
        grows = all(a < b for a, b in pairwise(sizes))
        if not grows or not all(a & b for a, b in pairwise(graphs)):
            return []
        fix = f"{statefulness(context).detached}  # after each batch"
        values = {"first": str(sizes[0]), "second": str(sizes[1]), "third": str(sizes[2])}
        return [Finding(self.id, "critical", "high", fix, values)]
