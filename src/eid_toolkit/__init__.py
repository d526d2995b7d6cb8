"""Issue, emulate and inspect electronic identity cards by ICAO Doc 9303."""

import logging

__version__ = "0.2.0"

logging.getLogger(__name__).addHandler(logging.NullHandler())  # whoever wants the log asks for it (--debug)
