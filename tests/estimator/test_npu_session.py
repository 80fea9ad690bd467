"""How many graphs the device is sent: what a card compiles, for tens of seconds each."""

import collections
import shutil

import pytest

from estimator import factory
from estimator.engine import DeviceSettings
from tests import npu_graphs
from tests.npu_runs import run_main, run_npu

ADAPTERS_OWN = {"loop": 5}
"""In a training of several iterations a Session.run: four variables set, one of them read."""


def counted(environment):
    """Graphs sent by kind, and how many of them differ."""
    lines = npu_graphs.sent(environment["NPU_STAND_IN_LOG"])
    kinds = collections.Counter(line["kind"] for line in lines)
    differing = collections.Counter(kind for kind, _ in {(e["kind"], e["digest"]) for e in lines})
    return dict(kinds), dict(differing), len({line["session"] for line in lines})


def forget(environment, tmp_path):
    (tmp_path / "graphs" / "sent.jsonl").unlink()


@pytest.mark.parametrize("release", ["A", "B"])
def test_a_training_sends_one_graph_of_a_kind(environment, tmp_path, release):
    """Three components and two mixture discriminators between them are five trainings."""
    flags = ["--steps=3", f"--workdir={tmp_path}/run", "--iterations_per_loop=10"]
    done = run_npu(environment, release, *flags)
    assert done.returncode == 0, done.stderr
    kinds, differing, sessions = counted(environment)
    needed = dict.fromkeys(("init", "input", "train", "predict", "save"), 1)
    assert sessions == 5
    assert kinds == {name: 5 * n for name, n in {**needed, **ADAPTERS_OWN}.items()}
    twice = {"init": 2, "train": 2, "predict": 2, "save": 2}
    assert differing == {"input": 1, **twice, **ADAPTERS_OWN}


def test_sampling_sends_two_graphs_a_network(environment, tmp_path):
    flags = ["--steps=2", f"--workdir={tmp_path}/run"]
    assert run_npu(environment, "A", *flags).returncode == 0
    forget(environment, tmp_path)
    sample = ["--mode=sample", f"--workdir={tmp_path}/run", "--output=new.npy", "--device=npu"]
    variables = {**environment, "NPU_STAND_IN_RELEASE": "A"}
    done = run_main(*sample, "--num_samples=9000", environment=variables, cwd=str(tmp_path))
    assert done.returncode == 0, done.stderr
    kinds, _, sessions = counted(environment)
    assert (kinds, sessions) == ({"restore": 1, "predict": 1}, 1)


def test_a_mixture_is_drawn_on_the_npu_only_by_its_name(environment, tmp_path, tiny_run):
    output = f"--output={tmp_path}/new.npy"
    for device, sent in (("auto", {}), ("npu", {"restore": 1, "predict": 1})):
        sample = ["--mode=sample", f"--workdir={tiny_run[0]}", output, f"--device={device}"]
        done = run_main(*sample, environment={**environment, "ASCEND_OPP_PATH": "/opt/cann"})
        assert done.returncode == 0, done.stderr
        assert ("Device: not the NPU" in done.stdout) == (device == "auto")
        assert counted(environment)[0] == sent


def test_elsewhere_a_mixture_is_drawn_where_it_was(clean):
    for device in ("auto", "cpu", "gpu", "npu"):
        settings = DeviceSettings(device=device)
        assert factory.for_drawing(settings) is settings


def test_what_another_process_trained_on_the_cpu_goes_on_in_as_few(
    environment, tmp_path, begun_run
):
    """A run that goes on draws the earlier components' samples again, by one session more."""
    shutil.copytree(begun_run, str(tmp_path / "run"))
    done = run_npu(environment, "A", "--steps=2", f"--workdir={tmp_path}/run")
    assert done.returncode == 0, done.stderr
    kinds, _, sessions = counted(environment)
    assert kinds["restore"] == 1
    assert sessions == 3
