"""Coverage, likelihood, modes; plots; TensorBoard.

Takes arrays and numbers; imports no other room.
"""

import os

os.environ["MPLBACKEND"] = "agg"  # another one, such as a notebook's, may not be there
