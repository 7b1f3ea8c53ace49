"""Which kernel runs a population, and why the others did not: compiled code for all at once, else one by one."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from carousel.nn.cells import Cell
from carousel.nn.kernels.base import Request, Run, finished
from carousel.nn.kernels.choice import KERNELS, choose
from carousel.nn.kernels.partial_recording import as_requested
from carousel.nn.kernels.population import PopulationCall, PopulationRun, stacked, view_of


def run_together(
    cell: type[Cell], tensors: Mapping[str, Tensor | None], call: PopulationCall, request: Request
) -> PopulationRun:
    """Run P networks; tensors: PARAMETERS by name, [P, ...]. Raises what `choose` raises."""
    first, alone = view_of(cell, tensors, 0), call.of(0)
    refusal = KERNELS["numba"].supports(first, alone, request)
    if refusal is None:
        return _by_numba(cell, tensors, call, request)
    runs, chosen = list[Run](), choose(first, alone, request)
    for network in range(call.networks):
        runs.append(chosen.kernel.run(view_of(cell, tensors, network), call.of(network), request))
    run = stacked(runs)
    tapes = [run.tape for run in runs if run.tape is not None]
    refusals = {"numba": refusal.reason} | chosen.refusals
    return PopulationRun(run.output, run.state, tapes, f"{chosen.kernel.name}, one by one", refusals)


def _by_numba(
    cell: type[Cell], tensors: Mapping[str, Tensor | None], call: PopulationCall, request: Request
) -> PopulationRun:
    from carousel.nn.kernels.numba.autograd import recur_together  # numba loads at the first run, not at import

    output, state, recordings = recur_together(cell, dict(tensors), call, request)
    final = state if request.final_state else None
    if not request.records:
        return PopulationRun(output, final, [], "numba", {})
    tapes = []
    for network, recording in enumerate(recordings):
        view = view_of(cell, tensors, network)
        own = None if state is None else type(state)(*(field[network] for field in state))
        held = as_requested(recording, view, request)
        tape = finished(view, call.of(network), request, output[network], own, held).tape
        tapes += [tape] if tape is not None else []
    return PopulationRun(output, final, tapes, "numba", {})
