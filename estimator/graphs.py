"""Training graphs that are built once and imported by every Estimator that trains one like it.

Building the graph of a GAN in Python takes six times as long as importing it, and XLA compiles
only graphs that are equal node by node no second time.
"""

from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Tuple

import numpy as np
import tensorflow as tf

from estimator import loops
from estimator.hooks import largest_weight
from input_fn import fixed
from input_fn.fixed import FixedInput
from input_fn.pipelines import COUNT

GLOBAL_STEP = "global_step"


class TrainingGraph(NamedTuple):
    """All of a training but its input and the global step, which each Estimator has of its own."""

    definition: tf.GraphDef
    saver: Any  # a SaverDef
    inputs: Dict[str, str]  # placeholders of the minibatches, and of points to predict for
    outputs: Dict[str, str]  # step, largest weight, both initialisations
    means: Dict[str, str]  # of the losses over a Session.run
    predictions: Dict[str, str]
    initialisers: Dict[str, Tuple[str, str]]  # by variable: the operation, and what it is fed
    of_global_step: List[str]  # its tensors that the graph uses


class Model(NamedTuple):
    """A training graph within an Estimator's."""

    step: tf.Tensor  # after a Session.run
    means: Dict[str, tf.Tensor]
    largest: tf.Tensor  # of the trained weights, after a Session.run
    asked: tf.Tensor  # [fixed.BATCH, *shape], fed with points to predict for
    predictions: Dict[str, tf.Tensor]
    saver: tf.train.Saver
    init_op: tf.Operation
    local_init_op: tf.Operation  # of what no checkpoint holds, the input among it
    initialisers: Dict[str, Tuple[str, str]]

    def start_from(self, session: tf.Session, values: Dict[str, np.ndarray]) -> None:
        """Sets variables, by name."""
        operations, fed = zip(*(self.initialisers[name] for name in values))
        session.run(operations, dict(zip(fed, values.values())))


def build(
    model_fn: Callable,
    params: Any,
    shapes: Dict[str, Tuple[int, ...]],
    chunk: int,
    points: FixedInput,
    compiled: bool,
) -> TrainingGraph:
    """Builds the loop around a model function's TRAIN mode, its PREDICT mode and what saves it.

    Args:
      model_fn: as `loops.looped` takes it.
      params: handed to the model function as {"params": params}.
      shapes: of the minibatches' features, each with a leading axis of the chunk.
      chunk: iterations to one Session.run at most.
      points: what to predict for; only its feature and shape count.
      compiled: see `loops.looped`.
    """
    with tf.Graph().as_default() as graph:
        tf.train.create_global_step()
        features = {
            name: tf.placeholder(tf.float32, (chunk, *shape)) for name, shape in shapes.items()
        }
        features[COUNT] = tf.placeholder(tf.int32, ())
        kept: Dict[str, Any] = {}

        def keep(step: tf.Tensor, means: Dict[str, tf.Tensor]) -> List[Any]:
            kept.update(step=step, means=means)
            return []

        def call(function: Callable, features: Dict[str, tf.Tensor], mode: str) -> Any:
            given = {"params": params}
            return function(features=features, labels=None, mode=mode, params=given, config=None)

        call(loops.looped(model_fn, keep, compiled), features, tf.estimator.ModeKeys.TRAIN)
        asked = tf.placeholder(tf.float32, (fixed.BATCH, *points.shape))
        with tf.variable_scope(tf.get_variable_scope(), reuse=True):
            spec = call(model_fn, {points.feature: asked}, tf.estimator.ModeKeys.PREDICT)
        own = [v for v in tf.global_variables() if v.op.name != GLOBAL_STEP]
        saver = tf.train.Saver(save_relative_paths=True, max_to_keep=None).as_saver_def()
        outputs = {
            "step": kept["step"],
            "largest": largest_weight(kept["step"]),
            "init_op": tf.group(*(variable.initializer for variable in own)),
            "local_init_op": tf.local_variables_initializer(),
        }
        definition, of_global_step = _without_global_step(graph.as_graph_def())
        return TrainingGraph(
            definition,
            saver,
            _names({**features, "": asked}),
            _names(outputs),
            _names(kept["means"]),
            _names(spec.predictions),
            {v.op.name: (v.initializer.name, v.initial_value.name) for v in own},
            of_global_step,
        )


def import_into(container: str, built: TrainingGraph, features: Dict[str, tf.Tensor]) -> Model:
    """Adds a training graph to the current one, which has a global step.

    Args:
      container: of its variables.
      built: the training graph.
      features: the minibatches.
    """
    graph = tf.get_default_graph()
    definition = tf.GraphDef()
    definition.CopyFrom(built.definition)
    for node in definition.node:
        if node.op == "VarHandleOp":
            node.attr["container"].s = container.encode()
    mapped = {built.inputs[name]: tensor for name, tensor in features.items()}
    mapped.update({name: graph.get_tensor_by_name(name) for name in built.of_global_step})
    tf.import_graph_def(definition, mapped, name="")

    def found(names: Dict[str, str]) -> Dict[str, Any]:
        return {name: graph.as_graph_element(full) for name, full in names.items()}

    outputs = found(built.outputs)
    return Model(
        outputs["step"],
        found(built.means),
        outputs["largest"],
        graph.get_tensor_by_name(built.inputs[""]),
        found(built.predictions),
        tf.train.Saver(saver_def=built.saver, save_relative_paths=True, max_to_keep=None),
        tf.group(outputs["init_op"], tf.train.get_global_step().initializer),
        tf.group(outputs["local_init_op"], tf.tables_initializer()),
        built.initialisers,
    )


def _names(elements: Dict[str, Any]) -> Dict[str, str]:
    return {name: element.name for name, element in elements.items()}


def _without_global_step(definition: tf.GraphDef) -> Tuple[tf.GraphDef, List[str]]:
    """The graph without the global step's own nodes, and which of their tensors it uses."""
    mine = {node.name for node in definition.node if node.name.split("/")[0] == GLOBAL_STEP}
    rest = [node for node in definition.node if node.name not in mine]
    used: Iterable[str] = {name for node in rest for name in node.input}
    outside = {name if ":" in name else f"{name}:0" for name in used if name.split(":")[0] in mine}
    kept = tf.GraphDef(node=rest, versions=definition.versions, library=definition.library)
    return kept, sorted(outside)
