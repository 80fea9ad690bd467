"""Coverage, likelihood, modes; plots; TensorBoard.

Takes arrays and numbers; imports no other room.
"""
