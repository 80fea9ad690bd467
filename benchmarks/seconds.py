"""Where each second of a whole run goes, from its log and what it says of its steps."""

from typing import Any, Dict, List, Tuple

PARTS = {
    "start": "start, settings, data",
    "tensorflow": "TensorFlow, device, perfect sampler, until the first component",
    "first_component": "first component: graph, XLA, training",
    "components": "further components",
    "discriminators": "mixture discriminators",
    "evaluations": "evaluation",
    "between": "between steps: saving, commits, events",
    "end": "after the last step: last pictures, report, exit",
}
"""Of a run whose components depend on those before, in order; they add up to the whole."""
READY, STEP = "Data: ", "Evaluating: "
"""How lines start that are written when the data are there, and when a step has been made."""


def parts(
    lines: List[Tuple[float, str]], steps: List[Dict[str, Any]], seconds: float
) -> Dict[str, float]:
    """Seconds by part.

    Args:
      lines: of the run's log, and when each came, in seconds since the start.
      steps: of state.json.
      seconds: of the whole run.
    """

    def took(part: str, first: int = 0) -> float:
        return float(sum(step["seconds"][part] for step in steps[first:]))

    ready = next(second for second, line in lines if line.startswith(READY))
    made = [second for second, line in lines if line.startswith(STEP)]
    began = made[0] - sum(steps[0]["seconds"].values())
    in_steps = {
        "first_component": steps[0]["seconds"]["training"],
        "components": took("training", 1),
        "discriminators": took("discriminator"),
        "evaluations": took("evaluation"),
    }
    between = made[-1] - began - sum(in_steps.values())
    ends = {"between": between, "end": seconds - made[-1]}
    return {"start": ready, "tensorflow": began - ready, **in_steps, **ends}
