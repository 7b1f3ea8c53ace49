"""The job script of SLURM: it is sound shell, and its lines do what they say, run with stand-ins for SLURM and Ray."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

import pytest

from carousel.cluster.slurm import Allocation, job_script
from carousel.common.errors import BadPlan
from tests.support.forked import forked
from tests.support.slurm import Job

COMPARISON = ["a file.csv", "--target", "label", "--out", "runs/it's"]


def script(folder: Path, gpus: int = 0, lang: str = "en") -> str:
    allocation = Allocation(nodes=3, cpus=8, gpus=gpus, time="1-12:00:00", more=("--partition=long",))
    return job_script(allocation, COMPARISON, folder / "venv", lang)


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    folder = tmp_path_factory.mktemp("a job")
    return Job(script(folder, gpus=2), folder, nodes=3, code=3)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("gpus", [0, 2])
def test_it_is_sound_shell(tmp_path: Path, gpus: int, lang: str) -> None:
    path = tmp_path / "job.sh"
    path.write_text(script(Path("/opt/an environment"), gpus, lang), encoding="utf-8")
    done = subprocess.run(["shellcheck", "--severity=style", str(path)], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_slurm_is_asked_for_what_was_said() -> None:
    lines = script(Path("/v"), gpus=2).split("\n")
    asked = [line.removeprefix("#SBATCH ") for line in lines if line.startswith("#SBATCH")]
    wanted = {"--nodes=3", "--cpus-per-task=8", "--gpus-per-node=2", "--time=1-12:00:00", "--partition=long"}
    assert wanted <= set(asked) and {"--no-kill", "--ntasks-per-node=1"} <= set(asked)
    first_command = next(k for k, line in enumerate(lines) if line and not line.startswith("#"))
    assert all(not line.startswith("#SBATCH") for line in lines[first_command:])  # sbatch reads no further
    assert not [line for line in script(Path("/v")).split("\n") if "gpus-per-node" in line]


def test_a_head_is_started_on_the_first_node_and_a_worker_on_each_other(job: Job) -> None:
    nodes = {re.search(r"--nodelist=(\w+)", call)[1]: call for call in job.calls["srun"]}  # type: ignore[index]
    assert list(nodes) and set(nodes) == {"n1", "n2", "n3"} and len(job.calls["srun"]) == 3
    head = nodes["n1"]
    assert "ray start --block" in head and "--head --node-ip-address=10.1.2.3 --port=23456 --num-cpus=7" in head
    for worker in (nodes["n2"], nodes["n3"]):
        assert "--head" not in worker and "--address=10.1.2.3:23456 --num-cpus=8" in worker
    assert all("--cpus-per-task=8" in call and "--num-gpus=2" in call for call in nodes.values())
    joins = [k for k, call in enumerate(job.calls["ray"]) if call.startswith("start") and "--head" not in call]
    checks = [k for k, call in enumerate(job.calls["ray"]) if call.startswith("health-check")]
    assert checks and max(checks) < min(joins)  # nobody joins before the head answers


def test_the_comparison_gets_its_words_and_the_address_and_its_code_is_the_jobs(job: Job) -> None:
    (call,) = job.calls["carousel"]
    assert call.startswith("compare a file.csv --target label --out runs/it's --engine ray --address 10.1.2.3:23456 ")
    assert job.code == 3


def test_all_of_the_job_has_one_secret_token(job: Job) -> None:
    calls = [call for name in ("ray", "carousel") for call in job.calls[name]]
    assert len(calls) >= 5 and all("[token 64 " in call for call in calls)


def test_nothing_runs_on_when_the_script_has_ended(job: Job) -> None:
    until = time.monotonic() + 5
    while job.alive() and time.monotonic() < until:
        time.sleep(0.05)
    assert job.alive() == []


def test_one_node_is_a_cluster_too(tmp_path: Path) -> None:
    job = Job(script(tmp_path), tmp_path, nodes=1)
    assert job.code == 0 and len(job.calls["srun"]) == 1 and len(job.calls["carousel"]) == 1


def test_a_head_that_does_not_start_ends_the_job_with_a_line(tmp_path: Path) -> None:
    job = Job(script(tmp_path), tmp_path, nodes=3, head_fails=True)
    assert job.code == 1 and "Ray did not start on the head" in job.stderr
    assert job.calls["carousel"] == [] and len(job.calls["srun"]) == 1


@pytest.mark.parametrize(("changes", "says"), [
    ({"nodes": 0}, "--nodes is too small"),
    ({"cpus": 1}, "--cpus is too small; allowed: at least 2"),
    ({"gpus": -1}, "--gpus is too small"),
    ({"time": "tomorrow"}, "allowed: minutes, HH:MM:SS"),
    ({"time": "1:00\n#SBATCH --mail-user=x"}, "--time"),
    ({"more": ("--qos=a\nrm -r x",)}, "one line of printable"),
    ({"more": ("partition=long",)}, "one long option"),
])  # fmt: skip
def test_what_slurm_could_not_read_is_refused(changes: dict[str, object], says: str) -> None:
    sound: dict[str, object] = {"nodes": 1, "cpus": 2, "gpus": 0, "time": "60"}
    with pytest.raises(BadPlan, match=re.escape(says)):
        Allocation(**(sound | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("time_", ["60", "60:00", "08:00:00", "1-0", "2-12:00", "1-12:00:00"])
def test_each_way_in_which_slurm_writes_a_time_is_taken(time_: str) -> None:
    assert f"#SBATCH --time={time_}\n" in job_script(Allocation(1, 2, 0, time_), ["adding"], Path("/v"), "en")


ASKED = ("cluster", "slurm", "--nodes", "2", "--cpus", "4")


@pytest.mark.parametrize(("arguments", "says"), [
    ((*ASKED, "--", "report", "x"), "the job runs a comparison; got: report"),
    ((*ASKED, "--", "compare", "adding", "--budgt", "full"), "did you mean '--budget'?"),
    ((*ASKED, "--", "compare", "adding", "--address", "x:1"), "the script itself gives --address"),
    ((*ASKED, "--", "compare", "--out", "a\nb"), "one line of printable characters"),
    (ASKED, "nothing is given for -- compare ..."),
    (("cluster", "slurm", "--nodes", "2", "--", "compare"), "nothing is given for --cpus"),
    (("cluster", "slum"), "did you mean 'slurm'?"),
])  # fmt: skip
def test_a_mistake_is_one_line_before_anything_is_submitted(arguments: tuple[str, ...], says: str) -> None:
    done = forked(*arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1) and says in done.stderr


def test_the_command_prints_the_script() -> None:
    done = forked(*ASKED, "--venv", "/v", "--", "compare", "adding", "--budget", "full")
    assert (done.returncode, done.stderr) == (0, "")
    wanted = job_script(Allocation(2, 4, 0, "08:00:00"), ["adding", "--budget", "full"], Path("/v"), "en")
    assert done.stdout == wanted
