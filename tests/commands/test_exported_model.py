"""Exports, loaded by fresh processes that do not know this project."""

import os
import subprocess
import sys

import numpy as np
import pytest

from tests.conftest import run_main

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
points = session.run(None, {name + ":0": array for name, array in feeds.items()})[0]
""",
}


BEFORE = """
import os, sys
import numpy as np
assert not any(os.path.exists(os.path.join(path, "boost")) for path in sys.path)
possible = ("latent", "component_uniform", "choice_uniform")
names = [n for n in possible if os.path.exists(n + ".npy")]
feeds = {n: np.load(n + ".npy") for n in names}
"""


AFTER = """
np.save("again.npy", points)
"""


def read_again(form, directory):
    """The exported model's points, computed by a fresh process in its directory."""
    variables = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", BEFORE + READERS[form] + AFTER],
        cwd=directory,
        env={**variables, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return np.load(os.path.join(directory, "again.npy")), done.stdout


@pytest.mark.parametrize("form", sorted(READERS))
def test_the_mixture_gives_the_points_of_sample(tiny_run, tmp_path, form):
    workdir, _ = tiny_run
    directory, sampled = str(tmp_path / form), str(tmp_path / "sampled.npy")
    done = run_main(
        "--mode=export",
        f"--format={form}",
        f"--workdir={workdir}",
        f"--export_dir={directory}",
        "--seed=5",
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    run_main(
        "--mode=sample",
        f"--workdir={workdir}",
        "--num_samples=5000",
        "--seed=5",
        f"--output={sampled}",
    )
    again, printed = read_again(form, directory)
    np.testing.assert_allclose(again, np.load(sampled), atol=TOLERANCE)
    np.testing.assert_array_equal(
        np.load(os.path.join(directory, "expected.npy")), np.load(sampled)
    )
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
