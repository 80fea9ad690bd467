"""The house holds to its arrows, read from the imports."""

import ast
import functools
import os

import pytest

from base import version

ROOT = version.ROOT

MAY_IMPORT = {
    "base": set(),
    "input_fn": {"base"},
    "model_fn": {"base"},
    "evaluation": {"base"},
    "estimator": {"input_fn", "base"},
    "storage": {"estimator", "evaluation", "base"},
    "report": {"storage", "evaluation", "base"},
    "boost": {"report", "storage", "estimator", "input_fn", "model_fn", "evaluation", "base"},
}
MAY_IMPORT["commands"] = {"boost", *MAY_IMPORT["boost"]}
WITH_TENSORFLOW = {
    "model_fn/": "the networks, but for their settings",
    "estimator/": "what trains, but for the contract and the choice of it",
    "input_fn/pipelines.py": "tf.data",
    "report/tensorboard.py": "events",
    "report/live.py": "events",
    "boost/": "what makes Estimators train, but for the mathematics",
    "commands/exported_model.py": "the model that is exported",
    "commands/parts.py": "what trains",
}
"""Where TensorFlow may be loaded; nothing else may, not even through what it imports."""
WITHOUT_TENSORFLOW = {
    "model_fn": {"settings", "layers"},
    "estimator": {
        "engine",
        "factory",
        "npu_environment",
        "cluster",
        "peers",
        "meeting",
        "connections",
        "exchange",
        "literal",
        "xla_flags",
    },
    "boost": {
        "betas",
        "ratios",
        "weights",
        "mixture",
        "scoring",
        "settings",
        "meta_algorithms",
        "refinement",
    },
}
"""Modules of such rooms that load none: all but these may."""


def modules(*rooms):
    for room in rooms:
        for name in sorted(os.listdir(os.path.join(ROOT, room))):
            if name.endswith(".py"):
                yield os.path.join(room, name)


@functools.lru_cache(maxsize=None)
def parsed(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return ast.parse(file.read())


def imports(path, top_level_only=False):
    """Modules by name, and what is imported from them as if it were one too."""
    tree = parsed(path)
    for node in tree.body if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own(path, **how):
    """The project's modules that a module imports."""
    for name in imports(path, **how):
        inner = name.replace(".", os.sep) + ".py"
        if os.path.exists(os.path.join(ROOT, inner)):
            yield inner


def test_the_rooms_are_all_that_there_are():
    assert set(version.rooms()) == set(MAY_IMPORT)
    assert {name for name in os.listdir(ROOT) if name.endswith(".py")} == {"main.py", "adagan.py"}


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_a_room_imports_only_the_rooms_below_it(room):
    for path in modules(room):
        rooms = {name.split(".")[0] for name in imports(path)} & {*MAY_IMPORT, "main"}
        assert rooms <= MAY_IMPORT[room] | {room}, path


def test_no_module_imports_itself_through_others():
    """Functions that import late, because TensorFlow takes its time, count as well."""
    graph = {path: set(own(path)) for path in modules(*MAY_IMPORT)}

    def visit(path, way):
        assert path not in way, " -> ".join([*way[way.index(path) :], path])
        for inner in sorted(graph.get(path, ())):
            if inner not in done:
                visit(inner, [*way, path])
        done.add(path)

    done = set()
    for path in sorted(graph):
        if path not in done:
            visit(path, [])


def test_nothing_but_main_reads_flags():
    for path in modules(*MAY_IMPORT):
        assert not [name for name in imports(path) if name.split(".")[0] == "absl"], path


def test_only_plots_import_matplotlib():
    """And only what makes pictures loads them, which the command line does late."""
    with_plots = {
        "drawing",
        "step_plots",
        "column_plots",
        "region_plots",
        "summary_plots",
        "calibration_plots",
        "comparison_plots",
    }
    for path in modules(*MAY_IMPORT):
        has = any(name.split(".")[0] == "matplotlib" for name in imports(path))
        assert has == (path in {f"report/{name}.py" for name in with_plots}), path
        loads = set(imports(path, top_level_only=True)) & {f"report.{n}" for n in with_plots}
        assert has or path == "report/comparison_page.py" or not loads, path
    assert "report.comparison_page" not in imports("commands/compare.py", top_level_only=True)


def test_tensorflow_is_loaded_where_the_list_says():
    def reaches(path, seen):
        if path in seen:
            return False
        seen.add(path)
        direct = any(n.split(".")[0] == "tensorflow" for n in imports(path, top_level_only=True))
        return direct or any(reaches(each, seen) for each in own(path, top_level_only=True))

    for path in ["main.py", *modules(*MAY_IMPORT)]:
        room, name = os.path.split(path)
        allowed = any(path.startswith(each) for each in WITH_TENSORFLOW)
        if not allowed or name[: -len(".py")] in WITHOUT_TENSORFLOW.get(room, ()):
            assert not reaches(path, set()), path


TESTED_IN = {
    "tests/estimator/test_distributed.py": "estimator/agreement estimator/collectives "
    "estimator/exchange",
    "tests/estimator/test_shared_checkpoints.py": "estimator/resume",
    "tests/estimator/test_host.py": "base/model_params estimator/engine estimator/factory "
    "estimator/graphs estimator/hooks estimator/literal",
    "tests/estimator/test_npu.py": "estimator/npu_configuration",
    "tests/commands/test_exported_model.py": "estimator/export",
    "tests/test_environment.py": "estimator/xla_flags",
    "tests/boost/test_discriminators.py": "boost/ratio_checks",
    "tests/boost/test_loop.py": "boost/views",
    "tests/input_fn/test_larger_than_memory.py": "input_fn/one_pass input_fn/read_ahead",
    "tests/input_fn/test_held.py": "input_fn/pipelines",
    "tests/commands/test_settings.py": "input_fn/settings model_fn/settings",
    "tests/model_fn/test_networks.py": "model_fn/optimizers",
    "tests/model_fn/test_gan.py": "model_fn/gan_params model_fn/iteration model_fn/unroll "
    "model_fn/scaling",
}
"""Modules without a test module of their name, by the one that tests them with what uses them."""


def test_each_module_has_a_test_module_of_its_name():
    """But for what is listed: a new module has one, and one that gets one leaves the list."""
    missing = {
        os.path.splitext(path)[0]
        for path in modules(*MAY_IMPORT)
        if not path.endswith("__init__.py")
        and not os.path.exists(
            os.path.join(ROOT, "tests", os.path.dirname(path), f"test_{os.path.basename(path)}")
        )
    }
    assert missing == {name for names in TESTED_IN.values() for name in names.split()}
    for path in TESTED_IN:
        assert os.path.isfile(os.path.join(ROOT, path)), path
