"""How good samples are: coverage, likelihood, modes, calibration. Pure: arrays in, numbers out.

Imports base alone; no TensorFlow, no matplotlib.
"""
