"""Real processes, really killed: nothing is lost, nothing is done twice, the numbers are those of a run left alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from carousel.common.errors import FolderConflict
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.ledger import Ledger
from carousel.experiments.runner.tuning import first_jobs
from tests.soak.kinds import DONE, kinds
from tests.soak.processes import workers_of
from tests.soak.soak import Soak, cards, in_vain, soak
from tests.support.runs import environment, small_plan

KILLS = 50

#: Opens a ledger, and is killed before its Nth statement. Arguments: path, N.
OPENED_AND_KILLED = """
import os, signal, sqlite3, sys
from pathlib import Path
from carousel.experiments.runner.ledger import Ledger

class Counting(sqlite3.Connection):
    left = int(sys.argv[2])

    def execute(self, *arguments):
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1
        return super().execute(*arguments)

connect = sqlite3.connect
sqlite3.connect = lambda *given, **options: connect(*given, factory=Counting, **options)
Ledger(Path(sys.argv[1]), create=True)
"""


@pytest.fixture(scope="module")
def soaking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Soak]:
    with soak(tmp_path_factory.mktemp("soak")) as made:
        yield made


@pytest.mark.slow
def test_fifty_kills_of_every_kind_lose_nothing_and_change_no_byte(soaking: Soak) -> None:
    """`python -m tests.soak --kills 1000` does the same twenty times over."""
    done = [soaking.disturb(kind, chance) for kind, chance in cards(soaking.disk, 20261128, 0, KILLS)]
    last = soaking.to_the_end()
    assert {one["kind"] for one in done} == {kind.name for kind in kinds(soaking.disk)}
    assert [one for one in done if one["lost"] or one["faults"]] == []
    assert last == []
    assert in_vain(done) == []


@pytest.mark.slow
def test_workers_die_with_the_command(soaking: Soak) -> None:
    process = soaking.start()
    workers = _wait_for(lambda: workers_of(process))
    process.kill()
    process.wait()
    _wait_for(lambda: not any(_alive(pid) for pid in workers))


@pytest.mark.slow
def test_finished_trials_are_never_trained_again(soaking: Soak) -> None:
    before = _written(soaking.reference)
    process = soaking.start(soaking.reference)
    assert process.wait(120) == DONE
    assert before
    assert before == _written(soaking.reference)


@pytest.mark.slow
def test_a_kill_at_any_statement_of_a_new_ledger_leaves_one_that_can_be_used(tmp_path: Path) -> None:
    """One between setting its number and making its tables used to leave a file that was refused for ever."""
    jobs = list(first_jobs(small_plan()))
    for killed_before in range(100):
        path = tmp_path / f"{killed_before}.sqlite"
        command = [sys.executable, "-c", OPENED_AND_KILLED, str(path), str(killed_before)]
        code = subprocess.run(command, env=environment(), timeout=60).returncode
        ledger = Ledger(path, create=True)
        ledger.add(jobs)
        assert ledger.counts()["pending"] == len(jobs)
        ledger.close()
        if code == 0:
            break
        assert code == -9
    assert killed_before >= 8  # statements there are


@pytest.mark.parametrize("fate", ["moved", "removed", "replaced"])
def test_a_ledger_whose_folder_is_gone_takes_no_result(tmp_path: Path, fate: str) -> None:
    """The tables of that result were written elsewhere, or nowhere."""
    folder = RunFolder(tmp_path / "run")
    folder.claim_for(small_plan())
    ledger = Ledger(folder.ledger, create=True)
    ledger.add(first_jobs(small_plan()))
    first = ledger.first_pending()
    assert first is not None
    (entry,) = ledger.claim(1, first)
    if fate == "removed":
        shutil.rmtree(folder.path)
    else:
        folder.path.rename(tmp_path / "elsewhere")
    if fate == "replaced":
        folder.claim_for(small_plan())
        Ledger(folder.ledger, create=True).close()
    with pytest.raises(FolderConflict, match="moved or removed"):
        ledger.finish(entry.hash, {"x": 1.0})
    ledger.close()
    assert folder.path.exists() == (fate == "replaced")


def _written(folder: Path) -> dict[Path, int]:
    return {p: p.stat().st_mtime_ns for p in folder.rglob("*.parquet")}


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _wait_for(condition: Callable[[], Any], seconds: float = 30.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
    return found
