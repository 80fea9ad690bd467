"""Command lines and flag files, through main.py up to where TensorFlow would be loaded."""

import contextlib
import dataclasses
import os
import shutil
from unittest import mock

import numpy as np
from absl import flags

import main
from base import machine
from base.errors import UsageError
from commands import settings as all_settings
from commands import shared, train
from report import comparison_page
from tests.fuzz.guard import MEMORY, Finding, check_line, guarded

AVAILABLE = 1 << 30
"""Bytes that the machine pretends to have, so that every machine refuses the same."""

NUMBERS = (
    "0 1 -1 2 3 7 64 100 2147483647 2147483648 9223372036854775807 9223372036854775808 "
    "18446744073709551616 1e3 1e6 1.5 -0 +5 0x10 0o17 010 1_000 nan inf -inf NaN 1e400 1e-400 "
    "0.0 0.5 0.999999999 1e-30 five 1,5 --1 1.2.3 ٣ ½ ∞ None True []"
).split() + ["", " ", " 5 ", "5\n", "9" * 400, "9" * 3000, "-" * 50, "1" + "0" * 30]
TEXTS = [
    "", " ", "\n", "\t", "a\nb", "\x1b[31m", "日本語", "👩", "\u202eabc", "\udcff\udcfe", "'", '"',
    "\\", "%s%n{0}", "a" * 300, "b" * 5000, "c" * 100000, "none", "NONE", "auto ", "../x", "$(id)",
    "0", "true", "-", "--", "*", "0|5|10", "0-5", "5|", "|", "²",
]  # fmt: skip
FILES = (
    "good.npy good.csv good.npz few.npy absent.npy text.csv text.npy text.npz directory.npy "
    "fifo.npy dangling.npy good.txt file"
).split()
DIRECTORIES = (
    "new new/deep empty other . .. run run/. run/components file file/below fifo.npy /dev/null "
    "/dev/null/x /proc/x /sys/x"
).split()
FLAG_FILES = (
    "good.flags self.flags ring_a.flags missing.flags directory.npy garbage.flags nul.flags "
    "empty.flags deep_0.flags wide_0.flags long.flags bom.flags text.csv /dev/null"
).split()
OWN_OF_ABSL = "verbosity v logtostderr alsologtostderr stderrthreshold log_dir undefok".split()


class Accepted(Exception):
    """Raised where TensorFlow would be loaded."""


class Place:
    """A directory with all that command lines refer to."""

    def __init__(self, directory, run=None):
        """Args: an empty directory; the work directory of a finished run, to copy."""
        self.directory = str(directory)
        self._make_files()
        self._make_flag_files()
        if run:
            shutil.copytree(run, self.path("run"))

    def path(self, name):
        return os.path.join(self.directory, name)

    def _make_files(self):
        points = np.random.RandomState(0).randn(200, 2)
        np.save(self.path("good.npy"), points)
        np.save(self.path("few.npy"), points[:5])
        np.savez(self.path("good.npz"), a=points, b=points)
        np.savetxt(self.path("good.csv"), points, delimiter=",")
        for name in ("text.csv", "text.npy", "text.npz", "good.txt", "file", "other/thesis.tex"):
            os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
            with open(self.path(name), "w") as file:
                file.write("no numbers here\n")
        os.mkdir(self.path("empty"))
        os.mkdir(self.path("directory.npy"))
        os.mkfifo(self.path("fifo.npy"))
        os.symlink(self.path("nowhere"), self.path("dangling.npy"))

    def _make_flag_files(self):
        texts = {
            "good": "# a comment\n--steps=3\n\n--nounrolled\n",
            "self": "--flagfile=self.flags\n--steps=3\n",
            "ring_a": "--flagfile=ring_b.flags\n",
            "ring_b": "--flagfile=ring_a.flags\n",
            "garbage": b"\xff\xfe\x80garbage\x81\n",
            "nul": "--flagfile=a\0b\n--steps=\0\n",
            "empty": "",
            "long": "--workdir=" + "x" * 1000000 + "\n",
            "bom": b"\xef\xbb\xbf--steps=3\n",
        }
        texts.update((f"deep_{i}", f"--flagfile=deep_{i + 1}.flags\n") for i in range(50))
        texts.update((f"wide_{i}", f"--flagfile=wide_{i + 1}.flags\n" * 2) for i in range(10))
        texts.update(deep_50="--steps=4\n", wide_10="--steps=4\n")
        for name, text in texts.items():
            with open(self.path(f"{name}.flags"), "wb") as file:
                file.write(text if isinstance(text, bytes) else text.encode())


def arguments(rng):
    """One command line: a small run that flags of all kinds are added to."""
    given = ["--device=cpu", "--gmm_modes_num=3", "--toy_dataset_size=640", "--workdir=new"]
    if rng.rand() < 0.3:
        given += [f"--mode={_one(rng, ['evaluate', 'sample', 'export'])}", "--workdir=run"]
        given = given[3:] + _one(rng, [[], ["--output=x.npy"], ["--component=1"]])
    elif rng.rand() < 0.1:
        directories = [
            _one(rng, DIRECTORIES + ["run", "run", "run"]) for _ in range(rng.randint(4))
        ]
        given = ["--mode=compare", *_one(rng, [[], ["--output=x.html"]]), *directories]
    if rng.rand() < 0.2:
        given += ["--dataset=file", f"--data_file={_one(rng, FILES)}"]
    for _ in range(rng.randint(1, 5)):
        given += _flag(rng)
    if rng.rand() < 0.05:
        given.insert(rng.randint(len(given) + 1), _one(rng, TEXTS))
    return given


def run(given, place):
    """Goes through main.py with a command line, in the place.

    Returns:
      What came of it: accepted, refused, or a flag error.

    Raises:
      Finding: for anything else.
    """
    try:
        with guarded(place.directory, 2 * MEMORY):
            return _through_main(given, place)
    except Finding:
        raise
    except Exception as error:
        raise Finding(f"{type(error).__name__}: {error}") from error


def _through_main(given, place):
    if "steps" not in flags.FLAGS:
        main.define_flags()
    here, handlers = os.getcwd(), list(main.log.handlers)
    os.chdir(place.directory)
    try:
        with contextlib.ExitStack() as stack:
            for patch in _patches():
                stack.enter_context(patch)
            rest = main.parse(["main.py", *given])
            main.main(rest)
            return "accepted"
    except Accepted:
        return "accepted"
    except UsageError as error:
        check_line(str(error))
        return "refused"
    except SystemExit as error:
        if error.code not in (0, 1, 2):
            raise Finding(f"exit status {error.code}") from error
        return "flag error" if error.code else "help"
    finally:
        flags.FLAGS.unparse_flags()
        os.chdir(here)
        main.log.handlers[:] = handlers


def _patches():
    def engine(*_):
        raise Accepted

    return [
        mock.patch.object(shared, "make_engine", engine),
        mock.patch.object(train, "SideProcess", mock.MagicMock()),
        mock.patch.object(comparison_page, "write", engine),
        mock.patch.object(machine, "available_memory", return_value=AVAILABLE),
    ]


def _flag(rng):
    """One flag with a value of some kind, as one or two arguments."""
    options = [field for _, field in all_settings.options()]
    kind = rng.rand()
    if kind < 0.04:
        return [f"--flagfile={_one(rng, FLAG_FILES)}"]
    if kind < 0.08:
        return [_one(rng, ["--no_such_flag", "--stepz=3", "-x", "--=3", "---steps=3", "--nosteps"])]
    if kind < 0.12:
        return [f"--{_one(rng, OWN_OF_ABSL)}={_one(rng, NUMBERS + TEXTS)}"]
    field = options[rng.randint(len(options))]
    name = "zdim" if field.name == "latent_space_dim" and rng.rand() < 0.5 else field.name
    value = _value(rng, field)
    if isinstance(field.default, bool) and rng.rand() < 0.5:
        return [_one(rng, [f"--{name}", f"--no{name}", f"--no{name}={value}"])]
    form = rng.rand()
    if form < 0.05:
        return [f"--{name}"]
    return [f"--{name}", value] if form < 0.2 else [f"--{name}={value}"]


def _value(rng, field: dataclasses.Field):
    if field.name in ("workdir", "export_dir"):
        pool = DIRECTORIES + TEXTS
    elif field.name in ("data_file", "output"):
        pool = FILES + ["new/x.npy", "x.csv", "empty/x.npy", "/dev/null", "/dev/zero.npy"] + TEXTS
    elif field.metadata["choices"]:
        # Mostly good ones, so that more is reached.
        pool = list(field.metadata["choices"]) * 20 + TEXTS
    elif isinstance(field.default, (int, float)):
        pool = [str(field.default)] * 30 + _edges(field.metadata["bounds"]) * 6 + NUMBERS
    else:
        pool = TEXTS + NUMBERS
    return _one(rng, pool)


def _edges(bounds):
    """Numbers on both sides of an interval's ends."""
    if not bounds:
        return []
    low, high = (float(end) for end in bounds[1:-1].split(","))
    whole = [str(int(value)) for value in (low - 1, low, low + 1, high - 1, high, high + 1)]
    beyond = [repr(value) for value in (np.nextafter(low, -1), np.nextafter(high, 2 * high + 1))]
    return whole * 2 + beyond


def _one(rng, values):
    return values[rng.randint(len(values))]
