"""Which kernel runs a population, and why the others did not: one that runs all at once, else one by one."""

from __future__ import annotations

from carousel.nn.cells import Cell
from carousel.nn.kernels.base import Call, Request, Run
from carousel.nn.kernels.choice import KERNELS, choose
from carousel.nn.kernels.population import PopulationCall, PopulationKernel, PopulationRun, Tensors, stacked, view_of
from carousel.nn.kernels.population_tapes import tapes_of


def run_together(cell: type[Cell], tensors: Tensors, call: PopulationCall, request: Request) -> PopulationRun:
    """Run P networks; tensors: PARAMETERS by name, [P, ...]. Raises what `choose` raises."""
    kernel, refusals = for_populations(view_of(cell, tensors, 0), call.of(0), request)
    if kernel is not None:
        return _at_once(kernel, cell, tensors, call, request, refusals)
    return _one_by_one(cell, tensors, call, request, refusals)


def for_populations(cell: Cell, call: Call, request: Request) -> tuple[PopulationKernel | None, dict[str, str]]:
    """The kernel that runs many such calls at once, None where none does; and the reasons of those that refused. cell,
    call: of one of the networks."""
    refusals = dict[str, str]()
    for kernel in KERNELS.values():
        if isinstance(kernel, PopulationKernel):
            refusal = kernel.supports(cell, call, request)
            if refusal is None:
                return kernel, refusals
            refusals[kernel.name] = refusal.reason
    return None, refusals


def _at_once(
    kernel: PopulationKernel, cell: type[Cell], tensors: Tensors, call: PopulationCall, request: Request,
    refusals: dict[str, str],
) -> PopulationRun:  # fmt: skip
    output, state, recording = kernel.run_population(cell, tensors, call, request)
    tapes = tapes_of(cell, tensors, call, request, recording) if request.records else []
    return PopulationRun(output, state if request.final_state else None, tapes, kernel.name, refusals)


def _one_by_one(
    cell: type[Cell], tensors: Tensors, call: PopulationCall, request: Request, refusals: dict[str, str]
) -> PopulationRun:
    runs, chosen = list[Run](), choose(view_of(cell, tensors, 0), call.of(0), request)
    for network in range(call.networks):
        runs.append(chosen.kernel.run(view_of(cell, tensors, network), call.of(network), request))
    run = stacked(runs)
    tapes = [run.tape for run in runs if run.tape is not None]
    return PopulationRun(run.output, run.state, tapes, f"{chosen.kernel.name}, one by one", refusals | chosen.refusals)
