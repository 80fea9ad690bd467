"""Coverage, likelihood, modes; plots; TensorBoard.

Takes arrays and numbers; imports no other room.
"""

import logging
import os

# Where it keeps its cache if it has no home, and what it thinks of a user's settings: nobody asked.
logging.getLogger("matplotlib").setLevel(logging.ERROR)
os.environ["MPLBACKEND"] = "agg"  # another one, such as a notebook's, may not be there
