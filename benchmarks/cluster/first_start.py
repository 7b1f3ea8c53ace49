"""The first start of the machines that `carousel cluster cloud-config` describes, in a copy of this machine's files.

cloud-init's own modules do to that copy what the user-data says, in cloud-init's order; pip installs for real, from
wheels fetched before, since these machines reach one another alone. Stand-ins: systemd (starts the service's command,
as its user), the kernel, SSH. Needs root on Debian 12 with overlayfs and python3-venv, and `ip`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.cluster.comparison import Comparison
from benchmarks.cluster.machines import Machine, Machines
from tests.cluster.test_cloud_config import unpacked

_WHEELS = Path(tempfile.gettempdir()) / "crsl-wheels"  # the machines apart have no way out
_CLOUD_INIT = Path(sys.prefix) / "cloud-init"
#: What cloud-init does of the modules of Debian's cloud.cfg: those that the user-data speaks to.
_MODULES = {
    "datasource_list": ["ConfigDrive"],
    "network": {"config": "disabled"},
    "cloud_init_modules": ["write-files", "set_hostname", "users-groups"],
    "cloud_config_modules": ["runcmd"],
    "cloud_final_modules": ["package-update-upgrade-install", "write-files-deferred", "scripts-user"],
    "system_info": {"distro": "debian", "default_user": {"name": "debian"}},
}
_STAGES = (["init", "--local"], ["init"], ["modules", "--mode=config"], ["modules", "--mode=final"])
_SYSTEMCTL = """#!/bin/sh
echo "$@" >> /var/log/systemctl
[ "$1" = enable ] || exit 0
value() { sed -n "s/^$1=//p" "$unit"; }
unit=/etc/systemd/system/$3
cd "$(value WorkingDirectory)" || exit 1
start() {
    runuser -u "$(value User)" -- env -i HOME="$(value WorkingDirectory)" RAY_raylet_start_wait_time_s=120 \\
        RAY_worker_niceness=0 $(value Environment) $(value ExecStart)
}
while true; do start; sleep 5; done >> /var/log/service 2>&1 < /dev/null &
"""
_MOUNTS = """set -e
mount --make-rprivate /
mkdir -p {at} && mount -t tmpfs none {at} && mkdir {at}/up {at}/work {at}/root
mount -t overlay overlay -o lowerdir=/,upperdir={at}/up,workdir={at}/work {at}/root
mount -t proc none {at}/root/proc && mount -t sysfs none {at}/root/sys
mount -t tmpfs none {at}/root/dev && mkdir {at}/root/dev/shm
mount -t tmpfs none {at}/root/dev/shm && mount -t tmpfs none {at}/root/tmp && mount -t tmpfs none {at}/root/run
chmod 1777 {at}/root/tmp {at}/root/dev/shm
for each in null zero full random urandom tty
do touch {at}/root/dev/$each && mount --bind /dev/$each {at}/root/dev/$each; done
cp -r --parents /etc/resolv.conf {at}/root/ 2>/dev/null || true
echo ready
exec sleep 100000
"""


class Copy:
    """This machine's files as another machine, which may change them: they are kept in memory while it runs."""

    def __init__(self, machine: Machine):
        self._at = f"/tmp/crsl-root-{machine.name}"
        script = _MOUNTS.format(at=self._at)
        self._holder = subprocess.Popen(machine.command(["sh", "-c", script]), stdout=subprocess.PIPE, text=True)
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != "ready\n":
            raise SystemExit("no copy of the files of this machine")
        self.root = Path(f"/proc/{self._holder.pid}/root{self._at}/root")  # as seen from here

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command there, with an environment as systemd gives it; pip finds the wheels that were fetched before."""
        inside = ["nsenter", f"--target={self._holder.pid}", "--net", "--uts", "--mount", "chroot", f"{self._at}/root"]
        known = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": f"/{_WHEELS.name}", "PIP_CONFIG_FILE": "/dev/null"}
        known["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return subprocess.run([*inside, *words], capture_output=True, text=True, env=known)

    def first_start(self, drive: Path) -> list[str]:
        """With this config drive; gives what went wrong."""
        shutil.copytree(_WHEELS, self.root / _WHEELS.name)
        self._write("usr/bin/systemctl", _SYSTEMCTL).chmod(0o755)
        self._write("etc/cloud/cloud.cfg", json.dumps(_MODULES))
        unpacked(drive, self.root / "var/lib/cloud/seed/config_drive")
        code = f"import sys; sys.path.insert(0, '{_CLOUD_INIT}/usr/lib/python3/dist-packages'); "
        code += "from cloudinit.cmd.main import main; sys.exit(main())"
        wrong = []
        for stage in _STAGES:
            done = self.run(sys.executable, "-c", code, *stage)
            if done.returncode:
                wrong.append(f"{' '.join(stage)}: {done.returncode}: {(done.stdout + done.stderr)[-1500:]}")
        found = json.loads((self.root / "var/lib/cloud/data/result.json").read_text())
        return wrong + list(found["v1"]["errors"])

    def _write(self, path: str, content: str) -> Path:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.write_text(content)
        return place


def first_start() -> dict[str, Any]:
    """A head and a worker, each from its config drive; then a small comparison by the user of the head."""
    with tempfile.TemporaryDirectory() as name:
        place, found = Path(name), dict[str, Any]()
        run = Comparison(place, seeds=8)
        expected = run.expected()
        _write_cloud(place)
        with Machines(1, started=False) as cluster:
            copies = [Copy(machine) for machine in cluster.all]
            for copy, machine in zip(copies, ("head", "worker-1"), strict=True):
                found[machine] = copy.first_start(place / "cloud" / machine / "config-drive.iso")
            head = copies[0]
            found["systemctl"] = (head.root / "var/log/systemctl").read_text().splitlines()
            (head.root / "plan.toml").write_text((place / "plan" / "plan.toml").read_text())
            time.sleep(20)
            typed = f"carousel compare --plan /plan.toml --out run --engine ray --address {cluster.address}"
            done = head.run("runuser", "-l", "carousel", "-c", typed)
            found |= {"exit_code": done.returncode, "said": (done.stdout + done.stderr).splitlines()[-12:]}
            found["services"] = [(copy.root / "var/log/service").read_text()[-300:] for copy in copies]
            if done.returncode:
                return found
            subprocess.run(["cp", "-r", f"{head.root}/home/carousel/run", str(place / "ray")], check=True)
        return found | run.compared("ray", expected, {})


def _write_cloud(place: Path) -> None:
    """As the page has it: a wheel, then the configuration."""
    source = str(Path(__file__).resolve().parents[2])
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([*pip, str(place), source], check=True)
    (wheel,) = place.glob("*.whl")
    given = [f"{wheel}[ray]", *(f"{name}=={metadata.version(name).partition('+')[0]}" for name in ("torch", "ray"))]
    subprocess.run([*pip[:3], "download", "--quiet", "--dest", str(_WHEELS), *given], check=True)
    (place / "key.pub").write_text("ssh-ed25519 AAAA me@here\n")
    options = [
        "--workers",
        "1",
        "--network",
        "10.77.0.1/24",
        "--package",
        str(wheel),
        "--ssh-key",
        str(place / "key.pub"),
    ]
    command = [sys.executable, "-m", "carousel", "cluster", "cloud-config", "--out", str(place / "cloud"), *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
