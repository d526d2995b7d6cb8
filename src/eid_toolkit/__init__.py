"""Issue, emulate and inspect electronic identity cards by ICAO Doc 9303."""

__version__ = "0.1.0"
