"""Exports, loaded by processes that do not know this project."""

import json
import os
import subprocess

import numpy as np
import pytest
import tensorflow as tf

from estimator.literal import literal
from input_fn import sources
from input_fn.settings import DataSettings
from storage.workdir import Workdir
from tests.boost import tables
from tests.conftest import BARE, run_main

TOLERANCE = 1e-4  # of points that lie within 20 units


READERS = {
    "ckpt": """
import tensorflow as tf
with tf.Session() as session:
    saver = tf.train.import_meta_graph("model.ckpt.meta")
    saver.restore(session, "model.ckpt")
    points = session.run("points:0", {name + ":0": array for name, array in feeds.items()})
    names = [v.op.name for v in tf.global_variables()]
print(sorted(names))
""",
    "saved_model": """
import tensorflow as tf
with tf.Session(graph=tf.Graph()) as session:
    loaded = tf.saved_model.load(session, ["serve"], "saved_model")
    use = loaded.signature_def["sample"]
    given = {use.inputs[name].name: array for name, array in feeds.items()}
    points = session.run(use.outputs["points"].name, given)
    if "density_ratio" in loaded.signature_def:
        use = loaded.signature_def["density_ratio"]
        given = {use.inputs["points_in"].name: points}
        ratios = session.run(use.outputs["density_ratio"].name, given)
        assert ratios.shape == (len(points),) and (ratios > 0).all()
""",
    "frozen": """
import tensorflow as tf
definition = tf.GraphDef()
definition.ParseFromString(open("model.pb", "rb").read())
noise = np.fromfile("noise.bin", "<f4").reshape(feeds["latent"].shape)
np.testing.assert_array_equal(noise, feeds["latent"])
with tf.Session(graph=tf.Graph()) as session:
    tf.import_graph_def(definition, name="")
    assert all(shape.is_fully_defined() for shape in (
        session.graph.get_tensor_by_name(name + ":0").shape for name in [*feeds, "points"]))
    points = session.run("points:0", {name + ":0": array for name, array in feeds.items()})
""",
    "onnx": """
import onnxruntime
session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
points = session.run(["points"], feeds)[0]
assert {given.name for given in session.get_inputs()} == set(feeds)
""",
}


BEFORE = """
import os, sys
import numpy as np
assert not any(os.path.exists(os.path.join(path, "boost")) for path in sys.path)
assert "boost" not in sys.modules
possible = ("latent", "component_uniform", "choice_uniform")
names = [n for n in possible if os.path.exists(n + ".npy")]
feeds = {n: np.load(n + ".npy") for n in names}
"""


AFTER = """
np.save("again.npy", points)
"""


def read_again(form, directory):
    """The exported model's points, computed in its directory by a process without this project."""
    variables = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    script = os.path.join(directory, "read.py")
    with open(script, "w") as file:
        file.write(BEFORE + READERS[form] + AFTER)
    done = BARE.run([script], directory, {**variables, "TF_CPP_MIN_LOG_LEVEL": "3"})
    assert done.returncode == 0, done.stderr
    return np.load(os.path.join(directory, "again.npy")), done.stdout


def exported(run, directory, form):
    """The directory of an export of a run."""
    made = str(directory / form)
    flags = [f"--format={form}", f"--workdir={run}", f"--export_dir={made}", "--seed=5"]
    done = run_main("--mode=export", *flags)
    assert (done.returncode, done.stderr) == (0, "")
    return made


def sampled(run, directory):
    """5000 points of `--mode=sample` with the same seed."""
    path = str(directory / "sampled.npy")
    flags = ["--num_samples=5000", "--seed=5", f"--workdir={run}", f"--output={path}"]
    done = run_main("--mode=sample", *flags)
    assert (done.returncode, done.stderr) == (0, "")
    return np.load(path)


@pytest.fixture(scope="module")
def sampled_points(tiny_run, tmp_path_factory):
    return sampled(tiny_run[0], tmp_path_factory.mktemp("sampled"))


@pytest.fixture(scope="module")
def sampled_table(trained_table, tmp_path_factory):
    return sampled(trained_table, tmp_path_factory.mktemp("sampled table"))


@pytest.mark.parametrize("form", sorted(READERS))
def test_the_mixture_gives_the_points_of_sample(tiny_run, sampled_points, tmp_path, form):
    directory = exported(tiny_run[0], tmp_path, form)
    again, printed = read_again(form, directory)
    np.testing.assert_allclose(again, sampled_points, atol=TOLERANCE)
    expected = np.load(os.path.join(directory, "expected.npy"))
    np.testing.assert_array_equal(expected, sampled_points)
    if form == "ckpt":
        assert "component_02/generator/layer0/kernel" in printed
        assert "optimizer" not in printed


@pytest.mark.parametrize("form", ["ckpt", "onnx"])
def test_a_component_alone(tiny_run, tmp_path, form):
    workdir, _ = tiny_run
    directory = str(tmp_path / form)
    done = run_main(
        "--mode=export",
        f"--format={form}",
        "--component=2",
        f"--workdir={workdir}",
        f"--export_dir={directory}",
    )
    assert done.returncode == 0, done.stderr
    assert not os.path.exists(os.path.join(directory, "component_uniform.npy"))
    again, _ = read_again(form, directory)
    expected = np.load(os.path.join(directory, "expected.npy"))
    np.testing.assert_allclose(again, expected, atol=TOLERANCE)


@pytest.mark.parametrize("form", sorted(READERS))
def test_a_refined_sampler_chooses_as_the_checkpoints_do(refined_run, tmp_path, form):
    directory = str(tmp_path / form)
    done = run_main(
        "--mode=export",
        "--refine",
        f"--format={form}",
        f"--workdir={refined_run[0]}",
        f"--export_dir={directory}",
    )
    assert done.returncode == 0, done.stderr
    again, _ = read_again(form, directory)
    expected = np.load(os.path.join(directory, "expected.npy"))
    assert expected.shape == (100, 2)
    np.testing.assert_allclose(again, expected, atol=TOLERANCE)


def test_the_scripts_for_the_card_name_the_shapes(tiny_run, tmp_path):
    workdir, _ = tiny_run
    directory = tmp_path / "frozen"
    run_main(
        "--mode=export", "--format=frozen", f"--workdir={workdir}", f"--export_dir={directory}"
    )
    script = (directory / "convert_and_run.sh").read_text()
    assert '--input_shape="latent:5000,5;component_uniform:5000"' in script
    assert '--out_nodes="points:0"' in script
    assert "must_keep_origin_dtype" in script  # atc's own default is fp16, and expected.npy is not
    assert subprocess.run(["bash", "-n", str(directory / "convert_and_run.sh")]).returncode == 0


@pytest.mark.parametrize("form", sorted(READERS))
def test_of_a_table_the_model_gives_the_rows_of_sample(
    trained_table, sampled_table, tmp_path, form
):
    directory = exported(trained_table, tmp_path, form)
    expected = np.load(os.path.join(directory, "expected.npy"))
    np.testing.assert_array_equal(expected, sampled_table)
    again, _ = read_again(form, directory)
    assert again.dtype == expected.dtype == np.float64
    assert again.shape == (5000, 5)
    # A number halfway between two of its column's may come out as either.
    close = np.isclose(again, expected, rtol=0, atol=[0, 0, 0, 1e-9, 1e-3])
    assert close.mean(axis=0).min() > 0.999
    with open(os.path.join(directory, "columns.json")) as file:
        told = json.load(file)
    assert [column["name"] for column in told] == list(tables.NAMES)
    assert told[1]["categories"] == list(tables.TOWNS)
    assert told[2]["constant"] == 7
    data = tables.columns_of()
    for column in (0, 3, 4):
        values = data[tables.NAMES[column]]
        assert told[column]["range"] == [values.min(), values.max()]


def test_an_exported_density_ratio_of_rows_is_what_weighed_them(trained_table, tmp_path):
    """By Theorem 1: N beta weight + (1 - beta) ratio is lambda* wherever there is weight."""
    directory = exported(trained_table, tmp_path, "saved_model")
    columns = dict(tables.columns_of())
    columns["town"] = np.searchsorted(tables.TOWNS, columns["town"])
    rows = np.stack([columns[name] for name in tables.NAMES], axis=1)
    with tf.Session(graph=tf.Graph()) as session, literal(directory) as plain:
        loaded = tf.saved_model.load(session, ["serve"], os.path.join(plain, "saved_model"))
        use = loaded.signature_def["density_ratio"]
        given = {use.inputs["points_in"].name: rows.astype(float)}
        ratios = session.run(use.outputs["density_ratio"].name, given)
    record = Workdir(trained_table).read_state().steps[1]
    data_weights = np.load(os.path.join(trained_table, record.data_weights))
    tables.write(tmp_path / "x.csv")
    given = DataSettings(dataset="file", data_file=str(tmp_path / "x.csv"))
    ratios = ratios[sources.load(given, 2500, 64).train_rows]
    excess = record.lambda_star - (1 - record.beta) * ratios
    expected = np.maximum(excess, 0) / (record.beta * len(ratios))
    assert (data_weights > 0).any()
    np.testing.assert_allclose(data_weights, expected, rtol=1e-3, atol=1e-5)
