"""A stand-in for npu_bridge, written from what its two releases expect; tests only.

It is strict about constructor arguments and the environment, imitates the device's loop by running
the train op K times a Session.run, and counts what it is sent by `npu_graphs`. The release, "A"
(July 2026) or "B" (February 2021), is read from NPU_STAND_IN_RELEASE.
"""

import os
import textwrap

import tensorflow as tf

from tests import npu_graphs, npu_run_configs

RELEASE = os.environ.get("NPU_STAND_IN_RELEASE", "A")


def make_package(directory):
    """Writes an importable npu_bridge into a directory."""
    package = os.path.join(str(directory), "npu_bridge")
    os.makedirs(package)
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(package, "__init__.py"), "w"):
        pass
    with open(os.path.join(package, "npu_init.py"), "w") as file:
        file.write(
            textwrap.dedent(
                f"""
                import importlib.util
                path = {here!r} + "/npu_stand_in.py"
                spec = importlib.util.spec_from_file_location("stand_in", path)
                module = importlib.util.module_from_spec(spec)
                spec.loader.exec_module(module)
                # As importing July 2026's changes every later Session.
                module.npu_graphs.count(all_sessions=module.RELEASE == "A")
                globals().update({{k: v for k, v in vars(module).items() if k[0] != "_"}})
                """
            )
        )


ProfilingConfig, DumpConfig = npu_run_configs.ProfilingConfig, npu_run_configs.DumpConfig
NPURunConfigB = npu_run_configs.NPURunConfigB
NPURunConfig = npu_run_configs.NPURunConfigA if RELEASE == "A" else NPURunConfigB


def _read_job():
    if not os.environ.get("JOB_ID"):
        raise (ValueError if RELEASE == "A" else AttributeError)("JOB_ID")
    if RELEASE == "B" and "RANK_SIZE" not in os.environ:
        raise AttributeError("'int' object has no attribute 'isdigit'")
    if RELEASE == "A" and os.environ.get("RANK_SIZE") and os.environ.get("CM_WORKER_SIZE"):
        raise ValueError("RANK_SIZE and CM_WORKER_SIZE are set together")
    if os.environ.get("CM_CHIEF_IP") and {"RANK_TABLE_FILE", "RANK_ID"} & set(os.environ):
        raise ValueError("variables of a rank table beside CM_CHIEF_IP")


class NPUEstimator(tf.estimator.Estimator):
    def __init__(
        self,
        model_fn=None,
        model_dir=None,
        config=None,
        params=None,
        job_start_file="",
        warm_start_from=None,
    ):
        if not isinstance(config, NPURunConfigB):
            raise ValueError("config must be an NPURunConfig")
        _read_job()
        if os.environ.get("RESTORE_FROM") or os.environ.get("LOCAL_CHECKPOINT_DIR"):
            raise AssertionError("a component would be warm-started")
        rewriters = config.session_config.graph_options.rewrite_options.custom_optimizers
        if len(rewriters):
            raise AssertionError("a session configuration was used for two Estimators")
        rewriters.add().name = "NpuOptimizer"
        super().__init__(model_fn=model_fn, model_dir=model_dir, config=config, params=params)

    @staticmethod
    def _assert_members_are_not_overridden(_):
        """An Estimator must not override; the real NPUEstimator does as well."""

    def _call_model_fn(self, features, labels, mode, config):
        spec = super()._call_model_fn(features, labels, mode, config)
        if mode == tf.estimator.ModeKeys.TRAIN:
            looped = tf.group(spec.train_op, name="IterationOp")
            loop = [_DeviceLoop(looped, config.iterations_per_loop)]
            if config.iterations_per_loop > 1:
                loop.append(_LoopVariables(config.iterations_per_loop))
            hooks = (*loop, *spec.training_hooks)
            spec = spec._replace(train_op=looped, training_hooks=hooks)
        return spec


class _DeviceLoop(tf.train.SessionRunHook):
    """All but the last iteration of a device loop, before the Session.run that it belongs to."""

    def __init__(self, train_op, iterations):
        self._train_op, self._iterations = train_op, iterations
        self._step = tf.train.get_global_step()

    def before_run(self, run_context):
        session = run_context.session
        if os.environ.get("NPU_STAND_IN_SKIPS_LOOP"):
            return
        with npu_graphs.uncounted():  # the device loops by itself
            before = session.run(self._step)
            for _ in range(self._iterations - 1):
                session.run(self._train_op)
            if session.run(self._step) != before + self._iterations - 1:
                raise AssertionError("the train op must advance the global step by one")


class _LoopVariables(tf.train.SessionRunHook):
    """The adapter's own variables, by which it tells the device how often to loop."""

    def __init__(self, iterations):
        self._values = (iterations - 1, 0, 0, 1)

    def begin(self):
        self._variables = [
            tf.get_variable(
                f"{npu_graphs.LOOP_SCOPE}/{name}",
                [],
                tf.int32,
                initializer=tf.zeros_initializer(),
                trainable=False,
            )
            for name in npu_graphs.LOOP_VARIABLES
        ]

    def after_create_session(self, session, coord):
        for variable, value in zip(self._variables, self._values):
            variable.load(value, session=session)
        session.run(self._variables[0])


class NPUDistributedOptimizer(tf.train.Optimizer):
    """Counts its uses; with one process there is nothing to average."""

    uses = []

    def __init__(self, optimizer, is_weight_update_sharding=False, name=None):
        super().__init__(False, name or "Distributed")
        self._optimizer = optimizer
        NPUDistributedOptimizer.uses.append(optimizer)

    def compute_gradients(self, *args, **kwargs):
        return self._optimizer.compute_gradients(*args, **kwargs)

    def apply_gradients(self, *args, **kwargs):
        return self._optimizer.apply_gradients(*args, **kwargs)

    def get_slot(self, *args):
        return self._optimizer.get_slot(*args)


class ExponentialUpdateLossScaleManager:
    def __init__(
        self,
        init_loss_scale,
        incr_every_n_steps,
        decr_every_n_nan_or_inf=2,
        incr_ratio=2,
        decr_ratio=0.8,
    ):
        self.scale = 1024.0


class NPULossScaleOptimizer(tf.train.Optimizer):
    managers = []

    def __init__(self, opt, loss_scale_manager, is_distributed=False):
        super().__init__(False, "NPULossScaleOptimizer")
        self._opt, self._scale = opt, loss_scale_manager.scale
        NPULossScaleOptimizer.managers.append(loss_scale_manager)

    def compute_gradients(self, loss, var_list=None):
        scaled = self._opt.compute_gradients(loss * self._scale, var_list)
        return [(gradient / self._scale, variable) for gradient, variable in scaled]

    def apply_gradients(self, *args, **kwargs):
        return self._opt.apply_gradients(*args, **kwargs)
