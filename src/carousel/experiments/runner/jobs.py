"""Do jobs of the ledger and put their results into the run folder: tables first, then the record."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from typing import Any, assert_never

import polars as pl
import torch
from pydantic import TypeAdapter
from safetensors.torch import load, save

from carousel.common.errors import CarouselError
from carousel.experiments.contenders.base import Network
from carousel.experiments.data import DataTask
from carousel.experiments.probes.gradient_flow import Flow, measure_flow
from carousel.experiments.probes.onset import GAINS, onset_gains
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.machine import this_card, this_machine
from carousel.experiments.runner.table_files import parquet
from carousel.experiments.runner.task_loader import Sources
from carousel.experiments.training.answers import on_test_part
from carousel.experiments.training.description import InitialFlow, Job, OnsetProbe, Refit, RivalTrial, Trial
from carousel.experiments.training.device import CPU
from carousel.experiments.training.held_out_errors import HeldOut, bands, held_out, is_local
from carousel.experiments.training.refit import refit, trained
from carousel.experiments.training.trial import TrialResult, build_contender, run_trials
from carousel.introspect.flow import LagProfile

_JOB: TypeAdapter[Job] = TypeAdapter(Job)


def do_jobs(
    descriptions: Sequence[dict[str, Any]], folder: RunFolder, sources: Sources
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Run jobs, several where they are trials of one shape, and give the digest and record of each as soon as it is
    done: plain numbers for the ledger, and the machine that they are of."""
    for name, record in _done(descriptions, folder, sources, CPU):
        yield name, {**record, "machine": this_machine()}


def do_jobs_on_card(
    descriptions: Sequence[dict[str, Any]], folder: RunFolder, sources: Sources
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The same with trainings on the process's GPU (cluster/card.py prepares it); `machine` names it where one was
    used."""
    for name, record in _done(descriptions, folder, sources, torch.device("cuda")):
        trained = not record.keys().isdisjoint(("trial", "refit"))
        yield name, {**record, "machine": this_machine() | (this_card() if trained else {})}


def reason_of(error: Exception) -> str:
    """What the ledger says of jobs that it ended: a line where it was written for a person, else the traceback."""
    return str(error) if isinstance(error, CarouselError) else "".join(traceback.format_exception(error))


def _done(
    descriptions: Sequence[dict[str, Any]], folder: RunFolder, sources: Sources, device: torch.device
) -> Iterator[tuple[str, dict[str, Any]]]:
    jobs = [_JOB.validate_python(description) for description in descriptions]
    trials = [job for job in jobs if isinstance(job, Trial)]
    made = {split: sources.task(trials[0].source, trials[0].length, split) for split in {t.split: None for t in trials}}
    tasks = [made[trial.split] for trial in trials]
    for trial, result in run_trials(trials, tasks, device) if trials else ():
        yield trial.digest(), _trial(trial, result, folder)
    for job in jobs:
        match job:
            case Trial():
                continue
            case InitialFlow():
                yield job.digest(), _initial_flow(job, folder, sources)
            case Refit():
                yield job.digest(), _refit(job, folder, sources, device)
            case OnsetProbe():
                yield job.digest(), _onset(job, folder)
            case RivalTrial():
                # Here, since what it takes (numba's compiler, SciPy) would double the start of every worker.
                from carousel.experiments.rivals.run import run_rival

                measured = run_rival(job.rival, sources.prepared(job.split), job.seed)
                yield job.digest(), {"rivals": [vars(measured)]}
            case _:
                assert_never(job)


def _trial(trial: Trial, result: TrialResult, folder: RunFolder) -> dict[str, Any]:
    name = trial.digest()
    folder.write(folder.curves(name), parquet(result.history.curves()))
    if trial.phase == "reporting":
        if result.flows:
            folder.write(folder.flow(name), parquet(_profiles(result.flows)))
        folder.write(folder.weights(name), save(result.weights))
    record = {"trial": result.record, "slopes": [vars(flow.slope) for flow in result.flows]}
    return record | ({"occlusion": [vars(block) for block in result.occlusion]} if result.occlusion else {})


def _initial_flow(job: InitialFlow, folder: RunFolder, sources: Sources) -> dict[str, Any]:
    task = sources.task(job.source, job.length)
    flows = [
        measure_flow(build_contender(job.contender, task, seed), task, "initialisation", seed) for seed in job.seeds
    ]
    folder.write(folder.flow(job.digest()), parquet(_profiles(flows)))
    return {"slopes": [vars(flow.slope) for flow in flows]}


def _refit(job: Refit, folder: RunFolder, sources: Sources, device: torch.device) -> dict[str, Any]:
    found = refit(job, sources.whole(job.trial.length), device)
    folder.write(folder.weights(job.digest()), save(found.weights))
    errors = [held_out(_of_trial(trial, task, folder), task) for trial, task in _splits(job, sources)]
    known = [each for each in errors if each is not None]
    if len(known) < len(errors):  # answers of this kind have no distance from the truth
        return {"refit": {**found.record, "errors": []}}
    local = is_local(known)
    answered = [on_test_part(task, each, trial.seed, local)
                for (trial, task), each in zip(_splits(job, sources), known, strict=True)]  # fmt: skip
    folder.write(folder.answers(job.digest()), parquet(pl.concat(answered, how="diagonal")))
    whole = _of_ensembles(job, sources, device) if job.members > 1 else known
    return {"refit": {**found.record, "errors": bands(whole)}}


def _of_ensembles(job: Refit, sources: Sources, device: torch.device) -> list[HeldOut]:
    """The errors of the mean answer: of ensembles like the one that is taken away, each trained on the training part of
    a split."""
    found = [held_out(trained(job, task, trial.seed, device)[0], task) for trial, task in _splits(job, sources)]
    return [each for each in found if each is not None]


def _splits(job: Refit, sources: Sources) -> Iterator[tuple[Trial, DataTask]]:
    """The reporting trials, and the file under the split that each was trained on: one at a time, each may be large."""
    for trial in job.trials:
        task = sources.task(trial.source, trial.length, trial.split)
        assert isinstance(task, DataTask)  # nothing else is trained once more
        yield trial, task


def _of_trial(trial: Trial, task: DataTask, folder: RunFolder) -> Network:
    """Its trained network."""
    network = build_contender(trial.contender, task, trial.seed, trial.kernel)
    network.load_state_dict(load(folder.weights(trial.digest()).read_bytes()))
    return network.eval()


def _onset(job: OnsetProbe, folder: RunFolder) -> dict[str, Any]:
    onsets = onset_gains(job.cell, job.hidden, job.seeds)
    table = pl.concat(
        pl.DataFrame({"seed": seed, "gain": GAINS, "exponent": onset.exponents})
        for seed, onset in zip(job.seeds, onsets, strict=True)
    )
    folder.write(folder.flow(job.digest()), parquet(table))
    return {"onset": [{"seed": s, "gain": o.gain} for s, o in zip(job.seeds, onsets, strict=True)]}


def _profiles(flows: list[Flow]) -> pl.DataFrame:
    return pl.concat(_profile(flow, flow.profile) for flow in flows)


def _profile(flow: Flow, profile: LagProfile) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "moment": flow.moment,
            "seed": flow.seed,
            "lag": range(len(profile.mean)),
            "log_gain": profile.mean.numpy(),
            "log_gain_q10": profile.q10.numpy(),
            "log_gain_q90": profile.q90.numpy(),
        }
    )
