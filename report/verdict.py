"""What the figures of a mixture mean: one word, the reasons in numbers, and what to do next."""

import shlex
from typing import Iterator, List, NamedTuple, Optional, Tuple

from evaluation.metrics import Metrics, Spread
from storage.state import State, StepRecord

WORDS = ("excellent", "good", "fair", "poor")
AUC_LIMITS = (0.55, 0.65, 0.80)
"""Of the classifier that tells samples from data: up to the first is excellent, and so on."""
MISSES, COPIES = 0.7, 0.7
"""Of a perfect sampler's recall, and of its distance to training points: with less, no more than
fair."""
ROOMY = 0.05
"""C may differ from a perfect sampler's by so much before the verdict remarks on it."""
NEAR = 0.2
"""Nats that log_p may differ by."""
UNSURE = 2.0
"""Nats between a perfect sampler's own 5 and 95 %, from where on log_p tells little."""
FEW_ITERATIONS = 3000
"""Of a network: with fewer it has hardly begun."""


class Verdict(NamedTuple):
    """Of a mixture after a step."""

    word: str
    reasons: List[str]  # sentences; the first says why it is that word
    advice: str  # what to do next, and the command

    @property
    def lines(self) -> List[str]:
        """The word with its reasons and the advice."""
        first, *more = self.reasons
        return [f"{self.word}: {first}", *more, *([self.advice] if self.advice else [])]


class Circumstances(NamedTuple):
    """What the advice depends on beside the figures."""

    workdir: str
    modes: int  # of the truth; 0 where it is not known
    iterations: int  # of a component; 0: not known


def of_state(state: State, around: Circumstances) -> Verdict:
    """The verdict on a run's last step."""
    last = state.steps[-1]
    if around.modes:
        return _of_toy(last.metrics, state.perfect.median, around)
    return _of_own_data(last, state, around)


def _of_toy(reached: Metrics, perfect: Metrics, around: Circumstances) -> Verdict:
    """Where the truth is known: are all modes there, and is the mass on them?"""
    missed, gap = around.modes - reached.modes, perfect.log_p - reached.log_p
    grade = 0
    for limit, (good, quality) in enumerate(((0.2, 0.9), (0.5, 0.8), (2.5, 0.5)), 1):
        if gap > good or reached.high_quality < quality:
            grade = limit
    grade = max(grade, min(3, 2 * int(missed > 0) + int(missed > 0.2 * around.modes)))
    reasons = [
        f"{reached.modes:.0f} of {around.modes} modes; "
        f"{100 * reached.high_quality:.0f} % of the samples lie within three standard "
        f"deviations of one (a perfect sampler's: {100 * perfect.high_quality:.0f} %).",
        *_likelihood(reached, Spread(perfect, perfect, perfect)),
    ]
    return Verdict(WORDS[grade], reasons, _advice(grade, reached, around))


def _of_own_data(last: StepRecord, state: State, around: Circumstances) -> Verdict:
    """Can anybody tell samples from data?"""
    reached, perfect = last.metrics, state.perfect
    grade = sum(reached.two_sample_auc > limit for limit in AUC_LIMITS)
    if reached.two_sample_auc <= perfect.high.two_sample_auc:
        grade = 0
    misses = reached.recall < MISSES * perfect.median.recall
    copies = reached.copying < COPIES * perfect.median.copying
    if misses or copies:
        grade = max(grade, WORDS.index("fair"))
    reasons = [
        f"a classifier tells samples from your data {_times(reached)} times in 100 (a coin: 50, "
        f"a perfect sampler's: {_times(perfect.median)}){_worst(last)}.",
        f"{100 * reached.recall:.0f} % of your points lie among samples (a perfect sampler's: "
        f"{100 * perfect.median.recall:.0f} %), {100 * reached.precision:.0f} % of the samples lie "
        f"among your points ({100 * perfect.median.precision:.0f} %)"
        f"{': parts of your data are missed' if misses else ''}.",
    ]
    if copies:
        reasons.append(
            f"Samples lie {reached.copying:.2f} times as far from training points as points do "
            f"that the training has not seen: it copies them."
        )
    reasons += _simple(reached, state.simple, state.simple_components)
    reasons += _likelihood(reached, perfect)
    return Verdict(WORDS[grade], reasons, _advice(grade, reached, around))


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


def _simple(reached: Metrics, simple: Optional[Spread], components: int) -> Iterator[str]:
    if simple is None:
        return
    better = simple.median.two_sample_auc < reached.two_sample_auc
    told = (
        f"A Gaussian mixture of {components} component{'s' if components > 1 else ''} "
        f"(scikit-learn's) is told {_times(simple.median)} times in 100"
    )
    yield (
        f"{told}: it is the better model here, in seconds, without a GAN."
        if better
        else (f"{told}: the GANs are the better model.")
    )


def _likelihood(reached: Metrics, perfect: Spread) -> Iterator[str]:
    """Log likelihood and C, where they say anything."""
    middle, band = perfect.median, perfect.high.log_p - perfect.low.log_p
    gap = middle.log_p - reached.log_p
    figures = f"(log_p {reached.log_p:.2f}, perfect sampler {middle.log_p:.2f})"
    if band > UNSURE:
        yield (
            f"log_p {reached.log_p:.2f} says little here: a perfect sampler's own lies between "
            f"{perfect.low.log_p:.1f} and {perfect.high.log_p:.1f}."
        )
    elif gap < -NEAR and reached.log_p > perfect.high.log_p + NEAR:
        yield (
            f"Real points are {-gap:.1f} nats likelier than under samples of the truth itself "
            f"{figures}: the samples are too narrow, not better than perfect."
        )
    elif abs(gap) < NEAR:
        yield (
            f"Real points are as likely as under samples of the truth itself within {NEAR} nats "
            f"{figures}."
        )
    elif gap > 0:
        yield (
            f"Real points are {gap:.1f} nats less likely than under samples of the truth itself "
            f"{figures}."
        )
    yield _coverage(reached.coverage, middle.coverage)


def _coverage(reached: float, perfect: float) -> str:
    if perfect < 2 * ROOMY:
        return f"C = {reached:.2f} says nothing here: a perfect sampler's is {perfect:.2f}."
    meaning = "as a perfect sampler's"
    if reached - perfect > ROOMY:
        meaning = f"above a perfect sampler's {perfect:.2f}: mass lies between the modes"
    elif reached - perfect < -ROOMY:
        meaning = f"below a perfect sampler's {perfect:.2f}: real points are missed"
    return f"C = {reached:.2f}, {meaning}."


def _advice(grade: int, reached: Metrics, around: Circumstances) -> str:
    where = f"--workdir={shlex.quote(around.workdir)}"
    if 0 < around.iterations < FEW_ITERATIONS and grade:
        return (
            f"Next: its networks trained {around.iterations} iterations each, which is a beginning;"
            f" train anew, --flagfile={_preset(around)} with the flags of this run and another "
            f"--workdir."
        )
    if grade == 0:
        return f"Next: python main.py --mode=sample {where} --output=samples.csv"
    return (
        f"Next: python main.py --mode=evaluate --refine {where} tells what refined samples are "
        f"worth; or train longer (--iterations) or more components (--steps)."
    )


def _preset(around: Circumstances) -> str:
    return "quality.flags" if around.modes else "table.flags"


def summary(verdict: Verdict, report: str) -> Tuple[str, ...]:
    """What the end of a run says."""
    return (verdict.lines[0], *([verdict.advice] if verdict.advice else []), f"Report: {report}")
