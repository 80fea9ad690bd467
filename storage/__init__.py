"""What a run keeps on disk: its directory, its committed state, what is written for users.

Imports estimator, evaluation and base.
"""
