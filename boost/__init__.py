"""AdaGAN itself: density ratios to data weights, mixture weights, the step, the loop, refinement.

Imported by commands only; imports every room below.
"""
