"""Trains what refined sampling needs, keeps it in the work directory, and draws by it."""

import dataclasses
import logging
import os
from typing import Iterator, List, Optional, Tuple

import numpy as np

from base import durable, signals, streams
from base.errors import Diverged, UsageError
from base.streams import Purpose
from boost import refinement
from boost.components import Components
from boost.refinement import Refinement, Round
from boost.sampler import Sampler
from boost.settings import REFINEMENT_UNITS
from estimator import resume
from estimator.engine import Training
from input_fn import datasets, weighted
from input_fn.fixed import FixedInput
from model_fn import mixture_discriminator
from model_fn.settings import MixtureDiscriminatorSettings, NetworkSettings, OptimizerSettings
from report.progress import Progress
from storage.sealed import OtherFormat
from storage.state import State
from storage.workdir import Workdir

ROUNDS = 2
ITERATIONS = {"mlp": 12_000, "dcgan": 1_000}
"""By network: convolutions learn no more (8x8 digits: .68 nats with 1,000 and with 6,000)."""
BATCH = 256
LAYERS, OCTAVES = 3, 5
"""Of the discriminators where networks are fully connected: the octaves decide how sharp it is."""
OPTIMIZER = OptimizerSettings(optimizer="adam", adam_beta1=0.5, learning_rate_decay="linear")
DISCRIMINATOR = MixtureDiscriminatorSettings(learning_rate=0.001)
POINTS = 64_000
"""Samples of the mixture that a round is trained on; half as many calibrate it."""
STREAMS = 1_000_000
"""Beyond all boosting steps: the minibatches of round n are those of the component this + n."""
PROPOSALS = 50_000
"""Drawn together."""
RAREST = 1e-4
"""Share of the samples below which accepting them would take for ever."""

log = logging.getLogger("adagan")


class Refiner:
    """Draws refined samples of a run's state; trains what it needs the first time."""

    def __init__(self, components: Components, state: State):
        """Finds the refinement of this very state under the work directory, or makes it.

        Args:
          components: of the run.
          state: its committed steps, at least one.

        Raises:
          UsageError: if what is there is damaged.
        """
        self._engine, self._workdir = components.engine, components.workdir
        self._dataset, self._seed = components.dataset, components.seed
        self._models = components.models
        self._sampler = Sampler(components, state)
        self._units = datasets.moments(self._dataset)
        self._directory = refinement.directory_of(self._workdir, state)
        self.refinement = self._read() or self._make()

    @property
    def network(self) -> NetworkSettings:
        """Of its discriminators: stronger than those of boosting."""
        network = self._models.network
        return dataclasses.replace(
            network,
            d_num_filters=REFINEMENT_UNITS if network.network == "mlp" else network.d_num_filters,
            d_num_layers=LAYERS,
            d_frequencies=OCTAVES,
            d_activation="leaky_relu",
            initialisation="he",
        )

    @property
    def _iterations(self) -> int:
        return ITERATIONS[self._models.network.network]

    def sample(self, number: int, seed: int, purpose: Purpose) -> np.ndarray:
        """[number, *shape] float32 independent refined samples; the same for the same seed."""
        return self._accepted(number, seed, purpose, self.refinement)

    def log_ratio(
        self, points: np.ndarray, rounds: Optional[Tuple[Round, ...]] = None
    ) -> np.ndarray:
        """[n] log dP_d/dP_g at points [n, *shape], the calibrated logits of all rounds added."""
        given = self.refinement.rounds if rounds is None else rounds
        total = np.zeros(len(points))
        for number, each in enumerate(given, 1):
            logits = self._engine.predict(
                mixture_discriminator.model_fn,
                self._workdir.join(each.checkpoint),
                self._params(number),
                self._input(points),
            )["logits"][:, 0]
            total += each.slope * logits.astype(np.float64) + each.offset
        return total

    def _accepted(self, number: int, seed: int, purpose: Purpose, by: Refinement) -> np.ndarray:
        """Samples that a refinement accepts.

        Raises:
          Diverged: if it accepts next to none.
        """
        kept: List[np.ndarray] = []
        drawn, there = 0, 0
        for points, rng in self._proposals(seed, purpose, len(by.rounds)):
            kept.append(points[refinement.accept(self.log_ratio(points, by.rounds), by.cap, rng)])
            drawn, there = drawn + len(points), there + len(kept[-1])
            if there >= number:
                break
            if there < RAREST * drawn:
                raise Diverged(
                    f"refining accepts {there} of {drawn} samples: mixture and data are too far "
                    f"apart; train the mixture longer (--epochs, --steps), or sample without "
                    f"--refine"
                )
        return np.concatenate(kept)[:number]

    def _proposals(
        self, seed: int, purpose: Purpose, rounds: int
    ) -> Iterator[Tuple[np.ndarray, np.random.Generator]]:
        """Samples of the plain mixture, PROPOSALS at a time, and what decides on them."""
        block = 0
        while True:
            signals.check()
            rng = streams.generator(seed, purpose, rounds, block)
            yield self._sampler.points(self._sampler.draw(PROPOSALS, rng)), rng
            block += 1

    def _make(self) -> Refinement:
        """Trains round by round and commits; a signal waits until what is trained is saved."""
        own = Workdir(os.path.dirname(self._directory))
        own.make()
        own.lock()
        with signals.deferred():
            made = self._trained()
            if made.rounds[0].gain < refinement.LITTLE:
                log.warning(
                    "Refining helps little: data and mixture are told apart by %.4f nats only.",
                    made.rounds[0].gain,
                )
            durable.sync([self._workdir.join(path) for path in made.digests], self._workdir.path)
            path = os.path.join(self._directory, refinement.MADE)
            durable.write_atomically(path, refinement.encode(made))
            return made

    def _trained(self) -> Refinement:
        halves = self._halves()
        made = Refinement((), 0.0, 1.0, {})
        for number in range(1, ROUNDS + 1):
            drawn = self._training_samples(made)
            rounds = (*made.rounds, self._train(number, halves, drawn))
            points, _ = next(self._proposals(self._seed, Purpose.REFINEMENT_CAP, number))
            ratios = self.log_ratio(points, rounds)
            if not np.isfinite(ratios).all():
                raise Diverged("refining: density ratios of the mixture's samples are not finite")
            cap = float(np.quantile(ratios, refinement.CAP))
            acceptance = float(np.mean(np.exp(np.minimum(ratios - cap, 0.0))))
            made = Refinement(rounds, cap, acceptance, {})
        return made._replace(digests=self._workdir.digests(self._files()))

    def _files(self) -> List[str]:
        """Paths of the checkpoints of all rounds."""
        prefixes = [self._checkpoint(number) for number in range(1, ROUNDS + 1)]
        ends = (".index", ".data-00000-of-00001")
        return [self._workdir.join(f"{prefix}{end}") for prefix in prefixes for end in ends]

    def _checkpoint(self, number: int) -> str:
        """Path prefix of a round's checkpoint, relative to the work directory."""
        directory = os.path.relpath(self._directory, self._workdir.path)
        return os.path.join(directory, f"round_{number}", f"{resume.PREFIX}-{self._iterations}")

    def _read(self) -> Optional[Refinement]:
        """What was committed.

        Raises:
          UsageError: if it is not what was committed, or not all of it is there.
        """
        path = os.path.join(self._directory, refinement.MADE)
        if not os.path.lexists(path):
            return None
        try:
            found = refinement.decode(durable.read_text(path))
            expected = [self._checkpoint(number) for number in range(1, ROUNDS + 1)]
            if [each.checkpoint for each in found.rounds] != expected:
                raise ValueError("names other checkpoints than its own")
            if self._workdir.digests(self._files()) != found.digests:
                raise ValueError("a checkpoint was changed since it was committed")
        except PermissionError as error:
            raise UsageError(f"{error.filename}: {error.strerror}") from error
        except (OSError, ValueError, OtherFormat) as error:
            raise UsageError(
                f"{self._directory}: is damaged; remove it to refine anew ({error})"
            ) from error
        return found

    def _halves(self) -> Tuple[np.ndarray, np.ndarray]:
        """Training points to train on, and to calibrate with."""
        rng = streams.generator(self._seed, Purpose.REFINEMENT_HALVES)
        order = rng.permutation(self._dataset.number)
        middle = (len(order) + 1) // 2
        return np.sort(order[:middle]), np.sort(order[middle:])

    def _training_samples(self, made: Refinement) -> np.ndarray:
        """Samples to train and calibrate a round with: of the mixture, or what is accepted."""
        wanted, seed = POINTS + POINTS // 2, self._seed
        if made.rounds:
            return self._accepted(wanted, seed, Purpose.REFINEMENT_TRAINING, made)
        pieces = []
        for points, _ in self._proposals(seed, Purpose.REFINEMENT_TRAINING, 0):
            pieces.append(points)
            if sum(map(len, pieces)) >= wanted:
                break
        return np.concatenate(pieces)[:wanted]

    def _train(
        self, number: int, halves: Tuple[np.ndarray, np.ndarray], drawn: np.ndarray
    ) -> Round:
        dataset, (train, calibration) = self._dataset, halves
        calibration = calibration[: POINTS // 2]
        stream = weighted.discriminator_stream(
            dataset, [train], drawn[:POINTS], BATCH, self._seed, STREAMS + number
        )
        ask = [(len(calibration), lambda rows: dataset.train_points(calibration[rows]))]
        unseen = FixedInput("points", dataset.shape, [*ask, drawn[POINTS:]])
        with Progress(f"Refining discriminator {number}/{ROUNDS}", self._iterations) as progress:
            each = Training(
                model_fn=mixture_discriminator.model_fn,
                model_dir=os.path.join(self._directory, f"round_{number}"),
                params=self._params(number),
                stream=stream,
                iterations=self._iterations,
                predict_for=unseen,
            )
            trained = self._engine.train(each, progress.report)
        logits = trained.predictions["logits"][:, 0].astype(np.float64)
        fitted = refinement.calibrate(logits[: len(calibration)], logits[len(calibration) :])
        return Round(self._checkpoint(number), *fitted)

    def _input(self, points: np.ndarray) -> FixedInput:
        return FixedInput("points", self._dataset.shape, [points])

    def _params(self, number: int) -> mixture_discriminator.MixtureDiscriminatorParams:
        """A discriminator on standardised points."""
        network, shape, unrolled = self.network, self._dataset.shape, self._models.gan.unrolled
        rng = streams.generator(self._seed, Purpose.REFINEMENT_INIT, number)
        values = mixture_discriminator.initial_values(
            DISCRIMINATOR, network, unrolled, shape, *self._units, rng
        )
        return mixture_discriminator.MixtureDiscriminatorParams(
            initial_values=values,
            discriminator=DISCRIMINATOR,
            network=network,
            optimizer=OPTIMIZER,
            shape=shape,
            unrolled=unrolled,
            iterations=self._iterations,
            wrap_optimizers=self._engine.wrap_optimizers,
        )
