"""Coverage, likelihood, modes; plots; TensorBoard. Imported by boost/ and main.py."""
