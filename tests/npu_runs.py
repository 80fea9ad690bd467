"""Runs through main.py on the stand-in of npu_bridge; tests only."""

import glob
import os

from estimator import factory, npu_environment
from tests.conftest import TINY, run_main
from tests.estimator.trainings import weights_of

NPU = [flag for flag in TINY if not flag.startswith("--device")] + ["--device=npu"]
CLEAN = (
    *npu_environment.SINGLE_CARD,
    *npu_environment.WARM_STARTS,
    *npu_environment.MEETING,
    "CM_WORKER_SIZE",
    "CM_WORKER_IP",
    "CM_LOCAL_WORKER",
    "CM_RANK",
    "ASCEND_DEVICE_ID",
    "DEVICE_ID",
    "POD_NAME",
    *factory.CANN_VARIABLES,
)


def run_npu(environment, release, *flags, **more):
    variables = {**environment, "NPU_STAND_IN_RELEASE": release, **more}
    return run_main(*NPU, *flags, environment=variables, drawn=False)


def checkpoint_weights(workdir, step):
    (index,) = glob.glob(
        os.path.join(glob.escape(str(workdir)), "components", f"{step:02d}", "*.index")
    )
    values = weights_of(index[: -len(".index")])
    return {name: value for name, value in values.items() if "layer" in name}
