"""Many iterations to one Session.run: wrappers around any model function.

The wrapped model function trains one iteration a train op. The wrapper runs it K times inside one
graph loop over a chunk of K iterations' input, compiled by XLA, as TPU loops do: optimizers act on
resource variables inside the loop, and the global step advances by K. For a device that loops by
itself, `accumulated` adds up the reports alone.
"""

import functools
from typing import Any, Callable, Dict, List

import tensorflow as tf

from input_fn.pipelines import COUNT


def why_no_xla() -> str:
    """Why XLA compiles nothing here: it is left out of some builds of TensorFlow; "" if it does."""
    try:
        with tf.Graph().as_default(), tf.Session() as session:
            session.run(tf.xla.experimental.compile(lambda one: [one + 1], [tf.constant(1)]))
    except (tf.errors.OpError, ValueError) as error:  # no kernel; no such operation
        return str(error).strip().split("\n")[0]
    return ""


def looped(
    model_fn: Callable[..., tf.estimator.EstimatorSpec],
    hooks: Callable[..., List],
    compiled: bool = True,
) -> Callable:
    """A model function whose TRAIN mode runs a chunk of iterations.

    The number of iterations is read from the input, so that a last, partial chunk needs no second
    compilation. Other modes pass through.

    Args:
      model_fn: one iteration, whose spec's `predictions` are scalars to report and whose train op
        advances the global step by one. Its variables must be resource variables.
      hooks: `hooks(step, means)` makes the training hooks from the tensors of the global step
        after a chunk and of the reported scalars' means over it.
      compiled: by XLA; the loop runs without as well, several times slower.

    Returns:
      A model function; its TRAIN features are those of `model_fn` with a leading chunk axis, and
      COUNT, a scalar int32.
    """

    def looped_model_fn(
        features: Dict[str, tf.Tensor], labels: None, mode: str, params: Dict[str, Any], config: Any
    ) -> tf.estimator.EstimatorSpec:
        call = functools.partial(model_fn, labels=labels, mode=mode, params=params, config=config)
        if mode != tf.estimator.ModeKeys.TRAIN:
            return call(features=features)
        loop = _Loop(call)
        means = loop.means(features, compiled)
        train_op = tf.group(*means.values())
        with tf.control_dependencies([train_op]):
            step = tf.identity(tf.train.get_global_step().read_value())
        (spec,) = loop.specs
        # Everything has just been initialised: the default checks would only cost time.
        nothing = tf.constant([], tf.string)
        return tf.estimator.EstimatorSpec(
            mode,
            loss=means[min(means)],
            train_op=train_op,
            training_hooks=hooks(step, means),
            scaffold=tf.train.Scaffold(
                init_fn=lambda _, session: spec.scaffold.init_fn(session),
                ready_op=nothing,
                ready_for_local_init_op=nothing,
            ),
        )

    return looped_model_fn


class _Loop:
    """A chunk of iterations as one loop of the graph, and the sums of what they report."""

    def __init__(self, call: Callable[..., tf.estimator.EstimatorSpec]):
        """Args: one iteration on its features."""
        self._call = call
        self._sums: Dict[str, tf.Variable] = {}
        self.specs: List[tf.estimator.EstimatorSpec] = []  # of the loop's body, which is built once

    def means(self, features: Dict[str, tf.Tensor], compiled: bool) -> Dict[str, tf.Tensor]:
        """Runs a chunk of iterations: the means of what they report, by name in its order."""
        names = sorted(set(features) - {COUNT})

        def whole_chunk(count: tf.Tensor, *arrays: tf.Tensor) -> List[tf.Tensor]:
            return self._run(count, dict(zip(names, arrays)))

        inputs = [features[COUNT]] + [features[name] for name in names]
        if compiled:
            results = tf.xla.experimental.compile(whole_chunk, inputs)
        else:
            results = whole_chunk(*inputs)
        return dict(zip(sorted(self._sums), results))

    def _run(self, count: tf.Tensor, chunk: Dict[str, tf.Tensor]) -> List[tf.Tensor]:
        done = tf.while_loop(
            lambda index: index < count,
            lambda index: self._one_iteration(index, chunk),
            [tf.constant(0)],
            parallel_iterations=1,
            back_prop=False,
        )
        # The sums outlive the loop in variables: they are read after it, and only then reset.
        with tf.control_dependencies([done]):
            totals = [self._sums[name].read_value() for name in sorted(self._sums)]
        with tf.control_dependencies(totals):
            resets = [variable.assign(0.0) for variable in self._sums.values()]
        iterations = tf.cast(tf.maximum(count, 1), tf.float32)
        with tf.control_dependencies(resets):
            return [total / iterations for total in totals]

    def _one_iteration(self, index: tf.Tensor, chunk: Dict[str, tf.Tensor]) -> tf.Tensor:
        # tf.gather, because XLA does not compile a slice that starts at a loop index.
        batch = {name: tf.gather(array, index) for name, array in chunk.items()}
        spec = self._call(features=batch)
        self.specs.append(spec)
        self._sums.update((name, _local_variable(name, tf.float32)) for name in spec.predictions)
        added = [self._sums[name].assign_add(value) for name, value in spec.predictions.items()]
        with tf.control_dependencies([spec.train_op] + added):
            return index + 1


def accumulated(
    model_fn: Callable[..., tf.estimator.EstimatorSpec], length: int, hooks: Callable[..., List]
) -> Callable:
    """A model function for a device that loops by itself: one iteration, its reports added up.

    The device runs the train op `length` times a Session.run; the sums start anew with each.

    Args:
      model_fn: as in `looped`; its variables may be of either kind.
      length: iterations a Session.run.
      hooks: as in `looped`.

    Returns:
      A model function of the same features.
    """

    def accumulated_model_fn(
        features: Dict[str, tf.Tensor], labels: None, mode: str, params: Dict[str, Any], config: Any
    ) -> tf.estimator.EstimatorSpec:
        spec = model_fn(features=features, labels=labels, mode=mode, params=params, config=config)
        if mode != tf.estimator.ModeKeys.TRAIN:
            return spec
        # The first iteration of a run overwrites the sums, the others add to them. The turn is
        # counted apart from the global step, which a reordered read would give before its update.
        turns = _local_variable("turn", tf.int32)
        turn = tf.floormod(turns.read_value(), length) + 1
        kept = tf.cast(turn > 1, tf.float32)
        sums = {
            name: (variable, variable.assign(variable.read_value() * kept + value))
            for name, value in spec.predictions.items()
            for variable in [_local_variable(name, tf.float32)]
        }
        counted = turns.assign(turn)
        train_op = tf.group(spec.train_op, counted, *(added for _, added in sums.values()))
        with tf.control_dependencies([train_op]):
            means = {name: variable.read_value() / length for name, (variable, _) in sums.items()}
            step = tf.identity(tf.train.get_global_step().read_value())
        return tf.estimator.EstimatorSpec(
            mode,
            loss=spec.loss,
            train_op=train_op,
            training_hooks=hooks(step, means),
            scaffold=spec.scaffold,
        )

    return accumulated_model_fn


def _local_variable(name: str, dtype: tf.DType) -> tf.Variable:
    return tf.get_variable(
        f"loop/{name}",
        [],
        dtype,
        initializer=tf.zeros_initializer(),
        trainable=False,
        collections=[tf.GraphKeys.LOCAL_VARIABLES],
        synchronization=tf.VariableSynchronization.ON_READ,  # where replicas train: each its own
        aggregation=tf.VariableAggregation.MEAN,
    )
