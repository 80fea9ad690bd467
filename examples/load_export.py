"""Draws from an export without this project: python load_export.py DIRECTORY [ROWS].

Needs numpy, and TensorFlow for ckpt, saved_model and frozen, or ONNX Runtime for onnx. Prints the
first rows as JSON; of a table with names, and with texts for categories.
"""

import json
import os
import sys

import numpy as np


def inputs(directory, rows, rng):
    """Fresh inputs: `latent` noise, and uniform numbers that choose components and proposals."""
    found = {}
    for name in ("latent", "component_uniform", "choice_uniform"):
        path = os.path.join(directory, f"{name}.npy")
        if os.path.exists(path):
            example = np.load(path)
            per_row = len(example) / len(np.load(os.path.join(directory, "expected.npy")))
            shape = (int(rows * per_row), *example.shape[1:])
            draw = rng.standard_normal if name == "latent" else rng.random_sample
            found[name] = draw(shape).astype(np.float32)
    return found


def points(directory, feeds):
    """What the model makes of them."""
    if os.path.exists(os.path.join(directory, "model.onnx")):
        import onnxruntime

        session = onnxruntime.InferenceSession(os.path.join(directory, "model.onnx"))
        return session.run(["points"], feeds)[0]
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default(), tf.Session() as session:
        if os.path.isdir(os.path.join(directory, "saved_model")):
            tf.saved_model.loader.load(session, ["serve"], os.path.join(directory, "saved_model"))
        elif os.path.exists(os.path.join(directory, "model.pb")):
            definition = tf.GraphDef()
            with open(os.path.join(directory, "model.pb"), "rb") as file:
                definition.ParseFromString(file.read())
            tf.import_graph_def(definition, name="")
        else:
            path = os.path.join(directory, "model.ckpt")
            tf.train.import_meta_graph(f"{path}.meta").restore(session, path)
        return session.run("points:0", {f"{name}:0": value for name, value in feeds.items()})


def named(directory, rows):
    """Rows of a table by the names of its columns, None for missing numbers; others as they are."""
    path = os.path.join(directory, "columns.json")
    if not os.path.exists(path):
        return rows.tolist()
    with open(path, encoding="utf-8") as file:
        columns = json.load(file)

    def cell(column, value):
        if "categories" in column:
            return column["categories"][int(value)]
        return None if np.isnan(value) else value

    return [
        {column["name"]: cell(column, value) for column, value in zip(columns, row)}
        for row in rows.tolist()
    ]


def main(directory, rows=5):
    """Frozen and ONNX models take as many rows as their example has."""
    os.chdir(directory)  # TensorFlow takes brackets in a path for a pattern
    expected = len(np.load("expected.npy"))
    fixed = os.path.exists("model.pb") or os.path.exists("model.onnx")
    made = points(".", inputs(".", expected if fixed else rows, np.random.RandomState()))
    print(json.dumps(named(".", made[:rows])))


if __name__ == "__main__":
    if len(sys.argv) < 2 or not os.path.isdir(sys.argv[1]):
        sys.exit(__doc__)
    main(sys.argv[1], *map(int, sys.argv[2:]))
