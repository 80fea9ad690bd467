"""AdaGAN itself: density ratios to data weights, mixture weights, the loop, its state on disk. Imported by main.py only."""
