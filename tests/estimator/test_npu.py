"""The NPU engine against a stand-in of npu_bridge in the shapes of two releases."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf

from base.errors import UsageError
from estimator import npu, npu_configuration
from estimator.engine import DeviceSettings
from estimator.literal import literal
from input_fn import sources, weighted
from input_fn.settings import DataSettings
from tests.conftest import ROOT, run_main
from tests.npu_runs import NPU, checkpoint_weights, run_npu


def assert_same_weights(one, other, step):
    left, right = checkpoint_weights(one, step), checkpoint_weights(other, step)
    assert sorted(left) == sorted(right)
    for name, value in left.items():
        np.testing.assert_allclose(right[name], value, atol=1e-5, err_msg=name)


@pytest.mark.parametrize(("length", "release"), [(1, "A"), (10, "B")])
def test_a_run_on_the_stand_in_equals_the_cpus(
    tiny_run, begun_run, environment, tmp_path, release, length
):
    """Step 1 from scratch, step 2 from the CPU's step 1, to 1e-5; TINY has 40 and 20 iterations."""
    on_cpu, _ = tiny_run
    on_npu = str(tmp_path / "run")
    first = run_npu(
        environment, release, "--steps=1", f"--workdir={on_npu}", f"--iterations_per_loop={length}"
    )
    assert first.returncode == 0, first.stderr
    assert "Device: npu" in first.stdout
    assert_same_weights(on_cpu, on_npu, 1)

    begun_on_cpu = str(tmp_path / "begun")
    shutil.copytree(begun_run, begun_on_cpu)
    second = run_npu(
        environment, release, f"--workdir={begun_on_cpu}", f"--iterations_per_loop={length}"
    )
    assert second.returncode == 0, second.stderr
    assert_same_weights(on_cpu, begun_on_cpu, 2)
    part = os.path.join(on_npu, "components", "01")
    with literal(part) as directory:
        assert tf.train.latest_checkpoint(directory).endswith("model.ckpt-40")
    with open(os.path.join(part, "checkpoint")) as file:
        assert on_npu not in file.read()


def test_losses_reach_tensorboard_as_means_over_the_device_loop(tiny_run, environment, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    done = run_npu(
        environment, "B", "--steps=1", f"--workdir={tmp_path}/run", "--iterations_per_loop=10"
    )
    assert done.returncode == 0, done.stderr

    def losses(workdir):
        events = EventAccumulator(os.path.join(str(workdir), "components", "01")).Reload()
        return events.Scalars("loss/discriminator_loss")

    on_npu = losses(tmp_path / "run")
    assert [event.step for event in on_npu] == [10, 20, 30, 40]
    whole = np.mean([event.value for event in losses(tiny_run[0])])
    assert np.mean([event.value for event in on_npu]) == pytest.approx(whole, abs=1e-4)


def test_a_skipped_device_loop_is_noticed(environment, tmp_path):
    flags = [f"--workdir={tmp_path}/run", "--iterations_per_loop=10"]
    done = run_npu(environment, "B", *flags, NPU_STAND_IN_SKIPS_LOOP="1")
    assert done.returncode == 2
    assert "advanced the global step by 1 in its first run; its loop was skipped" in done.stderr


def test_mixed_precision_profiling_and_dumps(environment, tmp_path):
    flags = ["--steps=2", "--precision_mode=allow_mix_precision", "--profiling", "--over_dump"]
    done = run_npu(environment, "A", *flags, f"--workdir={tmp_path}/run")
    assert done.returncode == 0, done.stderr
    assert {"npu_profiling", "npu_dump"} <= set(os.listdir(str(tmp_path / "run")))


def test_auto_says_why_it_does_not_take_the_npu_and_does_not_import_it(environment, tmp_path):
    (tmp_path / "bridge" / "npu_bridge" / "npu_init.py").write_text("raise SystemExit(9)\n")
    flags = [*NPU, "--device=auto", "--steps=1", f"--workdir={tmp_path}/run"]
    done = run_main(*flags, environment=environment, drawn=False)
    assert done.returncode == 0, done.stderr
    assert "Device: cpu (npu_bridge is installed, but CANN's set_env" in done.stdout


def test_auto_falls_back_with_a_reason_where_the_adapter_does_not_load(environment, tmp_path):
    (tmp_path / "bridge" / "npu_bridge" / "npu_init.py").write_text("raise OSError('libge.so')\n")
    flags = [*NPU, "--device=auto", "--steps=1", f"--workdir={tmp_path}/run"]
    sourced = {**environment, "ASCEND_OPP_PATH": "/opt/cann"}
    done = run_main(*flags, environment=sourced, drawn=False)
    assert done.returncode == 0, done.stderr
    assert "Device: cpu (" in done.stdout
    assert "libge.so" in done.stdout


def test_auto_takes_the_npu_where_cann_is_sourced(environment, tmp_path):
    flags = [*NPU, "--device=auto", "--steps=1", f"--workdir={tmp_path}/run"]
    sourced = {**environment, "ASCEND_OPP_PATH": "/opt/cann"}
    done = run_main(*flags, environment=sourced, drawn=False)
    assert done.returncode == 0, done.stderr
    assert "Device: npu" in done.stdout


def test_a_rank_other_than_0_trains_along_and_keeps_nothing(environment, tmp_path):
    """With one process of two there is nothing to average; what is tried is who writes."""
    table = tmp_path / "ranks.json"
    table.write_text("{}")
    cards = {"RANK_SIZE": "2", "RANK_TABLE_FILE": str(table)}
    other = run_npu(environment, "A", f"--workdir={tmp_path}/run", RANK_ID="1", **cards)
    assert other.returncode == 0, other.stderr
    assert other.stdout.count("Evaluating") == 0
    assert not (tmp_path / "run").exists()
    root = run_npu(environment, "A", f"--workdir={tmp_path}/run", RANK_ID="0", **cards)
    assert root.returncode == 0, root.stderr
    assert root.stdout.count("Evaluating") == 2


def test_optimizers_are_averaged_over_cards_then_scaled_by_one_manager(bridge):
    wrap = npu_configuration.wrapper(bridge, "allow_mix_precision", 8)
    own = [tf.train.GradientDescentOptimizer(0.1) for _ in range(2)]
    wrapped = wrap(own)
    assert bridge.NPUDistributedOptimizer.uses[-2:] == own
    assert all(isinstance(w, bridge.NPULossScaleOptimizer) for w in wrapped)
    one, other = bridge.NPULossScaleOptimizer.managers[-2:]
    assert one is other
    assert npu_configuration.wrapper(bridge, "", 1)(own) == own


@pytest.mark.parametrize(
    ("iterations", "wanted", "expected"),
    [(15000, 0, 1000), (5000, 0, 1000), (330, 0, 330), (1022, 0, 511), (997, 0, 997), (40, 10, 10)],
)
def test_the_loop_divides_the_iterations(iterations, wanted, expected):
    assert npu.loop_length(iterations, wanted) == expected


def test_workers_together_see_what_one_alone_sees():
    data = sources.load(DataSettings(toy_dataset_size=100, gmm_modes_num=2), 10, 8)
    weights = np.full(100, 0.01)
    whole = weighted.component_stream(data, weights, 8, 3, "normal", 1, 2)
    (alone,) = whole.chunks(0, 5, 5)
    parts = [next(whole.part(rank, 2).chunks(0, 5, 5)) for rank in range(2)]
    for name, array in alone.items():
        np.testing.assert_array_equal(np.concatenate([p[name] for p in parts], axis=1), array)
    folds = weighted.discriminator_stream(data, [np.arange(50)] * 2, alone["real"][0], 8, 0, 2)
    assert folds.part(1, 4).shapes["real"] == (2, 2, 2)
    with pytest.raises(UsageError, match="--batch_size=8: must divide among 3 workers"):
        whole.part(0, 3)


@pytest.mark.parametrize("release", ["A", "B"])
def test_a_stopped_component_goes_on_from_its_own_checkpoint(environment, tmp_path, release):
    flags = ["--steps=1", "--epochs=80", "--iterations_per_loop=10", "--checkpoint_seconds=0.01"]
    flags += ["--nounrolled", "--g_num_layers=1", "--d_num_layers=1"]
    whole, stopped = str(tmp_path / "whole"), str(tmp_path / "stopped")
    assert run_npu(environment, release, *flags, f"--workdir={whole}").returncode == 0
    variables = {**os.environ, **environment, "NPU_STAND_IN_RELEASE": release}
    command = [sys.executable, "main.py", *NPU, *flags, f"--workdir={stopped}"]
    process = subprocess.Popen(command, cwd=ROOT, env=variables, stderr=subprocess.PIPE, text=True)
    progress = os.path.join(stopped, "components", "01", "progress.json")
    while not os.path.exists(progress) and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 143
    assert error.count("\n") == 1
    with open(progress) as file:
        assert 0 < json.load(file)["iterations"] < 800
    done = run_npu(environment, release, *flags, f"--workdir={stopped}", drawn=True)
    assert done.returncode == 0, done.stderr
    expected, found = checkpoint_weights(whole, 1), checkpoint_weights(stopped, 1)
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)
    done = run_npu(environment, release, *flags, "--iterations_per_loop=20", f"--workdir={stopped}")
    assert "has finished" in done.stdout


def test_options_of_later_releases_reach_them_alone(bridge, tmp_path):
    """The stand-in is the release of July 2026 unless a run says otherwise."""
    ini = str(tmp_path / "operators.ini")
    settings = DeviceSettings(
        precision_mode_v2="mixed_float16", op_precision_mode=ini, jit_compile="false"
    )
    given = npu_configuration.of_later_releases(bridge, settings)
    assert given == {
        "precision_mode_v2": "mixed_float16",
        "op_precision_mode": ini,
        "jit_compile": "false",
        "deterministic": 1,
    }
    config = npu_configuration.run_config(bridge, settings, str(tmp_path), str(tmp_path), 10)
    assert config.given == given
    assert config.log_step_count_steps is None
    assert npu_configuration.of_later_releases(bridge, DeviceSettings()) == {"deterministic": 1}
    bridge.NPURunConfig = bridge.NPURunConfigB
    assert npu_configuration.of_later_releases(bridge, DeviceSettings()) == {}
    with pytest.raises(UsageError, match="--precision_mode_v2=mixed_float16: this release"):
        npu_configuration.of_later_releases(bridge, settings)
