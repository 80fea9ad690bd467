"""Trains what refined sampling needs, keeps it in the work directory, and draws by it."""

import logging
import os
import re
from typing import Iterator, List, Optional, Tuple

import numpy as np

from base import durable, signals, streams
from base.errors import Diverged, UsageError
from base.streams import Purpose
from boost import refinement, refining
from boost.components import Components
from boost.refinement import Refinement, Round
from boost.refining import RatioDiscriminators
from boost.sampler import Sampler
from estimator import resume
from model_fn.settings import NetworkSettings
from storage.sealed import OtherFormat
from storage.state import State
from storage.workdir import Workdir

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
        self._workdir = components.workdir
        self._seed = components.seed
        self._sampler = Sampler(components, state)
        self._discriminators = RatioDiscriminators(components)
        self._directory = refinement.directory_of(self._workdir, state)
        self.refinement = self._read() or self._make()

    @property
    def network(self) -> NetworkSettings:
        """Of its discriminators."""
        return self._discriminators.network

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
            if each.slope:
                path = self._workdir.join(each.checkpoint)
                logits = self._discriminators.logits(number, path, points)
                total += each.slope * logits + each.offset
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
            if not made.rounds[0].slope:
                log.warning(
                    "Refining finds nothing that tells samples from unseen points of the data: "
                    "refined samples are plain ones."
                )
            durable.sync([self._workdir.join(path) for path in made.digests], self._workdir.path)
            path = os.path.join(self._directory, refinement.MADE)
            durable.write_atomically(path, refinement.encode(made))
            return made

    def _trained(self) -> Refinement:
        made = Refinement((), 0.0, 1.0, {})
        for number in range(1, refining.ROUNDS + 1):
            drawn = self._training_samples(made)
            fitted = self._discriminators.train(number, self._model_dir(number), drawn)
            if made.rounds and not fitted.slope:
                break  # the rounds before have left nothing to tell
            rounds = (*made.rounds, Round(self._checkpoint(number), *fitted))
            points, _ = next(self._proposals(self._seed, Purpose.REFINEMENT_CAP, number))
            ratios = self.log_ratio(points, rounds)
            if not np.isfinite(ratios).all():
                raise Diverged("refining: density ratios of the mixture's samples are not finite")
            cap = float(np.quantile(ratios, refinement.CAP))
            acceptance = float(np.mean(np.exp(np.minimum(ratios - cap, 0.0))))
            made = Refinement(rounds, cap, acceptance, {})
            if not fitted.slope:
                break
        return made._replace(digests=self._workdir.digests(self._files(made)))

    def _files(self, made: Refinement) -> List[str]:
        """Paths of the checkpoints of all rounds."""
        ends = (".index", ".data-00000-of-00001")
        return [
            self._workdir.join(f"{each.checkpoint}{end}") for each in made.rounds for end in ends
        ]

    def _model_dir(self, number: int) -> str:
        return os.path.join(self._directory, f"round_{number}")

    def _checkpoint(self, number: int) -> str:
        """Path prefix of a round's checkpoint, relative to the work directory."""
        directory = os.path.relpath(self._model_dir(number), self._workdir.path)
        return os.path.join(directory, f"{resume.PREFIX}-{self._discriminators.iterations}")

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
            for number, each in enumerate(found.rounds, 1):
                own = os.path.relpath(self._model_dir(number), self._workdir.path)
                if not re.fullmatch(f"{re.escape(own)}/{resume.PREFIX}-[0-9]+", each.checkpoint):
                    raise ValueError("names other checkpoints than its own")
            if self._workdir.digests(self._files(found)) != found.digests:
                raise ValueError("a checkpoint was changed since it was committed")
        except PermissionError as error:
            raise UsageError(f"{error.filename}: {error.strerror}") from error
        except (OSError, ValueError, OtherFormat) as error:
            raise UsageError(
                f"{self._directory}: is damaged; remove it to refine anew ({error})"
            ) from error
        return found

    def _training_samples(self, made: Refinement) -> np.ndarray:
        """Samples to train and calibrate a round with: of the mixture, or what is accepted."""
        wanted, seed = refining.SAMPLES, self._seed
        if made.rounds:
            return self._accepted(wanted, seed, Purpose.REFINEMENT_TRAINING, made)
        pieces = []
        for points, _ in self._proposals(seed, Purpose.REFINEMENT_TRAINING, 0):
            pieces.append(points)
            if sum(map(len, pieces)) >= wanted:
                break
        return np.concatenate(pieces)[:wanted]
