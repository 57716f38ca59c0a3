"""Let notebooks under test import hwlib from this checkout, whether or not it is installed."""

import os
from pathlib import Path

ROOT = str(Path(__file__).parent)
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [ROOT, os.environ.get("PYTHONPATH")]))
