"""The whole program in fresh processes: what a run leaves, going on with it, and using it."""

import filecmp
import json
import os
import shutil

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.conftest import TINY, run_main
from tests.whole_runs import metrics_of


def test_a_run_logs_and_leaves_what_it_should(tiny_run):
    workdir, printed = tiny_run
    lines = printed.splitlines()
    assert sum(line.startswith("Evaluating: log_p=") for line in lines) == 2
    assert "Component 2/2: 100% 40/40" in printed
    assert "\r" not in printed
    assert sorted(os.listdir(workdir)) == sorted(
        [name for name in os.listdir(workdir) if name.startswith("events.out.tfevents.")]
        + ["components", "lock", "metrics.csv", "perfect_sampler", "plots", "report.html"]
        + ["settings.json", "state.json"]
    )
    for number in ("01", "02"):
        names = os.listdir(os.path.join(workdir, "components", number))
        assert {"checkpoint", "data_weights.npy", "model.ckpt-40.index"} <= set(names)
        assert any(name.startswith("events.out.tfevents.") for name in names)
        weights = np.load(os.path.join(workdir, "components", number, "data_weights.npy"))
        assert weights.shape == (640,)
        assert weights.sum() == pytest.approx(1)
    plots = os.listdir(os.path.join(workdir, "plots"))
    assert sorted(plots) == sorted(
        ["calibration_02.png", "metrics.png", "mixture_weights.png", "step_01.png", "step_02.png"]
        + ["regions.png", "metrics.svg", "last_step.svg"]
    )
    with open(os.path.join(workdir, "state.json")) as file:
        state = json.load(file)
    assert state["mixture_weights"] == [0.5, 0.5]
    assert len(metrics_of(workdir)) == 2


def test_tensorboard_shows_the_mixture_and_the_components(tiny_run):
    workdir, _ = tiny_run
    top = EventAccumulator(workdir).Reload()
    tags = top.Tags()
    assert {"adagan/log_p", "adagan/coverage", "adagan/modes"} <= set(tags["scalars"])
    assert [event.step for event in top.Scalars("adagan/log_p")] == [1, 2]
    logged = [float(row["log_p"]) for row in metrics_of(workdir)]
    np.testing.assert_allclose(
        [event.value for event in top.Scalars("adagan/log_p")], logged, rtol=1e-6
    )
    assert {"plots/step", "plots/calibration", "plots/metrics"} <= set(tags["images"])
    for name in ("unseen_ratio", "error"):
        (event,) = top.Scalars(f"calibration/{name}")
        assert event.step == 2
        row = metrics_of(workdir)[1]
        assert event.value == pytest.approx(float(row[f"calibration_{name}"]), rel=1e-6)
    assert tags["histograms"] == ["boosting/data_weights_times_n"]
    component = EventAccumulator(os.path.join(workdir, "components", "01")).Reload()
    assert {"loss/discriminator_loss", "loss/generator_loss"} <= set(component.Tags()["scalars"])
    perfect = EventAccumulator(os.path.join(workdir, "perfect_sampler")).Reload()
    assert "adagan/log_p" in perfect.Tags()["scalars"]


def test_a_finished_run_does_nothing(tiny_run, tmp_path):
    workdir = str(tmp_path / "run")  # others may be looking at that one
    shutil.copytree(tiny_run[0], workdir)
    before = os.stat(os.path.join(workdir, "state.json")).st_mtime_ns
    done = run_main(*TINY, f"--workdir={workdir}")
    assert done.returncode == 0
    assert "has finished its 2 steps" in done.stdout
    assert os.stat(os.path.join(workdir, "state.json")).st_mtime_ns == before


def test_a_run_stopped_after_a_step_goes_on_to_the_same_result(tiny_run, begun_run, tmp_path):
    workdir, _ = tiny_run
    other = str(tmp_path / "run")
    shutil.copytree(begun_run, other)
    os.makedirs(os.path.join(other, "components", "02", "half"))  # what a kill may leave
    second = run_main(*TINY, f"--workdir={other}")
    assert second.returncode == 0, second.stderr
    assert "Going on after step 1" in second.stdout
    assert metrics_of(other) == metrics_of(workdir)
    for name in ("01/data_weights.npy", "02/data_weights.npy", "02/model.ckpt-40.index"):
        paths = [os.path.join(place, "components", name) for place in (workdir, other)]
        assert filecmp.cmp(*paths, shallow=False), name
    top = EventAccumulator(other).Reload()
    assert [event.step for event in top.Scalars("adagan/log_p")] == [1, 2]


def test_samples_are_fresh_and_repeatable_and_survive_a_move(tiny_run, tmp_path):
    workdir, _ = tiny_run
    moved = str(tmp_path / "moved")
    shutil.copytree(workdir, moved)

    def sample(*extra, name="x.npy", where=moved):
        output = str(tmp_path / name)
        done = run_main(
            "--mode=sample",
            f"--workdir={where}",
            "--num_samples=5000",
            f"--output={output}",
            *extra,
        )
        assert done.returncode == 0, done.stderr
        return output

    one = np.load(sample())
    assert one.shape == (5000, 2)
    assert one.dtype == np.float32
    assert len(np.unique(one, axis=0)) == 5000
    np.testing.assert_array_equal(np.load(sample(where=workdir)), one)
    assert not np.array_equal(np.load(sample("--seed=9")), one)
    table = np.loadtxt(sample(name="x.csv"), delimiter=",", skiprows=1)
    np.testing.assert_allclose(table, one, rtol=1e-6)


def test_evaluate_prints_one_draw_and_medians(tiny_run):
    workdir, _ = tiny_run
    output = f"{workdir}.json"
    done = run_main(
        "--mode=evaluate", f"--workdir={workdir}", "--gmm_modes_num=3", f"--output={output}"
    )
    assert done.returncode == 0, done.stderr
    with open(output) as file:
        draws = json.load(file)
    assert len(draws) == 20
    assert f"log_p={np.median([draw['log_p'] for draw in draws]):.2f} [" in done.stdout
    number = r"-?[\d.]+"
    band = rf"{number} \[{number}, {number}\]"
    import re

    assert re.search(rf"^Evaluating: log_p={number}, C={number}$", done.stdout, re.M)
    assert re.search(
        rf"^Median of 20 draws: log_p={band}, C={band}, modes={band}, "
        rf"high_quality={band}, reverse_kl={band}, width={band}$",
        done.stdout,
        re.M,
    )


def test_bagging_trains_on_the_data_as_they_are(tmp_path):
    workdir = str(tmp_path / "run")
    flags = [*TINY, "--is_bagging", "--beta_heur=constant", f"--workdir={workdir}"]
    done = run_main(*flags, drawn=False)
    assert done.returncode == 0, done.stderr
    assert "Mixture discriminator" not in done.stdout
    rows = metrics_of(workdir)
    assert [row["beta"] for row in rows] == ["1.0", "0.5"]
    assert [row["zero_weight"] for row in rows] == ["0.0", "0.0"]


@pytest.mark.parametrize(
    ("shape", "steps", "pictures"), [((1,), 2, 10), ((8, 8), 1, 6), ((4, 4, 3), 2, 8)]
)
def test_a_users_own_points_of_any_shape_and_scale(tmp_path, shape, steps, pictures):
    """A table has a picture of its columns each step, a first step none of density ratios."""
    points = np.random.RandomState(0).randn(400, *shape) * 1e4 + 3e5
    np.save(str(tmp_path / "points.npy"), points)
    workdir, output = str(tmp_path / "run"), str(tmp_path / "new.npy")
    done = run_main(
        *TINY, "--dataset=file", f"--data_file={tmp_path}/points.npy", f"--workdir={workdir}",
        "--mixture_c_folds=2", "--weights_heur=theory_dagger", f"--steps={steps}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Only 80 points are held out" in done.stdout
    assert len(os.listdir(os.path.join(workdir, "plots"))) == pictures
    sampled = run_main("--mode=sample", f"--workdir={workdir}", f"--output={output}")
    assert sampled.returncode == 0, sampled.stderr
    new = np.load(output)
    assert new.shape == (10000, *shape)
    assert 2e5 < new.mean() < 4e5
    assert run_main("--mode=evaluate", f"--workdir={workdir}").returncode == 0
