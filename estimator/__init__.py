"""How and where training runs: CPU and GPU with in-graph loops, or the NPU.

Takes any model function and knows nothing of boosting. Imports base, and input_fn, which makes the
input in the form that a device wants.
"""
