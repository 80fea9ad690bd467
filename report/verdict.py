"""What the figures of a mixture mean: one word, the reasons in numbers, and what to do next."""

import math
import shlex
from typing import Iterator, List, NamedTuple, Tuple

from evaluation.metrics import Metrics, Spread
from storage.state import State, StepRecord

WORDS = ("excellent", "good", "fair", "poor")
AUC_LIMITS = (0.55, 0.65, 0.80)
"""Of the classifier that tells samples from data: up to the first is excellent, and so on."""
MISSES, COPIES = 0.7, 0.7
"""Of a perfect sampler's recall, and of its distance to training points: with less, no more than
fair."""
TOY_LIMITS = ((0.2, 0.92), (0.5, 0.8), (2.5, 0.5))
"""Of toys: nats of log_p below a perfect sampler's band, share of its high quality."""
ROOMY = 0.05
"""C may differ from a perfect sampler's by so much before the verdict remarks on it."""
NEAR = 0.2
"""Nats that log_p may differ by."""
UNSURE = 2.0
"""Nats between a perfect sampler's own 5 and 95 %, from where on log_p tells little."""
AS_GOOD = 0.02
"""Difference of two AUCs that says nothing."""
SAMPLES = "the GANs' samples"
FEW_HELD_OUT = 100
"""Points that no training saw: of fewer, a perfect sampler's band is as wide as the scale."""
FEW_ITERATIONS, ENOUGH = 3000, 10_000
"""Of a network: with fewer it has hardly begun; and what is advised then."""


class Verdict(NamedTuple):
    """Of a mixture after a step."""

    word: str
    reasons: List[str]  # sentences; the first says why it is that word
    advice: str  # what to do next, and the command
    simpler: str = ""  # of the reasons, the one that no GAN is needed; "" where one is

    @property
    def lines(self) -> List[str]:
        """The word with its reasons and the advice."""
        first, *more = self.reasons
        return [f"{self.word}: {first}", *more, self.advice]


class Circumstances(NamedTuple):
    """What the advice depends on beside the figures."""

    workdir: str
    modes: int  # of the truth; 0 where it is not known
    iterations: int  # of a component; 0: not known


def of_state(state: State, around: Circumstances) -> Verdict:
    """The verdict on a run's last step."""
    last = state.steps[-1]
    if around.modes:
        return _of_toy(last.metrics, state.perfect, around)
    return _of_own_data(last, state, around)


def _of_toy(reached: Metrics, perfect: Spread, around: Circumstances) -> Verdict:
    """Where the truth is known: are all modes there, and is the mass on them?"""
    missed, gap = around.modes - reached.modes, perfect.low.log_p - reached.log_p
    quality = reached.high_quality / max(perfect.median.high_quality, 1e-9)
    grade = sum(gap > nats or quality < share for nats, share in TOY_LIMITS)
    grade = max(grade, min(3, 2 * int(missed > 0) + int(missed > 0.2 * around.modes)))
    shares = (100 * reached.high_quality, 100 * perfect.median.high_quality)
    reasons = [
        f"{reached.modes:.0f} of {around.modes} modes; {shares[0]:.0f} % of the samples lie within "
        f"three standard deviations of one (a perfect sampler's: {shares[1]:.0f} %); log_p "
        f"{reached.log_p:.2f} ({perfect.median.log_p:.2f}).",
        *_likelihood(reached, perfect, "the truth itself"),
        _coverage(reached.coverage, perfect.median.coverage, "between the modes"),
    ]
    return Verdict(WORDS[grade], reasons, _advice(grade, around, "quality.flags"))


def _of_own_data(last: StepRecord, state: State, around: Circumstances) -> Verdict:
    """Can anybody tell samples from data?"""
    reached, perfect = last.metrics, state.perfect
    grade = sum(reached.two_sample_auc > limit for limit in AUC_LIMITS)
    held_out = state.sizes.of_data  # or more
    if reached.two_sample_auc <= perfect.high.two_sample_auc and held_out >= FEW_HELD_OUT:
        grade = 0
    faults = list(_faults(reached, perfect.median))
    told = (
        f"a classifier tells samples from your data {_times(reached)} times in 100 (a coin: 50, "
        f"a perfect sampler's: {_times(perfect.median)}){_worst(last)}."
    )
    if faults and grade < WORDS.index("fair"):  # then they are why
        grade, reasons = WORDS.index("fair"), [*faults, told[0].upper() + told[1:]]
    else:
        reasons = [told, *(fault[0].upper() + fault[1:] for fault in faults)]
    if held_out < FEW_HELD_OUT:
        reasons.append(f"Only {held_out} points are held out to judge by: chance has its say.")
    reasons.append(
        f"{100 * reached.recall:.0f} % of your points lie among samples (a perfect sampler's: "
        f"{100 * perfect.median.recall:.0f} %), {100 * reached.precision:.0f} % of the samples lie "
        f"among your points ({100 * perfect.median.precision:.0f} %)."
    )
    if state.simple:
        reasons.append(_simple(reached, state.simple, state.simple_components))
    reasons += _likelihood(reached, perfect, "your data")
    reasons.append(_coverage(reached.coverage, perfect.median.coverage, "where no data are"))
    preset = "image.flags" if math.isnan(reached.worst_column_ks) else "table.flags"
    return Verdict(WORDS[grade], reasons, _advice(grade, around, preset), simpler(reached, state))


def _faults(reached: Metrics, perfect: Metrics) -> Iterator[str]:
    """What makes samples no more than fair, however hard they are to tell from data."""
    if reached.recall < MISSES * perfect.recall:
        yield "parts of your data are missed."
    if reached.copying < COPIES * perfect.copying:
        yield (
            f"the mixture copies training points, or keeps to where they are densest: samples lie "
            f"{reached.copying:.2f} times as far from them as points that it has not seen."
        )


def _times(metrics: Metrics) -> str:
    return f"{100 * metrics.two_sample_auc:.0f}"


def _worst(last: StepRecord) -> str:
    """The column and the pair of columns that differ most."""
    worst, metrics, parts = last.worst, last.metrics, []
    if "column" in worst:
        parts.append(f"worst column: {worst['column']}, {metrics.worst_column_ks:.2f} apart")
    if "first" in worst:
        pair = f"{worst['first']} and {worst['second']}"
        parts.append(f"worst pair: {pair}, correlation off by {metrics.worst_correlation:.2f}")
    return "".join(f"; {part}" for part in parts)


def simpler(reached: Metrics, state: State, whose: str = SAMPLES) -> str:
    """That a Gaussian mixture does as well or better, in one line; "" where it does not.

    Args:
      reached: by samples of the run.
      state: of the run.
      whose: what these samples are called.
    """
    simple = state.simple
    if simple is None or _ahead(simple, reached) <= -AS_GOOD:
        return ""
    return _simple(reached, simple, state.simple_components, whose)


def _ahead(simple: Spread, reached: Metrics) -> float:
    """By how much a Gaussian mixture is harder to tell from data than samples."""
    return reached.two_sample_auc - simple.median.two_sample_auc


def _simple(reached: Metrics, simple: Spread, components: int, whose: str = SAMPLES) -> str:
    ahead = _ahead(simple, reached)
    judged = "the GANs are the better model"
    if abs(ahead) < AS_GOOD:
        judged = "as good, in seconds and without a GAN"
    elif ahead > 0:
        judged = "it is the better model here, in seconds and without a GAN"
    return (
        f"A Gaussian mixture (scikit-learn's, components: {components}) is told from your data "
        f"{_times(simple.median)} times in 100, {whose} {_times(reached)}: {judged}."
    )


def _likelihood(reached: Metrics, perfect: Spread, truth: str) -> Iterator[str]:
    """What log likelihood says, if anything.

    Args:
      reached: by the mixture.
      perfect: by a perfect sampler.
      truth: what that one samples.
    """
    middle, low, high = (each.log_p for each in perfect)
    gap = middle - reached.log_p
    figures = f"(log_p {reached.log_p:.2f}, perfect sampler {middle:.2f})"
    if high - low > UNSURE:
        yield (
            f"log_p {reached.log_p:.2f} says little here: a perfect sampler's own lies between "
            f"{low:.1f} and {high:.1f}."
        )
    elif reached.log_p > high + NEAR:
        yield (
            f"Real points are {-gap:.1f} nats likelier than under samples of {truth} {figures}: "
            f"the samples are too narrow, not better than perfect."
        )
    elif reached.log_p >= low - NEAR:
        yield f"Real points are as likely as under samples of {truth} {figures}."
    else:
        yield f"Real points are {gap:.1f} nats less likely than under samples of {truth} {figures}."


def _coverage(reached: float, perfect: float, elsewhere: str) -> str:
    if perfect < 2 * ROOMY:
        return f"C = {reached:.2f} says nothing here: a perfect sampler's is {perfect:.2f}."
    meaning = "as a perfect sampler's"
    if reached - perfect > ROOMY:
        meaning = f"above a perfect sampler's {perfect:.2f}: mass lies {elsewhere}"
    elif reached - perfect < -ROOMY:
        meaning = f"below a perfect sampler's {perfect:.2f}: real points are missed"
    return f"C = {reached:.2f}, {meaning}."


def _advice(grade: int, around: Circumstances, preset: str) -> str:
    where = f"--workdir={shlex.quote(around.workdir)}"
    if 0 < around.iterations < FEW_ITERATIONS and grade:
        return (
            f"Next: its networks trained {around.iterations} iterations each, which is a beginning;"
            f" train anew with --flagfile={preset} --iterations={ENOUGH} and another --workdir."
        )
    if grade == 0:
        return f"Next: python main.py --mode=sample {where} --output=samples.csv"
    return (
        f"Next: python main.py --mode=evaluate --refine {where} tells what refined samples are "
        f"worth; or train longer (--iterations) or more components (--steps)."
    )


def summary(verdict: Verdict, report: str) -> Tuple[str, ...]:
    """What the end of a run says."""
    simpler_line = [verdict.simpler] * bool(verdict.simpler)
    return (verdict.lines[0], *simpler_line, verdict.advice, f"Report: {report}")
