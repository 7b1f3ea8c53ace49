"""One small run on a real Ray node, a worker of it killed: the numbers of the local engine."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest

from carousel.experiments.runner.cluster import bundling
from carousel.experiments.runner.cluster.messages import Message, Started
from carousel.experiments.runner.cluster.ray_engine import RayEngine
from carousel.experiments.runner.environment import describe_environment
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.run import run_plan
from carousel.experiments.runner.task_loader import Sources
from tests.support import card
from tests.support.runs import environment, numbers, small_plan, trained

pytestmark = pytest.mark.slow


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Of a head with two slots."""
    if find_spec("ray") is None:
        assert os.environ.get("CI") != "true", "the extra `ray` is not installed"
        pytest.skip("the extra `ray` is not installed: pip install 'carousel-rnn[ray]'")
    command = [
        "start",
        "--head",
        "--block",
        "--port=0",
        "--num-cpus=2",
        "--num-gpus=1",  # Ray takes it at its word
        "--include-dashboard=false",
        "--disable-usage-stats",
        "--object-store-memory=80000000",
        f"--temp-dir={tempfile.mkdtemp(prefix='ray', dir='/tmp')}",
    ]  # fmt: skip  (the paths of its sockets may have 107 characters)
    ray = [sys.executable, "-c", "from ray.scripts.scripts import main; main()", *command]
    known = environment() | {"RAY_raylet_start_wait_time_s": "120", "RAY_worker_niceness": "0"}
    known["PYTHONPATH"] += f":{Path(__file__).parents[3]}"  # of stand-ins
    with subprocess.Popen(ray, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=known) as head:
        assert head.stdout is not None
        said = ""
        while not (found := re.search(r"--address='([\d.]+:\d+)'", said)):
            line = head.stdout.readline()
            assert line, said
            said += line
        threading.Thread(target=head.stdout.read, daemon=True).start()
        yield found[1]
        head.terminate()  # with --block its processes end with it
    shutil.rmtree(command[-1].partition("=")[2], ignore_errors=True)


def test_a_run_on_ray_has_the_numbers_of_the_local_engine_though_a_worker_is_killed(
    address: str, tmp_path: Path
) -> None:
    plan = small_plan(steps=200)
    folder, said, killed = RunFolder(tmp_path / "ray"), Counter[str](), list[int]()
    folder.claim_for(plan)
    folder.write_json(folder.environment, describe_environment(plan, Sources.of(None), 1))
    engine = RayEngine(address, None)
    assert engine.workers == 2
    cluster = engine._cluster
    ordinary = cluster.messages

    def watched() -> list[tuple[int, Message]]:
        found = ordinary()
        for lease, message in found:
            if lease and isinstance(message, Started) and not killed:  # it loads its kernels: a second or two
                killed.append(message.pid)
                os.kill(message.pid, signal.SIGKILL)
        return found

    cluster.messages = watched  # type: ignore[method-assign]
    start = partial(engine.start, say=lambda key, **values: said.update([key]))
    with folder.locked():
        run_plan(plan, folder, engine.workers, lambda progress: None, start=start)
    engine.close()
    assert killed
    assert said["cli.cluster.lost_worker"] == 1
    assert numbers(folder.path) == numbers(trained(plan, tmp_path / "local").path)


def test_trainings_share_a_card_once_it_is_known_what_they_take(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The card is none (`tests/support/card.py`), and in a part of it one network has room."""
    monkeypatch.setattr(bundling, "most_to_claim", lambda first, sources, on_card: 4)  # so that groups are soon full
    plan, folder = small_plan(steps=50, seeds=24), RunFolder(tmp_path / "ray")
    said = Counter[str]()
    folder.claim_for(plan)
    folder.write_json(folder.environment, describe_environment(plan, Sources.of(None), 1))
    engine = RayEngine(address, None, card.DO, on_card=True)
    assert engine.workers == 1  # the first task has the card for itself
    most = [1]

    def watched() -> list[tuple[int, Message]]:
        most[0] = max(most[0], engine.workers)
        return ordinary()

    ordinary = engine._cluster.messages
    engine._cluster.messages = watched  # type: ignore[method-assign]
    start = partial(engine.start, say=lambda key, **values: said.update([key]))
    with folder.locked():
        run_plan(plan, folder, engine.workers, lambda progress: None, start=start)
    engine.close()
    assert most == [2]
    assert "cli.cluster.larger_part" in said and "cli.cluster.memory" not in said
    assert numbers(folder.path) == numbers(trained(plan, tmp_path / "local").path)
