"""All settings of a run: the rooms' dataclasses composed, JSON both ways. No room imports it."""

import dataclasses
import hashlib
import json
from typing import Any, Dict, Iterator, Tuple, Type

from base.errors import UsageError
from base.options import as_flag, check, option
from boost.settings import BoostSettings
from estimator.engine import DeviceSettings
from evaluation.metrics import EvaluationSettings
from input_fn.settings import DataSettings
from model_fn.settings import (
    GanSettings,
    MixtureDiscriminatorSettings,
    NetworkSettings,
    OptimizerSettings,
)


@dataclasses.dataclass(frozen=True)
class RunSettings:
    """The random numbers of a run."""

    seed: int = option(
        0,
        "Seed of everything random in a run but its data; in sample and evaluate: of the draw.",
        bounds="[0, 4294967295]",
    )


@dataclasses.dataclass(frozen=True)
class Command:
    """What to do with a run; never part of its settings."""

    mode: str = option(
        "train",
        "train: start a run or go on; evaluate: score it on 20 draws; sample: draw points; export; "
        "compare: the runs in the directories after the flags on one page.",
        choices=("train", "evaluate", "sample", "export", "compare"),
    )
    workdir: str = option("results", "Directory of the run.")
    repair: bool = option(
        False, "In train: train steps whose files are damaged again, and all after them."
    )
    refine: bool = option(
        False,
        "In sample and evaluate: accept the mixture's samples by the density ratio of the data to "
        "it, from discriminators that are trained the first time and kept in WORKDIR/refinement; "
        "in export: choose one of 50 by it.",
    )
    num_samples: int = option(10000, "Points to draw in --mode=sample.", bounds="[1, 1e9]")
    output: str = option(
        "",
        "File that --mode=sample writes, .npy or .csv; or --mode=evaluate, .json; or "
        "--mode=compare, .html.",
    )
    format: str = option(
        "saved_model",
        "What --mode=export writes, beside an example of inputs and output.",
        choices=("ckpt", "saved_model", "frozen", "onnx"),
    )
    component: int = option(0, "Component to export; 0: the whole mixture.", bounds="[0, 10000]")
    export_dir: str = option("", "Where to; WORKDIR/export/FORMAT unless given.")
    overwrite: bool = option(False, "Replace an export that is there.")


ROOMS: Dict[str, Tuple[str, Type]] = {
    "run": ("Run", RunSettings),
    "data": ("Data", DataSettings),
    "boost": ("Boosting", BoostSettings),
    "network": ("Networks", NetworkSettings),
    "optimizer": ("Optimizer", OptimizerSettings),
    "gan": ("Training of a component", GanSettings),
    "mixture_discriminator": ("Mixture discriminator", MixtureDiscriminatorSettings),
    "evaluation": ("Evaluation", EvaluationSettings),
}
"""Title and dataclass of each part of a run's settings, in the order of `--help`."""


@dataclasses.dataclass(frozen=True)
class Settings:
    """Everything that decides a run's result."""

    run: RunSettings
    data: DataSettings
    boost: BoostSettings
    network: NetworkSettings
    optimizer: OptimizerSettings
    gan: GanSettings
    mixture_discriminator: MixtureDiscriminatorSettings
    evaluation: EvaluationSettings

    def flat(self) -> Dict[str, Any]:
        """Values by flag name."""
        return {
            field.name: getattr(getattr(self, room), field.name)
            for room in ROOMS
            for field in dataclasses.fields(getattr(self, room))
        }

    def fingerprint(self) -> str:
        """SHA-256 of what decides the result of a step: all but how many there are, and a path."""
        free = ("steps", "data_file")
        text = json.dumps({n: v for n, v in self.flat().items() if n not in free}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def to_json(self) -> str:
        """One key a flag, grouped by room."""
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"


def make(values: Dict[str, Any]) -> Settings:
    """Settings from values by flag name, checked.

    Raises:
      UsageError: names the flag, its value and what would be right.
    """
    rooms = {}
    for room, (_, kind) in ROOMS.items():
        rooms[room] = kind(**{field.name: values[field.name] for field in dataclasses.fields(kind)})
        check(rooms[room])
    settings = Settings(**rooms)
    settings.data.check_combination()
    settings.boost.check_combination()
    settings.network.check_combination()
    return settings


def from_json(text: str, path: str) -> Settings:
    """What `Settings.to_json` wrote.

    Raises:
      UsageError: names the file, if it is not such a text.
    """
    try:
        rooms = json.loads(text)
        values = {name: value for room in ROOMS for name, value in rooms[room].items()}
        settings = make(values)
        for name in sorted(set(values) - set(settings.flat())):
            raise UsageError(f"{name}: is no setting")
        return settings
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        RecursionError,
        UsageError,
    ) as error:
        raise UsageError(
            f"{path}: holds no settings of a run: {error}; --mode=train --repair with the flags of "
            f"the run writes them anew"
        ) from error


def options() -> Iterator[Tuple[str, dataclasses.Field]]:
    """Every flag with the title of its group, in the order of `--help`."""
    for title, kind in [("Command", Command), ("Device", DeviceSettings), *ROOMS.values()]:
        for field in dataclasses.fields(kind):
            yield title, field


def check_same(
    wanted: Dict[str, Any], settings: Settings, workdir: str, may_rise: Tuple[str, ...] = ()
) -> None:
    """Checks values against the settings that a work directory was made with.

    Args:
      wanted: values by flag name.
      settings: of the run.
      workdir: for the message.
      may_rise: flags whose value may be higher than the run's.

    Raises:
      UsageError: names the first setting that differs, and both values.
    """
    for name, value in settings.flat().items():
        if name not in wanted or wanted[name] == value:
            continue
        if name in may_rise and wanted[name] > value:
            continue
        raise UsageError(_of_another_run(name, wanted[name], value, workdir))


def _of_another_run(name: str, given: Any, value: Any, workdir: str) -> str:
    """What is said of a setting of another value than that of the run."""
    default = {field.name: field.default for _, field in options()}[name]
    unsaid = " (the default)" if given == default and given != "" else ""
    made, right = f"with {as_flag(name, value)}", "use that or another --workdir"
    if value == "":
        made, right = f"without --{name}", "leave it out, or use another --workdir"
    said = f"{as_flag(name, given)}{unsaid}"
    return f"{said}: the run in {workdir} was made {made}; {right}"
