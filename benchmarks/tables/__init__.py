"""The paper's tables and others', run again over many seeds."""

import os

# A thread that starts a process while another is in a matrix product of NumPy's leaves that one
# waiting for ever, if the product has threads of its own (OpenBLAS 0.3.7). Before NumPy loads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
