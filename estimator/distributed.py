"""Several workers, or several GPUs of one: TensorFlow's distribution strategies.

One iteration a Session.run: an optimizer inside an in-graph loop does not work under a strategy,
and neither does XLA. Gradients are averaged over all replicas, so that the weights are the same
everywhere; each replica sees its own part of every minibatch.
"""

import atexit
import logging
import math
import os
import queue
import re
import signal
import threading
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple

import tensorflow as tf

from base import signals
from base.errors import Diverged, Stopped, UsageError, WorkerLost
from estimator import cluster as clusters
from estimator import loops, resume
from estimator.agreement import AgreementHook
from estimator.cluster import Cluster
from estimator.engine import CHUNK_BYTES, DeviceSettings, Report, Training, TrainResult
from estimator.hooks import CheckpointHook, LossHook, largest_weight, told_nan
from estimator.host import HostEngine
from estimator.literal import literal
from estimator.peers import LEAVE_SECONDS, TICK, Peers
from input_fn import pipelines
from input_fn.weighted import Stream

REPLICAS = "replicas"
"""Whose checkpoints these are."""
REPORTED = 20
"""Iterations to one report of losses."""
MOST_WAITING = 100
"""Minibatches drawn ahead at most."""
PRODUCT_SECONDS, WEIGHT_SECONDS, EXCHANGE_SECONDS = 2.6e-10, 8e-9, 2e-3
"""What an iteration of fully connected networks takes: for each point of the minibatch and each
trained weight, in all passes together; and, among several workers, for each weight's gradient and
for the exchange as such. From the table that `benchmarks.workers` made, in docs/scale_out.md."""
KNOWN_SECONDS = 10.0
"""How long after a collective has failed it may take to know which worker has gone."""
FIRST_SECONDS, NEXT_SECONDS = 600.0, 3600.0
"""How long the first iteration of all may take, and each other, before TensorFlow's connections
count as broken. GPUs get the longer time for the first one too: they may compile kernels in it."""

log = logging.getLogger("adagan")


class DistributedEngine(HostEngine):
    """Trains along with other workers, or on all GPUs of this one; predicts as `HostEngine`."""

    trains_side_by_side = False
    """All workers build the same graphs in the same order."""

    def __init__(
        self, settings: DeviceSettings, convolutional: bool, workers: Cluster, workdir: str
    ):
        """Prepares; the other workers are not asked before `meet`.

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
        self.rank, self._workers, self._workdir = workers.rank, workers, workdir
        self._strategy = self._make_strategy()
        self._replicas = self._strategy.num_replicas_in_sync
        self._peers, self._thread = Peers(workers), _Thread()
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

    def meet(self, shared: Dict[str, Any], lock_path: str, lock_text: str) -> None:
        """Waits for the other workers; see `Engine.meet`."""
        if self._workers.size > 1:
            me = self._workers.name(self.rank)
            log.info("This is %s of %d workers; waiting for the others.", me, self._workers.size)
            self._peers.meet({**shared, "TensorFlow": tf.__version__}, lock_path, lock_text)

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
        start = self._start(model_dir)
        every = max(1, min(REPORTED, iterations - start))
        agreement = AgreementHook(every)
        hooks: List[Any] = []

        def make_hooks(step: tf.Tensor, means: Dict[str, tf.Tensor]) -> List[Any]:
            if not self.rank and not hooks:  # once, not for each replica
                seconds = self._settings.checkpoint_seconds
                hooks.append(LossHook(step, means, largest_weight(step), model_dir, report, start))
                hooks.append(
                    CheckpointHook(step, None, model_dir, REPLICAS, seconds, heeds_signals=False)
                )
                agreement.judge_by(hooks[0])
                self._tell_what_pays()
            return [agreement, *hooks[1:]]

        model = loops.accumulated(agreement.agreed(training.model_fn), every, make_hooks)
        minibatches = self._minibatches(training.stream, start)

        def work() -> None:
            if start < iterations:
                self._wait_for(
                    lambda: self._train(model, training, minibatches),
                    agreement,
                )
            agreement.check()

        self._end_together(work, agreement, model_dir)
        checkpoint = os.path.join(model_dir, f"{resume.PREFIX}-{iterations}")
        rate = hooks[0].iterations_per_second if hooks else math.nan
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
        told = self._share(model_dir, diverged=diverged, left=agreement.left)
        if told.get("diverged"):
            raise Diverged(str(told["diverged"]))
        if told.get("left"):
            signals.check()
            raise Stopped(signal.SIGTERM)  # it came to another worker

    def _minibatches(self, stream: Stream, start: int) -> Callable[[], tf.data.Dataset]:
        """This worker's part of each, cut for its replicas."""
        own = stream.part(self.rank, self._workers.size)
        waiting = min(MOST_WAITING, max(1, CHUNK_BYTES // own.bytes_an_iteration))
        replicas = self._replicas // self._workers.size
        return pipelines.single_iterations(own, start, waiting, replicas)

    def _make_strategy(self) -> tf.distribute.Strategy:
        if self._workers.size == 1:
            return tf.distribute.MirroredStrategy()
        with clusters.told_to_tensorflow(self._workers):
            return _Strategy()

    def _tell_what_pays(self) -> None:
        """Says once if one worker alone would be faster, by the graph's trainable variables."""
        weights = sum(variable.shape.num_elements() for variable in tf.trainable_variables())
        spared = PRODUCT_SECONDS * self._batch_size * (1.0 - 1.0 / self._workers.size)
        if self._may_not_pay and weights * (spared - WEIGHT_SECONDS) < EXCHANGE_SECONDS:
            log.info(
                "  one worker alone would be faster: %d weights on minibatches of %d points take "
                "less time than their gradients' exchange (docs/scale_out.md)",
                weights,
                self._batch_size,
            )
        self._may_not_pay = False

    def _start(self, model_dir: str) -> int:
        """Iterations that are already done: the chief's."""
        if not self.rank:
            resume.start(model_dir, REPLICAS)
        told = self._share(model_dir)
        start = resume.start(model_dir, REPLICAS)
        if self.rank and start != told["saved"].get("iterations", 0):
            raise WorkerLost(
                f"the chief's checkpoint in {told['directory']} is not here what it is there"
            )
        return start

    def _share(self, model_dir: str, **how: Any) -> Dict[str, Any]:
        """What the chief says, and its checkpoint."""
        directory = os.path.relpath(model_dir, self._workdir)
        saved = {} if self.rank else resume.progress(model_dir)
        told = self._peers.share({**how, "directory": directory, "saved": saved})
        if self.rank and not (isinstance(told, dict) and told.get("saved") == {}):
            source = _source(self._workdir, told)
            if not source:
                chief = self._workers.name(0)
                raise WorkerLost(f"{chief} does not name a checkpoint in {self._workdir}")
            resume.copy(source, model_dir, told["saved"])
        return dict(told)

    def _wait_for(self, work: Callable[[], None], agreement: AgreementHook) -> None:
        """Waits for a training, or until it can never end.

        Raises:
          WorkerLost: if another worker has gone, or TensorFlow's own connections do not work.
          Stopped: if a signal has come, and the workers do not get to leave together.
        """
        training, lost = self._thread.submit(work), self._peers.lost
        begun, still, asked = 0, 0.0, 0.0
        while not training.done():
            # To save what all have left together, the chief needs nobody.
            ends = [training] if agreement.left else [training, lost]
            if lost in wait(ends, TICK, FIRST_COMPLETED).done:
                break
            still, asked = still + TICK, asked + (TICK if signals.asked() else 0.0)
            if agreement.begun > begun:  # all workers are through with the one before
                begun, still = agreement.begun, 0.0
            self._connected = self._connected or begun > 1
            if asked > LEAVE_SECONDS and not agreement.left:
                signals.check()
            limit = NEXT_SECONDS if self._connected else FIRST_SECONDS
            if self._workers.size > 1 and still > limit:
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
            wait([lost], KNOWN_SECONDS)
            self._peers.check()
            raise

    def _session_config(self) -> tf.ConfigProto:
        devices = {} if self.name == "gpu" else {"GPU": 0}
        return tf.ConfigProto(allow_soft_placement=True, device_count=devices)

    def _train(self, model: Callable, training: Training, minibatches: Callable) -> None:
        told = clusters.told_to_tensorflow(self._workers)
        with told, literal(training.model_dir) as directory, told_nan():
            config = self._run_config(directory, train_distribute=self._strategy)
            given = {"params": training.params}
            estimator = tf.estimator.Estimator(model, config=config, params=given)
            if self._workers.size == 1:
                estimator.train(minibatches, max_steps=training.iterations)
            else:
                tf.estimator.train_and_evaluate(
                    estimator,
                    tf.estimator.TrainSpec(minibatches, max_steps=training.iterations),
                    tf.estimator.EvalSpec(minibatches),  # for evaluators, of which there are none
                )


def _source(workdir: str, told: Any) -> str:
    """Where the checkpoint is that the chief told of; "" if that is none in the work directory."""
    try:
        directory, saved = told["directory"], told["saved"]
        step, names, parts = (
            int(saved["iterations"]),
            list(saved["sha256"]),
            directory.split(os.sep),
        )
        top = os.path.realpath(workdir)
        source = os.path.realpath(os.path.join(top, *parts))  # a ValueError where that is no path
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return ""
    name = re.compile(rf"{re.escape(resume.PREFIX)}-{step}\.[a-z0-9-]+")
    inside = "" not in parts and os.pardir not in parts and os.path.commonpath([top, source]) == top
    good = inside and names and all(isinstance(n, str) and name.fullmatch(n) for n in names)
    return source if good else ""


class _Strategy(tf.distribute.experimental.MultiWorkerMirroredStrategy):
    """Numbers its collectives on from one Estimator to the next.

    Estimators copy their strategy, and tell it the cluster anew. Both would count from the start
    again, with numbers that TensorFlow's server has already given to tensors of other shapes.
    """

    def __deepcopy__(self, _: Any) -> "_Strategy":
        return self

    def configure(self, session_config: Any = None, *_: Any, **__: Any) -> None:
        """As it is, but the cluster stays what it was when this was made."""
        super().configure(session_config)


class _Thread:
    """One thread for all trainings, beside the main one, which can notice that a worker has gone.

    TensorFlow keeps its server in the storage of the thread that starts it. It is deleted with the
    thread, before the interpreter ends: later its own `__del__` finds nothing left to call.
    """

    def __init__(self) -> None:
        self._work: queue.Queue[Optional[Tuple[Callable[[], None], Future]]] = queue.Queue()
        self._idle = threading.Event()
        self._idle.set()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        atexit.register(self._end)

    def submit(self, work: Callable[[], None]) -> Future:
        """Has it done; the future holds what it raises."""
        done: Future = Future()
        self._idle.clear()
        self._work.put((work, done))
        return done

    def _run(self) -> None:
        while True:
            given = self._work.get()
            if given is None:
                return
            work, done = given
            try:
                done.set_result(work())
            except BaseException as error:  # handed to whoever waits
                done.set_exception(error)
            self._idle.set()

    def _end(self) -> None:
        if self._idle.is_set():  # else it waits for a worker that has gone, for ever
            self._work.put(None)
            self._thread.join()
