"""What is refused of a cluster before anything is written: in one line, with the cure."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest

from carousel.common.error_words import line_in
from carousel.common.errors import BadPlan
from carousel.experiments.runner import engines
from carousel.experiments.runner.cluster import bridge
from carousel.experiments.runner.cluster.bridge import Child, RayCluster
from carousel.experiments.runner.cluster.inputs import inputs_of
from carousel.experiments.runner.cluster.messages import Lost, Nodes, Started, encode
from carousel.experiments.runner.machine import versions
from carousel.experiments.runner.tuning import first_jobs
from carousel.experiments.training.description import FileSource, Refit, RivalTrial
from tests.support.runs import environment, small_plan


def test_without_ray_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    with pytest.raises(BadPlan) as caught:
        engines.engine_named(engines.On("ray"), None, 2)
    assert str(caught.value) == "the package ray is not installed; fix: pip install 'carousel-rnn[ray]'"
    assert line_in(caught.value, "zh") == "没有安装 ray 包；解决办法：pip install 'carousel-rnn[ray]'"


def test_the_local_engine_and_the_dispatcher_need_no_ray() -> None:
    code = (
        "import sys; sys.modules['ray'] = None\n"
        "import carousel.experiments.compare, carousel.experiments.runner.cluster.ray_engine\n"
        "from carousel.experiments.runner.engines import HERE, engine_named\n"
        "assert engine_named(HERE, 3, 8).workers == 3\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=environment())


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Lines that the child process prints before it waits; one that begins with ! it complains with, and ends."""
    lines: list[str] = []
    code = (
        "import sys\n"
        "for line in sys.argv[1].splitlines():\n"
        "    sys.exit(line[1:]) if line.startswith('!') else print(line, flush=True)\n"
        "sys.stdin.read()\n"
    )
    started = bridge.subprocess.Popen

    def instead(command: list[str], **keywords: object) -> subprocess.Popen[bytes]:
        return started([sys.executable, "-c", code, "\n".join(lines)], **keywords)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(bridge.subprocess, "Popen", instead)
    return lines


@pytest.mark.parametrize(("address", "said", "line"), [
    ("10.0.0.1:6379", "no answer within 20 seconds", "no cluster answers at 10.0.0.1:6379; got: no answer within 20"),
    (None, "Could not find any running Ray instance.", "this machine belongs to no cluster; got: Could not find any"),
    ("h:1", "[2026 W 1 1] gcs.cc:2: Failed", "no cluster answers at h:1; got: Failed; fix: `ray start --head` on"),
    ("h:1", "Version mismatch: Ray 2.1", "the cluster at h:1 has another Python or Ray; got: Version mismatch: Ray"),
])  # fmt: skip
def test_no_cluster_in_one_line(answering: list[str], address: str | None, said: str, line: str) -> None:
    answering.append(f"!{said}")
    cluster = RayCluster(address)
    with pytest.raises(BadPlan, match="fix: ") as caught:
        cluster.connect()
    cluster.close()
    assert str(caught.value).startswith(line)


def test_a_cluster_without_a_gpu_trains_nothing_on_one(answering: list[str]) -> None:
    answering.append(encode(0, Nodes({})))
    cluster = RayCluster("h:1", on_card=True)
    with pytest.raises(BadPlan) as caught:
        cluster.connect()
    cluster.close()
    assert str(caught.value).startswith("no node of the cluster has a GPU; fix: `ray start` finds")
    assert line_in(caught.value, "zh").startswith("集群中没有带 GPU 的节点")


def test_every_node_is_asked_for_its_versions(answering: list[str]) -> None:
    other = {**versions(), "torch": "2.1.0", "its sources": "0"}
    for message, said in (
        (Started("far", 0, other), "node far has other versions than this command; allowed: its sources "),
        (Lost("error", "far: No module named 'carousel'"), "a node of the cluster cannot run Carousel; got: far: No"),
    ):
        answering[:] = [encode(0, Started("near", 0, versions())), encode(0, message), encode(0, Nodes({"near": 2}))]
        cluster = RayCluster("h:1")
        with pytest.raises(BadPlan, match=r"constraints\.txt") as caught:
            cluster.connect()
        cluster.close()
        assert str(caught.value).startswith(said)


def test_a_cluster_that_is_lost_is_reached_again_and_its_tasks_are_lost(
    answering: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bridge, "_PAUSE", 0.0)
    answering.append(encode(0, Nodes({"a": 2, "b": 1})))
    cluster = RayCluster("h:1")
    cluster.connect()
    assert cluster.slots() == 3
    cluster.submit(7, bridge.Bundle("run", [], [], {}))
    cluster._child._process.kill()  # as Ray does with the process that it is in
    found: list[tuple[int, object]] = []
    while not found:
        found = [(lease, message) for lease, message in cluster.messages() if not isinstance(message, Nodes)]
    assert [(lease, type(message), message.by) for lease, message in found] == [(7, Lost, "cluster")]  # type: ignore[attr-defined]
    while cluster.slots() == 0:
        assert cluster.messages() in ([], [(0, Nodes({"a": 2, "b": 1}))])
    assert cluster.slots() == 3
    cluster.close()


def test_a_machine_that_is_left_out_has_no_slots_and_each_child_is_told(
    answering: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bridge, "_PAUSE", 0.0)
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(Child, "write", lambda self, message: told.append(message))
    answering.append(encode(0, Nodes({"a/1": 2, "a/2": 2, "b/3": 1})))
    cluster = RayCluster("h:1")
    cluster.connect()
    cluster.leave_out("a")
    assert cluster.slots() == 1
    cluster._child._process.kill()
    while not cluster.messages():
        time.sleep(0.01)
    assert told == [{"leave_out": "a"}] * 2
    cluster.close()


def test_a_child_says_why_it_ended_and_is_not_believed_alive_for_long(answering: list[str]) -> None:
    answering.append("!first\nlast")
    child = Child(["h:1", "do"])
    while child.lives:
        pass
    assert child.end() == "first"


def test_the_files_that_a_job_reads_are_named() -> None:
    source = FileSource(name="f", file="f.csv", sha256="0", splits="by-seed")
    job = next(job for _, job in first_jobs(small_plan()))
    trial = job.model_copy(update={"source": source, "phase": "reporting", "seed": 100})
    assert inputs_of(job.model_dump(mode="json")) == []
    assert inputs_of(trial.model_dump(mode="json")) == ["splits/100.npz"]
    assert inputs_of(trial.model_copy(update={"phase": "tuning"}).model_dump(mode="json")) == ["data.npz"]
    assert inputs_of(RivalTrial(source=source, rival="linear", seed=100).model_dump(mode="json")) == ["splits/100.npz"]
    refit = Refit(trial=trial, seeds=(100, 101), steps=5)
    weights = [f"weights/{each.digest()}.safetensors" for each in refit.trials]
    expected = ["splits/whole.npz", "splits/100.npz", weights[0], "splits/101.npz", weights[1]]
    assert inputs_of(refit.model_dump(mode="json")) == expected
