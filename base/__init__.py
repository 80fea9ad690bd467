"""What all rooms stand on: random streams, files that survive a kill, signals, errors, options.

Every room may import it; it imports none, and no TensorFlow.
"""
