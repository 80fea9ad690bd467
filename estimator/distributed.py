"""Several workers, or several GPUs of one: TensorFlow's distribution strategies.

One iteration a Session.run: an optimizer inside an in-graph loop does not work under a strategy,
and neither does XLA. Gradients are averaged over all replicas, so that the weights are the same
everywhere; each replica sees its own part of every minibatch.
"""

import logging
import math
import os
import signal
from concurrent.futures import FIRST_COMPLETED, wait
from typing import Any, Callable, Dict, Iterable, List, NamedTuple

import tensorflow as tf

from base import signals
from base.errors import Diverged, Stopped, UsageError, WorkerLost
from estimator import cluster as clusters
from estimator import exchange, loops, resume
from estimator.agreement import AgreementHook
from estimator.cluster import Cluster
from estimator.collectives import TrainingThread, strategy_of
from estimator.connections import TICK
from estimator.engine import CHUNK_BYTES, DeviceSettings, Report, Training, TrainResult
from estimator.hooks import (
    CheckpointHook,
    Checkpoints,
    LossHook,
    Measured,
    largest_weight,
    nan_as_diverged,
)
from estimator.host import HostEngine
from estimator.literal import literal
from estimator.peers import LEAVE_SECONDS, Peers
from estimator.shared_checkpoints import REPLICAS, SharedCheckpoints
from input_fn import pipelines
from input_fn.weighted import Stream

REPORTED = 20
"""Iterations to one report of losses."""
MOST_WAITING = 100
"""Minibatches drawn ahead at most."""
KNOWN_SECONDS = 10.0
"""How long after a collective has failed it may take to know which worker has gone."""
FIRST_SECONDS, NEXT_SECONDS = 600.0, 3600.0
"""How long the first iteration of all may take, and each other, before TensorFlow's connections
count as broken. GPUs get the longer time for the first one too: they may compile kernels in it."""

log = logging.getLogger("adagan")


class _ChiefHooks(NamedTuple):
    """Of one training, where the run is kept."""

    losses: LossHook
    checkpoints: CheckpointHook


class DistributedEngine(HostEngine):
    """Trains along with other workers, or on all GPUs of this one; predicts as `HostEngine`."""

    trains_side_by_side = False
    """All workers build the same graphs in the same order."""

    def __init__(
        self, settings: DeviceSettings, convolutional: bool, workers: Cluster, workdir: str
    ):
        """Prepares; the other workers are not asked before `join_workers`.

        Args:
          settings: which device, and how.
          convolutional: whether the networks are.
          workers: all that train together; may be this one alone.
          workdir: the directory of the run, which all share.

        Raises:
          UsageError: if a flag does not go with it.
        """
        super().__init__(settings, convolutional)
        if settings.iterations_per_loop > 1:
            raise UsageError(
                f"--iterations_per_loop={settings.iterations_per_loop}: must be 0 or 1 where "
                f"several devices train together"
            )
        self.rank, self._workers = workers.rank, workers
        self._strategy = self._make_strategy()
        self._replicas = self._strategy.num_replicas_in_sync
        self._peers, self._thread = Peers(workers), TrainingThread()
        self._checkpoints = SharedCheckpoints(self._peers, workers, workdir)
        self._connected = self.name == "gpu"  # and where TensorFlow has shown it
        # Of networks whose weights are used once a point; convolutions use theirs many times.
        self._may_not_pay = workers.size > 1 and not convolutional
        self._batch_size = 0
        self.reason = f"{workers.size} workers, {self._replicas} replicas"

    def check(self, batch_size: int, iterations: Iterable[int]) -> None:
        """Checks that minibatches divide among the replicas; see `Engine.check`."""
        if batch_size % self._replicas:
            raise UsageError(
                f"--batch_size={batch_size}: must divide among {self._replicas} replicas"
            )
        self._batch_size = batch_size

    def join_workers(self, shared: Dict[str, Any], lock_path: str, lock_text: str) -> None:
        """Waits for the other workers; see `Engine.join_workers`."""
        if self._workers.size > 1:
            me = self._workers.name(self.rank)
            log.info("This is %s of %d workers; waiting for the others.", me, self._workers.size)
            self._peers.join({**shared, "TensorFlow": tf.__version__}, lock_path, lock_text)

    def train(self, training: Training, report: Report) -> TrainResult:
        """Trains a model and predicts with it; see `Engine.train`.

        The chief says where training starts and how it ended, and keeps the checkpoints; the others
        copy what it has saved.

        Raises:
          Diverged: on all workers, if numbers went wrong.
          Stopped: on all workers, once the chief has saved, if a signal came to one of them; here
            alone, if they do not get to leave together.
          WorkerLost: if another worker has gone, or does not get through.
        """
        model_dir, iterations = training.model_dir, training.iterations
        start = self._checkpoints.start(model_dir)
        every = max(1, min(REPORTED, iterations - start))
        agreement = AgreementHook(every)
        made: List[_ChiefHooks] = []

        def make_hooks(step: tf.Tensor, means: Dict[str, tf.Tensor]) -> List[Any]:
            if not self.rank and not made:  # once, not for each replica
                measured = Measured(step, means, largest_weight(step))
                losses = LossHook(measured, model_dir, report, start)
                made.append(_ChiefHooks(losses, self._checkpoint_hook(step, model_dir)))
                agreement.judge_by(losses)
                self._log_what_pays()
            return [agreement, *(hooks.checkpoints for hooks in made)]

        model = loops.accumulated(agreement.agreed(training.model_fn), every, make_hooks)
        minibatches = self._minibatches(training.stream, start)

        def work() -> None:
            if start < iterations:
                self._wait_for(lambda: self._train(model, training, minibatches), agreement)
            agreement.check()

        self._end_together(work, agreement, model_dir)
        checkpoint = os.path.join(model_dir, f"{resume.PREFIX}-{iterations}")
        rate = made[0].losses.iterations_per_second if made else math.nan
        predictions = self.predict(
            training.model_fn, checkpoint, training.params, training.predict_for
        )
        return TrainResult(checkpoint, rate, predictions)

    def _end_together(
        self, work: Callable[[], None], agreement: AgreementHook, model_dir: str
    ) -> None:
        """Trains, and ends as the chief says; raises as `train` does."""
        diverged = ""
        try:
            work()
        except Diverged as error:
            diverged = str(error)
        ended = self._checkpoints.share(model_dir, diverged=diverged, left=agreement.left)
        if ended.get("diverged"):
            raise Diverged(str(ended["diverged"]))
        if ended.get("left"):
            signals.check()
            raise Stopped(signal.SIGTERM)  # it came to another worker

    def _minibatches(self, stream: Stream, start: int) -> Callable[[], tf.data.Dataset]:
        """This worker's part of each, cut for its replicas."""
        own = stream.part(self.rank, self._workers.size)
        waiting = min(MOST_WAITING, max(1, CHUNK_BYTES // own.bytes_an_iteration))
        replicas = self._replicas // self._workers.size
        return pipelines.single_iterations(own, start, waiting, replicas)

    def _make_strategy(self) -> tf.distribute.Strategy:
        return strategy_of(self._workers)

    def _checkpoint_hook(self, step: tf.Tensor, model_dir: str) -> CheckpointHook:
        """The chief's. It heeds no signals: workers leave together, by the agreement."""
        seconds = self._settings.checkpoint_seconds
        checkpoints = Checkpoints(model_dir, REPLICAS, seconds, heeds_signals=False)
        return CheckpointHook(step, None, checkpoints)

    def _log_what_pays(self) -> None:
        """Says once if one worker alone would be faster, by the graph's trainable variables."""
        if self._may_not_pay:
            weights = sum(variable.shape.num_elements() for variable in tf.trainable_variables())
            exchange.log_what_pays(weights, self._batch_size, self._workers.size)
        self._may_not_pay = False

    def _wait_for(self, work: Callable[[], None], agreement: AgreementHook) -> None:
        """Waits for a training, or until it can never end.

        Raises:
          WorkerLost: if another worker has gone, or TensorFlow's own connections do not work.
          Stopped: if a signal has come, and the workers do not get to leave together.
        """
        training, lost = self._thread.submit(work), self._peers.lost
        begun, idle, since_signal = 0, 0.0, 0.0
        while not training.done():
            # To save what all have left together, the chief needs nobody.
            ends = [training] if agreement.left else [training, lost]
            if lost in wait(ends, TICK, FIRST_COMPLETED).done:
                break
            idle, since_signal = idle + TICK, since_signal + (TICK if signals.asked() else 0.0)
            if agreement.begun > begun:  # all workers are through with the one before
                begun, idle = agreement.begun, 0.0
            self._connected = self._connected or begun > 1
            if since_signal > LEAVE_SECONDS and not agreement.left:
                signals.check()
            limit = NEXT_SECONDS if self._connected else FIRST_SECONDS
            if self._workers.size > 1 and idle > limit:
                raise WorkerLost(
                    f"no iteration for {limit:.0f} s although all workers are there: look at what "
                    f"may stand between TensorFlow's ports (TF_CONFIG) on them, such as a firewall "
                    f"or a proxy"
                )
        if not training.done():
            self._peers.check()
        try:
            training.result()
        except tf.errors.OpError:
            # A collective fails at once where a worker goes; its connection may close later.
            wait([lost], KNOWN_SECONDS)
            self._peers.check()
            raise

    def _session_config(self) -> tf.ConfigProto:
        devices = {} if self.name == "gpu" else {"GPU": 0}
        return tf.ConfigProto(allow_soft_placement=True, device_count=devices)

    def _train(self, model: Callable, training: Training, minibatches: Callable) -> None:
        environment = clusters.in_environment(self._workers)
        with environment, literal(training.model_dir) as directory, nan_as_diverged():
            config = self._run_config(directory, train_distribute=self._strategy)
            params = {"params": training.params}
            estimator = tf.estimator.Estimator(model, config=config, params=params)
            if self._workers.size == 1:
                estimator.train(minibatches, max_steps=training.iterations)
            else:
                tf.estimator.train_and_evaluate(
                    estimator,
                    tf.estimator.TrainSpec(minibatches, max_steps=training.iterations),
                    tf.estimator.EvalSpec(minibatches),  # for evaluators, of which there are none
                )
