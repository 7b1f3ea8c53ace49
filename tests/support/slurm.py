"""The commands that a job script of SLURM calls, as small stand-ins: each writes down how it was called."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_LOG = 'echo "$(basename "$0") $* [$RAY_AUTH_MODE ${#RAY_AUTH_TOKEN} $$]" >> "$SEEN/log"\n'
_COMMANDS = {
    "scontrol": 'test "$*" = "show hostnames n[1-3]" && printf "n1\\nn2\\nn3\\n" || printf "n1\\n"\n',
    "hostname": 'echo "10.1.2.3 172.17.0.1"\n',
    # On the node that is named, the rest of the line.
    "srun": 'while [ "${1#--}" != "$1" ]; do shift; done; exec "$@"\n',
    # The head is up once it was started, unless it is to fail; a node runs until it is ended.
    "ray": """
case "$1 $*" in
  health-check*) test -e "$SEEN/head" ;;
  *--head*) test -z "${HEAD_FAILS-}" || exit 1; touch "$SEEN/head"; exec sleep 300 ;;
  *) exec sleep 300 ;;
esac
""",
    "carousel": 'while [ "$(grep -c "^ray start" "$SEEN/log")" -lt "$NODES" ]; do sleep 0.05; done; exit "$CODE"\n',
}


class Job:
    """One run of a script. `calls`: by command what it was given, in order; each ends with "[mode length-of-token
    process]". `code`: of the script."""

    def __init__(self, script: str, folder: Path, nodes: int, code: int = 0, head_fails: bool = False):
        self._install(folder)
        (folder / "job.sh").write_text(script, encoding="utf-8")
        told = {"SEEN": str(folder), "NODES": str(nodes), "CODE": str(code), "HEAD_FAILS": "x" if head_fails else ""}
        told |= {"SLURM_JOB_NODELIST": "n[1-3]" if nodes == 3 else "n1", "SLURM_JOB_ID": "123456"}
        told["SLURM_CPUS_PER_TASK"] = "8"
        done = subprocess.run(
            ["bash", "job.sh"], cwd=folder, env=os.environ | told, capture_output=True, text=True, timeout=60
        )
        self.code, self.stderr = done.returncode, done.stderr
        self.calls: dict[str, list[str]] = {name: [] for name in _COMMANDS}
        for line in (folder / "log").read_text(encoding="utf-8").splitlines():
            name, _, rest = line.partition(" ")
            self.calls[name].append(rest)

    @staticmethod
    def _install(folder: Path) -> None:
        """Into the folder of a virtual environment, whose activation puts them first."""
        bin_folder = folder / "venv" / "bin"
        bin_folder.mkdir(parents=True)
        (bin_folder / "activate").write_text(f'PATH="{bin_folder}:$PATH"\n', encoding="utf-8")
        for name, does in _COMMANDS.items():
            path = bin_folder / name
            path.write_text(f"#!/bin/bash\n{_LOG}{does}", encoding="utf-8")
            path.chmod(0o755)

    def alive(self) -> list[int]:
        """Processes of `ray start` that still run."""
        started = [int(call.rsplit(" ", 1)[1].rstrip("]")) for call in self.calls["ray"] if call.startswith("start")]
        return [process for process in started if Path(f"/proc/{process}").exists()]
