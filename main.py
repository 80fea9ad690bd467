"""AdaGAN, boosted mixtures of GANs: python main.py --flagfile=cpu.flags."""

import signal

if __name__ == "__main__":  # before anything is loaded that takes long, or may fail
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until there is something to save

    from base import console

    console.settle_in()

import contextlib
import dataclasses
import logging
import os
import re
import sys
from typing import Any, List, NoReturn

from absl import app, flags

from base import console, errors, flag_files, signals, version
from base.errors import Diverged, HelperLost, Stopped, UsageError, WorkerLost
from base.options import check
from commands import compare, evaluate, export, sample, train
from commands import settings as all_settings
from commands.settings import Command
from commands.shared import Call
from estimator import factory
from estimator.engine import DeviceSettings

FLAGS = flags.FLAGS
HELP = """AdaGAN: boosted mixtures of GANs (arXiv 1701.02386) on TensorFlow 1.15 Estimators.

  python main.py --flagfile=cpu.flags                 the published experiment, into results/
  python main.py --flagfile=table.flags --data_file=table.csv --workdir=mine     your own table
  python main.py --mode=sample --workdir=mine --num_samples=1000 --output=new.npy
  python main.py --mode=evaluate --workdir=mine
  python main.py --mode=export --workdir=mine --format=onnx
  python main.py --mode=compare --output=compare.html results mine
  tensorboard --logdir=mine --host=127.0.0.1

The same command again goes on after the last finished step. --flagfile=FILE reads flags.
--version prints the version.
"""

FOR = {
    "repair": ("train",),
    "refine": ("sample", "evaluate", "export"),
    "num_samples": ("sample",),
    "output": ("sample", "evaluate", "compare"),
    "format": ("export",),
    "component": ("export",),
    "export_dir": ("export",),
    "overwrite": ("export",),
}
"""Modes that take a flag of the command."""
HELP_FLAGS = {"--help", "-help", "--helpshort", "--helpfull", "-h"}
VERSION_FLAGS = {"--version", "-version"}
PATHS = ("workdir", "data_file", "output", "export_dir", "op_precision_mode")

log = logging.getLogger("adagan")


def define_flags() -> None:
    """Makes a flag of every option."""
    define = {bool: flags.DEFINE_bool, int: flags.DEFINE_integer, float: flags.DEFINE_float}
    for _, field in all_settings.options():
        text = field.metadata["help"]
        define.get(type(field.default), flags.DEFINE_string)(field.name, field.default, text)
    flags.DEFINE_alias("zdim", "latent_space_dim")


def help_text() -> str:
    """All flags by group, with defaults, ranges and choices."""
    lines, title = [HELP], ""
    for group, field in all_settings.options():
        if group != title:
            lines.append(f"{group}:")
            title = group
        allowed = field.metadata["bounds"] or "|".join(field.metadata["choices"] or ())
        default = str(field.default) or '""'
        name = f"--[no]{field.name}" if isinstance(field.default, bool) else f"--{field.name}"
        lines.append(f"  {name}={default}" + (f"  {allowed}" if allowed else ""))
        lines.append(f"      {field.metadata['help']}")
    lines.append(
        "Log:\n  --verbosity=-1\n      -2 errors only, -1 the run, 0 TensorFlow's log too."
    )
    return "\n".join(lines)


def parse(arguments: List[str]) -> List[str]:
    """Parsing by absl, but `--help` teaches and ends well, as does `--version`."""
    for asked, text in ((HELP_FLAGS, help_text), (VERSION_FLAGS, lambda: version.NUMBER)):
        if asked & set(arguments[1:]):
            with contextlib.suppress(BrokenPipeError):  # who reads it has seen enough
                print(text(), flush=True)
            os._exit(0)
    try:
        return FLAGS([arguments[0], *flag_files.expand(arguments[1:])])
    except flags.Error as error:
        _end(f"error: {UsageError(_in_our_words(str(error)))}", 2)
    except (UsageError, ValueError) as error:  # absl lets some values' errors through
        _end(f"error: {UsageError(str(error))}", 2)


KINDS = {"bool": "true or false", "int": "an integer", "float": "a number"}


def _in_our_words(error: str) -> str:
    """What absl says of a flag that it cannot take, as this program says it of others."""
    unknown = re.fullmatch(
        r"Unknown command line flag '(.*?)'(?:\. Did you mean: (.*?) \?)?", error
    )
    if unknown:
        near = unknown[2].split(" ")[0] if unknown[2] else ""
        return f"--{unknown[1]}: is no flag; {f'--{near} is near, ' if near else ''}see --help"
    illegal = re.match(r"flag --(\w+)=(.*?): ", error, re.DOTALL)
    if illegal and illegal[1] in FLAGS:
        kind = FLAGS[illegal[1]].flag_type()
        return f"--{illegal[1]}={illegal[2]}: must be {KINDS.get(kind, kind)}"
    return error


def main(arguments: List[str]) -> None:
    """Flags to settings, then one call by mode."""
    if len(arguments) > 1 and FLAGS.mode != "compare":
        raise UsageError(f"{arguments[1]}: not a flag; see --help")
    _set_up_log(_verbosity())
    for name in PATHS:
        FLAGS[name].value = os.path.expanduser(FLAGS[name].value)
    if FLAGS.data_file:  # the run may be used from another directory
        FLAGS["data_file"].value = os.path.abspath(FLAGS.data_file)
    call = Call(_room(Command), _room(DeviceSettings), _verbosity())
    command = call.command
    factory.check(call.device)
    _check_command(command)
    explicit = {name: FLAGS[name].value for _, name in _names() if FLAGS[name].present}
    if command.mode == "train":
        wanted = all_settings.make({name: FLAGS[name].value for _, name in _names()})
        train.train(call, wanted)
    elif command.mode == "compare":
        if FLAGS["workdir"].present:
            raise UsageError("--workdir: --mode=compare takes directories after the flags")
        compare.compare(call, [os.path.expanduser(path) for path in arguments[1:]], explicit)
    else:
        use = {"sample": sample.sample, "evaluate": evaluate.evaluate, "export": export.export}
        use[command.mode](call._replace(device=factory.for_drawing(call.device)), explicit)


def _check_command(command: Command) -> None:
    """Raises UsageError for flags that do not go with the mode."""
    for name, modes_of in FOR.items():
        value = getattr(command, name)
        if value != FLAGS[name].default and command.mode not in modes_of:
            right = " or ".join(f"--mode={mode}" for mode in modes_of)
            flag = f"--{name}" if value is True else f"--{name}={value}"
            raise UsageError(f"{flag}: is for {right}, not --mode={command.mode}")
    if command.refine and command.component:
        raise UsageError(f"--refine: is of the mixture, not of --component={command.component}")
    if command.repair and factory.several_workers():
        raise UsageError("--repair: not with several workers; repair with one, without TF_CONFIG")


def _names() -> List[Any]:
    command_line = [Command, DeviceSettings]
    skipped = {field.name for kind in command_line for field in dataclasses.fields(kind)}
    return [(t, f.name) for t, f in all_settings.options() if f.name not in skipped]


def _room(kind: Any) -> Any:
    room = kind(**{field.name: FLAGS[field.name].value for field in dataclasses.fields(kind)})
    check(room)
    return room


def _verbosity() -> int:
    """`--verbosity`, which absl raises to 0 where it is not given."""
    return FLAGS.verbosity if FLAGS["verbosity"].present else -1


def _set_up_log(verbosity: int) -> None:
    handler = console.Log(sys.stdout)
    handler.setFormatter(logging.Formatter("%(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO if verbosity > -2 else logging.ERROR)
    log.propagate = False


def run_main(arguments: List[str]) -> None:
    """`main`, whose bad ends are one line: status 2 for bad input, 1 for what failed."""
    signals.listen(_how_to_go_on)
    try:
        main(arguments)
    except UsageError as error:
        _end(f"error: {error}", 2)
    except Diverged as error:
        _end(f"error: {error}", 1)
    except (HelperLost, WorkerLost) as error:
        _end(f"error: {UsageError(str(error))}. {_how_to_go_on()}", 1)
    except Stopped as stopped:
        _end(f"Stopped by {stopped}. {_how_to_go_on()}", stopped.status)
    except Exception as error:
        line = errors.of_the_system(error)
        if line is None:
            raise
        _end(f"error: {line}. {_how_to_go_on()}", 1)


def _how_to_go_on() -> str:
    if FLAGS.mode != "train":
        trained = "What was trained of the refinement is kept; the same command goes on from there."
        return trained if FLAGS.refine else "Nothing was changed."
    return f"What was committed in {FLAGS.workdir} is safe; the same command goes on from there."


def _end(line: str, status: int) -> NoReturn:
    print(line, file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    define_flags()
    app.run(run_main, flags_parser=parse)
