"""`--mode=sample`: fresh points of a run's mixture."""

import json
import logging
from typing import Any, Dict, Optional

from base import durable
from base.streams import Purpose
from commands import shared
from commands.shared import Call
from input_fn import columns_file, frames
from input_fn.columns import Columns
from report import verdict
from storage import outputs

log = logging.getLogger("adagan")


def sample(call: Call, explicit: Dict[str, Any]) -> None:
    """Writes samples.

    Args:
      call: the command.
      explicit: settings that were given by flags; they must be those of the run.
    """
    command, run = call.command, shared.open_run(call, explicit)
    columns, kinds = None, (".npy", ".csv")
    if run.state.columns_sha256:
        columns = shared.read_columns(run.workdir, run.state)
    data_file = run.settings.data.data_file
    outputs.check_file(command.output, command.mode, kinds, [run.workdir], [data_file])
    components = shared.make_components(call, run, shared.refines_anew(run, command))
    if components is None:
        return

    from commands import parts

    source = parts.make_source(components, run.state, command.refine)
    points = source.sample(command.num_samples, run.seed, Purpose.SAMPLE)
    rows = columns.decode(points) if columns else points
    if command.output.lower().endswith(".csv"):
        outputs.write_csv(command.output, frames.of_rows(rows, columns))
    else:
        outputs.write_array(command.output, rows)
        _write_categories(command.output, columns)
    log.info("Wrote %d points of shape %s to %s", len(rows), list(rows.shape[1:]), command.output)
    whose = verdict.SAMPLES + " before they are refined" * command.refine
    simpler = verdict.simpler(run.state.steps[-1].metrics, run.state, whose)
    if simpler:
        log.info("%s", simpler)


def _write_categories(path: str, columns: Optional[Columns]) -> None:
    """An array holds numbers of categories; which texts they stand for is written beside it."""
    if columns and columns.categories:
        beside = f"{path}.columns.json"
        durable.write_atomically(
            beside, json.dumps(columns_file.describe(columns), indent=1) + "\n"
        )
        log.info("Categories are numbers there, from 0; %s has their texts", beside)
