"""A stand-in for npu_bridge, written from what its two releases expect; tests only.

It is strict about constructor arguments and the environment, imitates the device's loop by running
the train op K times a Session.run, and counts what it is sent by `npu_graphs`. The release, "A"
(July 2026) or "B" (February 2021), is read from NPU_STAND_IN_RELEASE.
"""

import os
import textwrap

import tensorflow as tf

from tests import npu_graphs

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


class ProfilingConfig:
    def __init__(self, enable_profiling=False, profiling_options=None):
        self.enable_profiling, self.profiling_options = enable_profiling, profiling_options


class DumpConfig:
    def __init__(
        self,
        enable_dump=False,
        dump_path=None,
        dump_step=None,
        dump_mode="output",
        enable_dump_debug=False,
        dump_debug_mode="all",
    ):
        if (enable_dump or enable_dump_debug) and not os.path.isdir(dump_path):
            raise ValueError("dump_path must be a directory")
        if enable_dump and enable_dump_debug:
            raise ValueError("enable_dump and enable_dump_debug exclude each other")


class NPURunConfigB(tf.estimator.RunConfig):
    def __init__(
        self,
        iterations_per_loop=1,
        profiling_config=None,
        model_dir=None,
        tf_random_seed=None,
        save_summary_steps=0,
        save_checkpoints_steps=None,
        save_checkpoints_secs=None,
        session_config=None,
        keep_checkpoint_max=5,
        keep_checkpoint_every_n_hours=10000,
        log_step_count_steps=100,
        enable_data_pre_proc=True,
        precision_mode=None,
        mix_compile_mode=False,
        hcom_parallel=False,
        graph_memory_max_size=None,
        variable_memory_max_size=None,
        auto_tune_mode=None,
        dump_config=None,
        op_debug_level=0,
        op_select_implmode=None,
        op_compiler_cache_mode=None,
        op_compiler_cache_dir=None,
        dynamic_input=False,
        is_tailing_optimization=False,
        train_distribute=None,
        eval_distribute=None,
    ):
        if not isinstance(iterations_per_loop, int) or iterations_per_loop < 1:
            raise ValueError("iterations_per_loop must be a positive int")
        if iterations_per_loop > 1 and not enable_data_pre_proc:
            raise ValueError("iterations_per_loop > 1 needs enable_data_pre_proc")
        modes = (None, "allow_fp32_to_fp16", "must_keep_origin_dtype", "allow_mix_precision")
        if precision_mode not in modes:
            raise ValueError(f"precision_mode {precision_mode!r}")
        if profiling_config is not None and not isinstance(profiling_config, ProfilingConfig):
            raise ValueError("profiling_config must be a ProfilingConfig")
        self.iterations_per_loop = iterations_per_loop
        if save_checkpoints_steps is None and save_checkpoints_secs is None:
            save_checkpoints_steps = 100
        super().__init__(
            model_dir=model_dir,
            tf_random_seed=tf_random_seed,
            save_summary_steps=save_summary_steps,
            save_checkpoints_steps=save_checkpoints_steps,
            save_checkpoints_secs=save_checkpoints_secs,
            session_config=session_config,
            log_step_count_steps=log_step_count_steps,
        )


class NPURunConfigA(NPURunConfigB):
    def __init__(
        self,
        iterations_per_loop=1,
        profiling_config=None,
        model_dir=None,
        tf_random_seed=None,
        save_summary_steps=0,
        save_checkpoints_steps=None,
        save_checkpoints_secs=None,
        session_config=None,
        keep_checkpoint_max=5,
        keep_checkpoint_every_n_hours=10000,
        log_step_count_steps=100,
        enable_data_pre_proc=True,
        precision_mode=None,
        mix_compile_mode=False,
        hcom_parallel=True,
        graph_memory_max_size=None,
        variable_memory_max_size=None,
        dump_config=None,
        op_debug_level=None,
        op_select_implmode=None,
        op_compiler_cache_mode=None,
        op_compiler_cache_dir=None,
        dynamic_input=None,
        is_tailing_optimization=False,
        train_distribute=None,
        eval_distribute=None,
        precision_mode_v2=None,
        deterministic=0,
        op_execute_timeout=None,
        op_precision_mode=None,
        jit_compile="auto",
    ):
        if not isinstance(jit_compile, str):
            raise TypeError("jit_compile must be a str")
        if precision_mode and precision_mode_v2:
            raise ValueError("precision_mode and precision_mode_v2 exclude each other")
        self.given = {
            "precision_mode_v2": precision_mode_v2,
            "op_precision_mode": op_precision_mode,
            "jit_compile": jit_compile,
            "deterministic": deterministic,
        }
        super().__init__(
            iterations_per_loop,
            profiling_config,
            model_dir,
            tf_random_seed,
            save_summary_steps,
            save_checkpoints_steps,
            save_checkpoints_secs,
            session_config,
            keep_checkpoint_max,
            keep_checkpoint_every_n_hours,
            log_step_count_steps,
            enable_data_pre_proc,
            precision_mode,
        )


NPURunConfig = NPURunConfigA if RELEASE == "A" else NPURunConfigB


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
