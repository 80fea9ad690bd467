"""How and where training runs: CPU and GPU with in-graph loops, or the NPU.

Takes any model function and knows nothing of boosting. Imports input_fn and base, which makes the
input in the form that a device wants.
"""
