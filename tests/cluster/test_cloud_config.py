"""What `carousel cluster cloud-config` writes: cloud-init accepts it, finds all of it on the drive, and it says what is
meant."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
import yaml

from carousel.cluster.config_drive import check_library
from carousel.common.errors import BadPlan
from tests.support.cloud_init import python, schema_errors
from tests.support.forked import forked

FIXED = ("--network", "10.0.0.10/24", "--gateway", "10.0.0.1", "--nameserver", "10.0.0.2", "--workers", "2")
#: cloud-init's own reader of config drives, and its own reading of the network on it.
READ = """
import json, sys
from cloudinit.sources import DataSourceConfigDrive
from cloudinit.sources.helpers.openstack import convert_net_json
found = DataSourceConfigDrive.read_config_drive(sys.argv[1])
network = convert_net_json(found.get("networkdata"), known_macs={sys.argv[2]: "ens3"})
files = {path: content.decode() for path, content in found["files"].items()}
print(json.dumps({"metadata": found["metadata"], "user": found["userdata"].decode(), "files": files, "net": network},
                 default=str))
"""


def written(folder: Path, *options: str) -> Path:
    """The folder of a cluster."""
    (folder / "key.pub").write_text("# mine\nssh-ed25519 AAAA me@here\n")
    wheel = folder / "carousel_rnn-0.1.0-py3-none-any.whl"
    wheel.write_text("a wheel")
    out = folder / "cloud"
    given = ("--out", str(out), "--package", str(wheel), "--ssh-key", str(folder / "key.pub"))
    done = forked("cluster", "cloud-config", *given, *options)
    assert (done.returncode, done.stderr) == (0, "")
    return out


@pytest.fixture(scope="module")
def fixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three machines with fixed addresses."""
    return written(tmp_path_factory.mktemp("fixed"), *FIXED)


@pytest.fixture(scope="module")
def by_dhcp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two machines with addresses of DHCP, the comments in Chinese."""
    options = ("--head", "head.internal", "--index", "https://wheels.invalid/cpu", "--lang", "zh")
    return written(tmp_path_factory.mktemp("dhcp"), *options)


def unpacked(image: Path, into: Path) -> Path:
    """The files of an image, as a machine would find them."""
    from pycdlib import PyCdlib  # an extra of development: `make check` installs it

    iso = PyCdlib()
    iso.open(str(image))
    assert iso.pvd.volume_identifier.decode().rstrip() == "config-2"
    for folder, _, names in iso.walk(rr_path="/"):
        for name in names:
            place = into / folder.lstrip("/") / name
            place.parent.mkdir(parents=True, exist_ok=True)
            iso.get_file_from_iso(str(place), rr_path=f"{folder.rstrip('/')}/{name}")
    iso.close()
    return into


def config(folder: Path, machine: str) -> dict:
    return yaml.safe_load((folder / machine / "user-data").read_text(encoding="utf-8"))


def service(folder: Path, machine: str) -> str:
    files = {f["path"]: f["content"] for f in config(folder, machine)["write_files"]}
    return files["/etc/systemd/system/carousel-ray.service"]


def test_cloud_init_finds_no_fault_in_it(fixed: Path, by_dhcp: Path) -> None:
    for user_data in (fixed / "head" / "user-data", by_dhcp / "worker-1" / "user-data"):
        assert schema_errors(user_data) == ""


def test_the_check_finds_a_fault_that_is_there(fixed: Path, tmp_path: Path) -> None:
    broken = (fixed / "head" / "user-data").read_text(encoding="utf-8").replace("defer: true", "defer: perhaps")
    (tmp_path / "user-data").write_text(broken, encoding="utf-8")
    assert "perhaps" in schema_errors(tmp_path / "user-data")


def test_cloud_init_reads_the_drive(fixed: Path, tmp_path: Path) -> None:
    drive = unpacked(fixed / "worker-2" / "config-drive.iso", tmp_path)
    done = python("-c", READ, str(drive), "02:00:0a:00:00:0c")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["user"] == (fixed / "worker-2" / "user-data").read_text(encoding="utf-8")
    assert found["files"] == {"/var/lib/carousel/carousel_rnn-0.1.0-py3-none-any.whl": "a wheel"}
    seed = yaml.safe_load((fixed / "worker-2" / "meta-data").read_text())
    assert seed["local-hostname"] == found["metadata"]["hostname"] == "carousel-worker-2"
    assert seed["instance-id"] == found["metadata"]["uuid"]
    card, nameserver = found["net"]["config"]
    (where,) = card["subnets"]
    assert (card["name"], where["address"], where["netmask"]) == ("ens3", "10.0.0.12", "255.255.255.0")
    assert where["routes"][0]["gateway"] == "10.0.0.1" and nameserver["address"] == "10.0.0.2"


def test_the_network_of_the_seed_folder_is_that_of_the_drive(fixed: Path) -> None:
    network = yaml.safe_load((fixed / "head" / "network-config").read_text())
    (card,) = network["ethernets"].values()
    assert network["version"] == 2 and card["match"] == {"macaddress": "02:00:0a:00:00:0a"}
    assert card["addresses"] == ["10.0.0.10/24"] and card["nameservers"] == {"addresses": ["10.0.0.2"]}
    assert card["routes"] == [{"to": "0.0.0.0/0", "via": "10.0.0.1"}]


def test_without_fixed_addresses_nothing_is_said_of_the_network(by_dhcp: Path, tmp_path: Path) -> None:
    assert sorted(p.name for p in (by_dhcp / "head").iterdir()) == ["config-drive.iso", "meta-data", "user-data"]
    drive = unpacked(by_dhcp / "head" / "config-drive.iso", tmp_path)
    assert not list(drive.rglob("network_data.json"))


def test_ray_runs_as_a_service_and_the_workers_find_the_head(fixed: Path, by_dhcp: Path) -> None:
    head = service(fixed, "head")
    assert "ray start --head --port=6379" in head and head.count("--node-ip-address=10.0.0.10\n") == 1
    assert "--node-ip-address" not in service(by_dhcp, "head")
    assert "ray start --address=10.0.0.10:6379 " in service(fixed, "worker-2")
    assert service(fixed, "worker-2").count("--node-ip-address=10.0.0.12\n") == 1  # without a gateway Ray finds none
    assert "ray start --address=head.internal:6379 " in service(by_dhcp, "worker-1")
    for folder, machine in ((fixed, "head"), (by_dhcp, "worker-1")):
        assert "User=carousel\n" in service(folder, machine) and "Restart=always\n" in service(folder, machine)
        assert "OOMPolicy=continue\n" in service(folder, machine)  # systemd would end all of Ray with one worker
        assert config(folder, machine)["runcmd"][0] == "set -e"  # cloud-init makes one script of all lines
        assert config(folder, machine)["runcmd"][-1][:3] == ["systemctl", "enable", "--now"]


def test_all_machines_share_one_token_that_only_their_user_reads(fixed: Path, by_dhcp: Path) -> None:
    def token(folder: Path, machine: str) -> str:
        (found,) = (f for f in config(folder, machine)["write_files"] if f["path"].endswith("/.ray/auth_token"))
        assert (found["owner"], found["permissions"], found["defer"]) == ("carousel:carousel", "0400", True)
        return found["content"]

    assert len({token(fixed, machine) for machine in ("head", "worker-1", "worker-2")}) == 1
    assert token(fixed, "head") != token(by_dhcp, "head") and len(token(fixed, "head")) == 64
    assert stat.S_IMODE(fixed.stat().st_mode) == 0o700


def test_pip_gets_the_wheel_of_the_drive_and_the_versions_of_this_machine(fixed: Path, by_dhcp: Path) -> None:
    import torch

    (lines,) = (f["content"].split("\n") for f in config(by_dhcp, "head")["write_files"] if "requirements" in f["path"])
    assert lines[0] == "--extra-index-url https://wheels.invalid/cpu"
    assert lines[1] == "carousel-rnn[ray] @ file:///var/lib/carousel/carousel_rnn-0.1.0-py3-none-any.whl"
    assert f"torch=={torch.__version__.split('+')[0]}" in lines
    installs = config(fixed, "worker-1")["runcmd"][2]
    assert installs[1:] == ["install", "--requirement", "/etc/carousel/requirements.txt"]


def test_the_key_may_log_in_and_no_password_may(fixed: Path) -> None:
    users = {u["name"]: u for u in config(fixed, "head")["users"] if isinstance(u, dict)}
    assert users["carousel"]["ssh_authorized_keys"] == ["ssh-ed25519 AAAA me@here"] and users["carousel"]["lock_passwd"]


def test_another_configuration_is_another_instance(fixed: Path, by_dhcp: Path) -> None:
    made = [yaml.safe_load((folder / "head" / "meta-data").read_text())["instance-id"] for folder in (fixed, by_dhcp)]
    assert len(set(made)) == 2


SOUND = ("--head", "h", "--package", "carousel-rnn[ray]")


@pytest.mark.parametrize(("options", "says"), [
    (("--package", "x"), "give either --head or --network"),
    ((*SOUND, "--network", "10.0.0.1/24"), "give either --head or --network"),
    ((*SOUND, "--gateway", "10.0.0.1"), "belong to --network"),
    ((*SOUND, "--workers", "-1"), "--workers is too small"),
    ((*SOUND[2:], "--network", "10.0.0.253/24", "--workers", "2"), "has not so many addresses"),
    ((*SOUND[2:], "--network", "10.0.0.1"), "such as 10.0.0.10/24"),
    ((*SOUND[2:], "--network", "10.0.0.1/24", "--gateway", "here"), "--gateway is no address"),
    (("--head", "a b", *SOUND[2:]), "--head is no name of a host"),
    (("--head", "h", "--package", "not-there.whl"), "cannot read 'not-there.whl'"),
    (("--head", "h", "--package", "a\nruncmd: []"), "one line of printable"),
    ((*SOUND, "--ssh-key", "private"), "holds no public SSH key; fix: give the file that ends in .pub"),
    ((*SOUND, "--ssh-key", "nowhere"), "cannot read 'nowhere'"),
    ((*SOUND, "--out", "full"), "is there already"),
])  # fmt: skip
def test_a_mistake_is_one_line_and_nothing_is_written(tmp_path: Path, options: tuple[str, ...], says: str) -> None:
    (tmp_path / "private").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("")
    out = () if "--out" in options else ("--out", "new")
    done = forked("cluster", "cloud-config", *out, *options, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1) and says in done.stderr
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["full", "mine", "private"]


def test_without_the_library_for_images_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(BadPlan, match=r"pycdlib is not installed; fix: pip install 'carousel-rnn\[cluster\]'"):
        check_library()
