"""Training graphs that are built once and imported by every Estimator that trains one like it.

Building the graph of a GAN in Python takes six times as long as importing it, and XLA compiles
only graphs that are equal node by node no second time.
"""

from typing import Any, Dict, Iterable, List, NamedTuple, Tuple

import numpy as np
import tensorflow as tf

from estimator import loops
from estimator.engine import Training
from estimator.hooks import Measured, largest_weight
from input_fn import fixed
from input_fn.pipelines import COUNT

GLOBAL_STEP = "global_step"
POINTS = ""
"""What the input of points to predict for is called, which no feature is."""


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

    measured: Measured
    points: tf.Tensor  # [fixed.BATCH, *shape], fed with those to predict for
    predictions: Dict[str, tf.Tensor]
    saver: tf.train.Saver
    init_op: tf.Operation
    local_init_op: tf.Operation  # of what no checkpoint holds, the input among it
    initialisers: Dict[str, Tuple[str, str]]

    def start_from(self, session: tf.Session, values: Dict[str, np.ndarray]) -> None:
        """Sets variables, by name."""
        operations, fed = zip(*(self.initialisers[name] for name in values))
        session.run(operations, dict(zip(fed, values.values())))


def build(training: Training, chunk: int, compiled: bool) -> TrainingGraph:
    """Builds the loop around a model function's TRAIN mode, its PREDICT mode and what saves it.

    Args:
      training: a model function and its params; of the stream and the points to predict for only
        names and shapes count.
      chunk: iterations to one Session.run at most: the leading axis of the minibatches, whose
        features are [chunk, *shape].
      compiled: see `loops.looped`.
    """
    with tf.Graph().as_default() as graph:
        tf.train.create_global_step()
        features = {
            name: tf.placeholder(tf.float32, (chunk, *shape))
            for name, shape in training.stream.shapes.items()
        }
        features[COUNT] = tf.placeholder(tf.int32, ())
        step, means = _train_mode(training, features, compiled)
        points = tf.placeholder(tf.float32, (fixed.BATCH, *training.predict_for.shape))
        predictions = predict_mode(training, points)
        own = [v for v in tf.global_variables() if v.op.name != GLOBAL_STEP]
        saver = tf.train.Saver(save_relative_paths=True, max_to_keep=None).as_saver_def()
        outputs = {
            "step": step,
            "largest": largest_weight(step),
            "init_op": tf.group(*(variable.initializer for variable in own)),
            "local_init_op": tf.local_variables_initializer(),
        }
        definition, of_global_step = _without_global_step(graph.as_graph_def())
        return TrainingGraph(
            definition=definition,
            saver=saver,
            inputs=_names({**features, POINTS: points}),
            outputs=_names(outputs),
            means=_names(means),
            predictions=_names(predictions),
            initialisers={v.op.name: (v.initializer.name, v.initial_value.name) for v in own},
            of_global_step=of_global_step,
        )


def import_into(container: str, built: TrainingGraph, features: Dict[str, tf.Tensor]) -> Model:
    """Adds a training graph to the current one, which has a global step.

    Args:
      container: of its variables.
      built: the training graph.
      features: the minibatches.
    """
    graph = tf.get_default_graph()
    # A copy, as other trainings import the same graph; and trainings share devices, on which
    # variables of the same name and container are one.
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
        measured=Measured(outputs["step"], found(built.means), outputs["largest"]),
        points=graph.get_tensor_by_name(built.inputs[POINTS]),
        predictions=found(built.predictions),
        saver=tf.train.Saver(saver_def=built.saver, save_relative_paths=True, max_to_keep=None),
        init_op=tf.group(outputs["init_op"], tf.train.get_global_step().initializer),
        local_init_op=tf.group(outputs["local_init_op"], tf.tables_initializer()),
        initialisers=built.initialisers,
    )


def _train_mode(
    training: Training, features: Dict[str, tf.Tensor], compiled: bool
) -> Tuple[tf.Tensor, Dict[str, tf.Tensor]]:
    """The global step after a Session.run, and the losses' means over it."""
    kept: List[Tuple[tf.Tensor, Dict[str, tf.Tensor]]] = []

    def keep(step: tf.Tensor, means: Dict[str, tf.Tensor]) -> List[Any]:
        kept.append((step, means))
        return []  # hooks belong to the Estimators that import the graph

    loops.looped(training.model_fn, keep, compiled)(
        features=features,
        labels=None,
        mode=tf.estimator.ModeKeys.TRAIN,
        params={"params": training.params},
        config=None,
    )
    (found,) = kept
    return found


def predict_mode(training: Training, points: tf.Tensor) -> Dict[str, tf.Tensor]:
    """Predictions for points [fixed.BATCH, *shape], by the variables that are trained."""
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        spec = training.model_fn(
            features={training.predict_for.feature: points},
            labels=None,
            mode=tf.estimator.ModeKeys.PREDICT,
            params={"params": training.params},
            config=None,
        )
    return spec.predictions


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
