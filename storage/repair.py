"""A damaged run is brought back to its last good step."""

import glob
import logging
import os
from typing import Callable, Optional, Sequence, Tuple

from storage import state as states
from storage.state import State
from storage.workdir import Workdir, number_of

log = logging.getLogger("adagan")


def repair(workdir: Workdir, mixture_weights: Callable[[Sequence[float]], Sequence[float]]) -> None:
    """Commits the steps before the first damaged one, which is then trained again.

    Each component's directory keeps the state that was committed with it, for the case that
    state.json itself is damaged. What goes is moved to `removed-DATE`, never deleted.

    Args:
      workdir: of the run.
      mixture_weights: of all components, from the weights that each was added with.

    Raises:
      UsageError: for what is not damaged: of another version of the program, or unreadable.
    """
    path, state = _newest_readable_state(workdir)
    main = workdir.join("state.json")
    if state is None:
        if os.path.lexists(main) or workdir.components():
            workdir.set_aside("no state can be read", [main, workdir.join("components")])
        return
    damages = [workdir.damage(record) for record in state.steps]
    good = next((i for i, damage in enumerate(damages) if damage), len(damages))
    if good < len(damages):
        gone = [each for each in workdir.components() if number_of(each) > good]
        for record in state.steps[good:]:
            drawn = os.path.join(glob.escape(workdir.join("plots")), f"*_{record.step:02d}.png")
            gone += sorted(glob.glob(drawn))
        workdir.set_aside(damages[good], gone)
    if path != main and os.path.lexists(main):
        workdir.set_aside("state.json is damaged", [main])
    if good < len(damages) or path != main:
        log.warning("Repaired: %d steps are left.", good)
        kept = state.steps[:good]
        left = state.after(kept, mixture_weights([record.beta for record in kept]))
        workdir.commit_text(states.encode(left))


def _newest_readable_state(workdir: Workdir) -> Tuple[str, Optional[State]]:
    for path in [workdir.join("state.json"), *workdir.copies()]:
        try:
            if os.path.lexists(path):
                return path, states.read(path)
        except ValueError:  # damaged; the next may not be
            continue
    return "", None
