"""What people look at: pictures, pages, TensorBoard, progress bars; the process that draws them.

Imports storage, evaluation and base; pictures are drawn without TensorFlow.
"""

import logging
import os

# Where it keeps its cache if it has no home, and what it thinks of a user's settings: nobody asked.
logging.getLogger("matplotlib").setLevel(logging.ERROR)
os.environ["MPLBACKEND"] = "agg"  # another one, such as a notebook's, may not be there
