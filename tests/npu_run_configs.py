"""The run configurations of both releases of npu_bridge, strict about arguments; tests only."""

import os

import tensorflow as tf


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
