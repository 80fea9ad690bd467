"""How and where training runs: CPU and GPU with in-graph loops, or the NPU. Knows nothing of boosting; imported by boost/ and main.py."""
