"""AdaGAN itself: ratios to data weights, mixture weights, the loop, its state on disk.

Imported by main.py and settings.py only; imports every other room.
"""
