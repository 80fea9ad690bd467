"""Speed against the published way of training. Not part of the program."""
