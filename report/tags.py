"""What stands beside each of TensorBoard's charts and pictures: a name, and what it tells.

Imports no TensorFlow.
"""

from typing import Any, Dict, NamedTuple


class About(NamedTuple):
    """Of a tag."""

    name: str
    description: str  # Markdown


ABOUT = {
    "adagan/log_p": About(
        "log p (nats)",
        "Mean log density of real points under the mixture's samples (KDE). Up is better, up to a "
        "perfect sampler's.",
    ),
    "adagan/coverage": About(
        "coverage C",
        "Share of real points inside the level set that holds 95 % of the samples. Near a perfect "
        "sampler's is good; above it, mass lies between the modes.",
    ),
    "adagan/modes": About(
        "modes", "Modes of the truth that samples lie within three standard deviations of."
    ),
    "adagan/high_quality": About(
        "high quality", "Share of samples within three standard deviations of a mode."
    ),
    "adagan/reverse_kl": About(
        "reverse KL (nats)",
        "How far the modes' shares among samples are from the true ones; 0 is perfect.",
    ),
    "adagan/width": About("width of the modes", "Over the true width: below 1 is too narrow."),
    "adagan/two_sample_auc": About(
        "classifier's AUC",
        "Of a classifier that tells samples from held-out points: 0.5 is a coin, 1 is always told.",
    ),
    "adagan/precision": About("precision", "Share of samples that lie among real points."),
    "adagan/recall": About("recall", "Share of real points that lie among samples."),
    "adagan/density": About(
        "density", "Precision that counts the real points' balls; 1 is perfect."
    ),
    "adagan/nn_coverage": About(
        "coverage by neighbours", "Share of real points whose ball holds a sample."
    ),
    "adagan/worst_column_ks": About(
        "worst column", "Kolmogorov-Smirnov distance of the column that differs most; 0 is perfect."
    ),
    "adagan/worst_correlation": About(
        "worst correlation", "Error of the correlation that differs most; 0 is perfect."
    ),
    "adagan/copying": About(
        "distance to training points",
        "Median over samples, over that of held-out points: far below 1, the mixture copies.",
    ),
    "boosting/beta": About("beta", "Mixture weight that the step's component was added with."),
    "boosting/lambda_star": About(
        "lambda*", "Threshold of the optimal weights (Theorem 1 of the paper)."
    ),
    "boosting/zero_weight": About(
        "points of weight 0", "Share of training points that the step's component never saw."
    ),
    "boosting/effective_sample_size": About(
        "effective points", "Kish's size of the reweighted training data."
    ),
    "boosting/data_weights_times_n": About(
        "data weights times N", "Of the training points; 1 is the weight before boosting."
    ),
    "speed/iterations_per_second": About(
        "iterations per second", "Of the component's training loop."
    ),
    "calibration/scored_logit": About(
        "logit, as used", "Mean of the mixture discriminators' on training points, as used."
    ),
    "calibration/trained_on_logit": About(
        "logit, trained on", "Mean on training points by a discriminator that was trained on them."
    ),
    "calibration/unseen_logit": About(
        "logit, unseen", "Mean on points by a discriminator that was not trained on them."
    ),
    "calibration/ratio": About(
        "mean ratio", "Of mixture to data over the training points; 1 for true ratios."
    ),
    "calibration/unseen_ratio": About(
        "mean ratio, unseen", "Of mixture to data over points that no training saw; 1 if true."
    ),
    "calibration/error": About(
        "calibration error", "Expected one of the mixture discriminator's; 0 is perfect."
    ),
    "plots/step": About("step", "Data by weight, the mixture, and what it covers after the step."),
    "plots/calibration": About(
        "calibration", "How far the density ratios behind the weights can be believed."
    ),
    "plots/columns": About("columns", "Data and mixture in each, those first that differ most."),
    "plots/metrics": About("metrics", "By boosting step, beside what a perfect sampler scores."),
    "plots/mixture_weights": About(
        "mixture weights", "Of the components after each step, and the weights of the points."
    ),
    "plots/regions": About(
        "regions",
        "Which region of the data each component was asked for, and made: whose fault a gap is.",
    ),
    "settings": About("settings", "All flags of the run, by what they are of."),
}


def about(tag: str) -> About:
    """The name and the description of a tag that a run writes."""
    group, _, part = tag.partition("/")
    if group == "seconds":
        return About(f"seconds of {part}", f"Of the wall clock in the step: {part}.")
    return ABOUT.get(tag, About(tag, ""))


def settings_text(settings: Dict[str, Dict[str, Any]]) -> str:
    """Settings by room and flag as tables in Markdown."""
    lines = []
    for room, values in settings.items():
        lines += ["", f"### {room}", "", "| flag | value |", "|---|---|"]
        lines += [f"| --{name} | {_cell(value)} |" for name, value in values.items()]
    return "\n".join(lines[1:])


def _cell(value: Any) -> str:
    r"""Characters that Markdown reads otherwise, as a path's | may be, are escaped by a \."""
    return "".join(f"\\{each}" if each in "\\`*_{}[]<>#|" else each for each in str(value))
