"""The files of deploy/, as far as they can be held against something without a cloud."""

import re
import subprocess
from importlib.metadata import requires
from pathlib import Path

import pytest
import ray
import yaml
from packaging.requirements import Requirement

from places import ROOT
from run_search import _parser

DEPLOY = ROOT / "deploy"


def pins(path: Path) -> dict[str, str]:
    lines = (line.split(";")[0].strip() for line in path.read_text().splitlines())
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def commands_of(name: str) -> str:
    config = yaml.safe_load((DEPLOY / name).read_text())
    return "\n".join(config["head_start_ray_commands"] + config["worker_start_ray_commands"])


@pytest.mark.parametrize("name", ["aws.yaml", "on_premise.yaml"])
def test_launcher_files_are_valid_for_the_launcher(name: str) -> None:
    from ray.autoscaler._private.util import prepare_config, validate_config

    config = prepare_config(yaml.safe_load((DEPLOY / name).read_text()))
    validate_config(config)
    with pytest.raises(Exception, match="max_worker"):
        validate_config({**config, "max_workers": "many"})


@pytest.mark.parametrize("name", ["aws.yaml", "on_premise.yaml"])
def test_options_of_ray_start_are_rays(name: str) -> None:
    from ray.scripts.scripts import start

    known = {option for parameter in start.params for option in parameter.opts}
    used = set(re.findall(r"--[a-z-]+", commands_of(name)))
    assert used and used <= known
    assert "--dashboard-host=127.0.0.1" in commands_of(name)


def test_the_launchers_mounts_exist() -> None:
    for source in yaml.safe_load((DEPLOY / "on_premise.yaml").read_text())["file_mounts"].values():
        assert (ROOT / source).is_file()


def test_the_job_manifest_has_what_the_operator_reads() -> None:
    manifest = yaml.safe_load((DEPLOY / "rayjob.yaml").read_text())
    assert (manifest["apiVersion"], manifest["kind"]) == ("ray.io/v1", "RayJob")
    spec, cluster = manifest["spec"], manifest["spec"]["rayClusterSpec"]
    # Fields of KubeRay's custom resource definition; it refuses no unknown ones, but ignores them.
    assert set(spec) <= {
        "activeDeadlineSeconds", "backoffLimit", "entrypoint", "entrypointNumCpus", "rayClusterSpec", "runtimeEnvYAML",
        "shutdownAfterJobFinishes", "submissionMode", "submitterPodTemplate", "suspend", "ttlSecondsAfterFinished",
    }  # fmt: skip
    assert set(cluster) <= {"rayVersion", "enableInTreeAutoscaling", "headGroupSpec", "workerGroupSpecs"}
    assert cluster["rayVersion"] == ray.__version__
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    for group in groups:
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())
        (container,) = group["template"]["spec"]["containers"]
        assert container["image"] and container["resources"]["limits"] == container["resources"]["requests"]
    for group in cluster["workerGroupSpecs"]:
        assert group["groupName"] and group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]
    volumes = {volume["name"] for volume in groups[0]["template"]["spec"]["volumes"]}
    (mount,) = groups[0]["template"]["spec"]["containers"][0]["volumeMounts"]
    assert mount["name"] in volumes
    command = spec["entrypoint"].split()
    arguments = _parser().parse_args(command[command.index("run_search") + 1 :])
    assert (ROOT / arguments.config).is_file() and arguments.run_dir.startswith(f"{mount['mountPath']}/")


def test_what_the_image_copies_exists_and_its_packages_are_pinned() -> None:
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    for line in lines:
        if line.startswith("COPY"):
            assert all(source == "." or list(ROOT.glob(source)) for source in line.split()[1:-1]), line
    locked = pins(ROOT / "requirements.lock")
    assert locked["ray"] == ray.__version__
    names = {name.lower().replace("_", "-") for name in locked}
    for requirement in map(Requirement, requires("ray") or []):
        if any(requirement.marker and requirement.marker.evaluate({"extra": extra}) for extra in ("default", "client")):
            assert requirement.name.lower().replace("_", "-") in names, requirement


def test_the_check_of_the_image_takes_the_dockerfiles_commands() -> None:
    script = DEPLOY / "check_image.sh"
    assert subprocess.run(["sh", "-n", str(script)]).returncode == 0
    taken = re.search(r"sed -n 's/\^RUN //p'", script.read_text())
    commands = re.findall(r"^RUN (.*)$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    # One line each: the script reads line by line.
    assert taken and len(commands) == 3 and not any(command.endswith("\\") for command in commands)
