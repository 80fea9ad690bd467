"""The house holds to its arrows, read from the imports."""

import ast
import os

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

LEAVES = {"flag_files", "machine", "options", "streams", "durable", "endings", "version"}
MAY_IMPORT = {
    "input_fn": set(),
    "model_fn": set(),
    "evaluation": set(),
    "estimator": {"input_fn"},
    "boost": {"estimator", "input_fn", "model_fn", "evaluation"},
}
ROOMS = set(MAY_IMPORT) | {"settings", "sizes", "modes", "main"}
WITHOUT_TENSORFLOW = [
    "options.py",
    "streams.py",
    "settings.py",
    "sizes.py",
    "main.py",
    "modes.py",
    "boost/weights.py",
    "boost/ratios.py",
    "boost/betas.py",
    "boost/state.py",
    "boost/workdir.py",
    "boost/compare.py",
    "boost/pages.py",
    "boost/pictures.py",
    "boost/report.py",
    "durable.py",
    "endings.py",
    "version.py",
    "estimator/cluster.py",
    "estimator/peers.py",
    "boost/settings.py",
    "evaluation/calibration.py",
    "evaluation/calibration_plots.py",
    "evaluation/comparison_plots.py",
    "evaluation/kde.py",
    "evaluation/coverage.py",
    "evaluation/modes.py",
    "evaluation/metrics.py",
    "evaluation/plots.py",
    "evaluation/plots_jobs.py",
    "evaluation/scene.py",
    "boost/scoring.py",
    "boost/side_process.py",
    "input_fn/gmm.py",
    "input_fn/arrays.py",
    "input_fn/files.py",
    "input_fn/one_pass.py",
    "input_fn/held.py",
    "input_fn/read_ahead.py",
    "boost/sealed.py",
    "boost/outputs.py",
    "estimator/xla_flags.py",
    "estimator/literal.py",
    "input_fn/tables.py",
    "input_fn/datasets.py",
    "input_fn/weighted.py",
    "input_fn/fixed.py",
    "model_fn/settings.py",
]


def modules(*rooms):
    for room in rooms:
        for name in sorted(os.listdir(os.path.join(ROOT, room))):
            if name.endswith(".py"):
                yield os.path.join(room, name)


def imports(path, top_level_only=False):
    """Modules by name, and what is imported from them as if it were one too."""
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        tree = ast.parse(file.read())
    for node in tree.body if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms_of(path):
    return {name.split(".")[0] for name in imports(path)} & ROOMS


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_a_room_imports_only_the_rooms_below_it(room):
    for path in modules(room):
        assert rooms_of(path) <= MAY_IMPORT[room] | {room}, path


@pytest.mark.parametrize("leaf", sorted(LEAVES))
def test_leaves_import_no_room(leaf):
    assert not rooms_of(leaf + ".py")


def test_nothing_but_main_reads_flags():
    for path in [*modules(*MAY_IMPORT), "modes.py", "settings.py", "options.py", "streams.py"]:
        assert not [name for name in imports(path) if name.split(".")[0] == "absl"], path


def test_only_plots_import_matplotlib():
    """And only what makes pictures loads them: the comparison's page, which main loads late."""
    with_plots = {"calibration_plots", "comparison_plots", "plots"}
    for path in modules(*MAY_IMPORT):
        has = any(name.split(".")[0] == "matplotlib" for name in imports(path))
        assert has == (path in {f"evaluation/{name}.py" for name in with_plots}), path
        loads = set(imports(path, top_level_only=True)) & {f"evaluation.{n}" for n in with_plots}
        assert has or path == "boost/compare.py" or not loads, path
    assert "boost.compare" not in imports("modes.py", top_level_only=True)


def test_mathematics_and_settings_load_without_tensorflow():
    """Module by module, following top-level imports of the project's own modules."""

    def reaches(path, seen):
        if path in seen:
            return False
        seen.add(path)
        for name in imports(path, top_level_only=True):
            if name.split(".")[0] == "tensorflow":
                return True
            inner = name.replace(".", os.sep) + ".py"
            if os.path.exists(os.path.join(ROOT, inner)) and reaches(inner, seen):
                return True
        return False

    for path in WITHOUT_TENSORFLOW:
        assert not reaches(path, set()), path
