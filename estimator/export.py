"""Writes a model for inference: checkpoint, SavedModel, frozen graph, ONNX."""

import logging
import os
from typing import Any, Callable, Dict, List, NamedTuple

import numpy as np
import tensorflow as tf

FROZEN_BATCH = 5000
"""Samples a run of the frozen and the ONNX model, as in the published offline inference."""
ONNX_OPSET = 13

Tensors = Dict[str, tf.Tensor]


class Signature(NamedTuple):
    """One use of a model: adds its graph to the default graph and names its tensors."""

    build: Callable[[int], Tensors]  # from a static batch size, or 0 for any
    inputs: List[str]
    output: str


def write(
    form: str,
    directory: str,
    signatures: Dict[str, Signature],
    feeds: Dict[str, np.ndarray],
    expected: np.ndarray,
) -> List[str]:
    """Writes a model and what is needed to check it.

    Args:
      form: ckpt, saved_model, frozen or onnx.
      directory: an empty one.
      signatures: uses of the model; "sample" is the one that every format holds.
      feeds: an example of the inputs of "sample", FROZEN_BATCH rows.
      expected: its output.

    Returns:
      Lines that say what was written.
    """
    np.save(os.path.join(directory, "expected.npy"), expected)
    for name, array in feeds.items():
        np.save(os.path.join(directory, f"{name}.npy"), array)
    with tf.Graph().as_default(), tf.Session() as session:
        if form in ("frozen", "onnx"):
            tensors = {"sample": signatures["sample"].build(FROZEN_BATCH)}
        else:
            tensors = {name: signature.build(0) for name, signature in signatures.items()}
        session.run(tf.global_variables_initializer())
        writer = {"ckpt": _ckpt, "saved_model": _saved_model, "frozen": _frozen, "onnx": _onnx}
        return writer[form](directory, session, signatures, tensors, feeds)


def _ckpt(
    directory: str,
    session: tf.Session,
    signatures: Dict[str, Signature],
    tensors: Dict[str, Tensors],
    feeds: Dict[str, np.ndarray],
) -> List[str]:
    path = os.path.join(directory, "model.ckpt")
    tf.train.Saver(save_relative_paths=True).save(session, path)
    return [f"{path}: variables by name, and the graph with its inputs and outputs in .meta"]


def _saved_model(
    directory: str,
    session: tf.Session,
    signatures: Dict[str, Signature],
    tensors: Dict[str, Tensors],
    feeds: Dict[str, np.ndarray],
) -> List[str]:
    path = os.path.join(directory, "saved_model")
    builder = tf.saved_model.Builder(path)
    definitions = {
        name: tf.saved_model.signature_def_utils.predict_signature_def(
            {key: tensors[name][key] for key in signature.inputs},
            {signature.output: tensors[name][signature.output]},
        )
        for name, signature in signatures.items()
    }
    builder.add_meta_graph_and_variables(
        session, [tf.saved_model.tag_constants.SERVING], signature_def_map=definitions
    )
    builder.save()
    return [f"{path}: signatures {', '.join(sorted(definitions))}"]


def _frozen_graph(session: tf.Session, output: str) -> tf.GraphDef:
    graph = session.graph.as_graph_def()
    return tf.graph_util.convert_variables_to_constants(session, graph, [output])


def _frozen(
    directory: str,
    session: tf.Session,
    signatures: Dict[str, Signature],
    tensors: Dict[str, Tensors],
    feeds: Dict[str, np.ndarray],
) -> List[str]:
    signature = signatures["sample"]
    with open(os.path.join(directory, "model.pb"), "wb") as file:
        file.write(_frozen_graph(session, signature.output).SerializeToString())
    files = {"latent": "noise.bin"}
    for name in signature.inputs:
        feeds[name].astype("<f4").tofile(os.path.join(directory, files.get(name, f"{name}.bin")))
    shapes = ";".join(f"{n}:{','.join(map(str, feeds[n].shape))}" for n in signature.inputs)
    given = ",".join(files.get(name, f"{name}.bin") for name in signature.inputs)
    script = os.path.join(directory, "convert_and_run.sh")
    with open(script, "w") as file:
        file.write(
            f"""#!/usr/bin/env bash
# Converts the frozen graph for an Ascend card and runs it; needs CANN's atc, and msame.
# Written from their documents, not run: no card was at hand. The output should equal expected.npy
# to about 1e-4, as nothing is computed in fp16, which is atc's default. Where a card has no such
# operators, PRECISION=allow_fp32_to_fp16 computes matrix products in fp16: three digits at most.
# SOC_VERSION names the chip.
set -euo pipefail
cd "$(dirname "$0")"
atc --model=model.pb --framework=3 --output=model --soc_version="${{SOC_VERSION:-Ascend310}}" \\
    --precision_mode="${{PRECISION:-must_keep_origin_dtype}}" \\
    --input_shape="{shapes}" --out_nodes="{signature.output}:0"
msame --model model.om --input {given} --output output --outfmt TXT
"""
        )
    os.chmod(script, 0o755)
    return [f"{directory}/model.pb: batches of {FROZEN_BATCH}; {script} converts and runs it"]


def _onnx(
    directory: str,
    session: tf.Session,
    signatures: Dict[str, Signature],
    tensors: Dict[str, Tensors],
    feeds: Dict[str, np.ndarray],
) -> List[str]:
    import onnx
    import tf2onnx

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    signature = signatures["sample"]
    graph = _frozen_graph(session, signature.output)
    model, _ = tf2onnx.convert.from_graph_def(
        graph,
        input_names=[f"{name}:0" for name in signature.inputs],
        output_names=[f"{signature.output}:0"],
        opset=ONNX_OPSET,
    )
    for name in [*signature.inputs, signature.output]:
        _rename(model.graph, f"{name}:0", name)
    path = os.path.join(directory, "model.onnx")
    onnx.save(model, path)
    return [f"{path}: batches of {FROZEN_BATCH}, opset {ONNX_OPSET}"]


def _rename(graph: Any, before: str, name: str) -> None:
    """Gives an input or output of an ONNX graph another name."""
    for tensor in [*graph.input, *graph.output]:
        if tensor.name == before:
            tensor.name = name
    for node in graph.node:
        for names in (node.input, node.output):
            for index, each in enumerate(names):
                if each == before:
                    names[index] = name
