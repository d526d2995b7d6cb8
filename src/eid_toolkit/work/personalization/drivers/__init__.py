"""How a kind of blank is written."""
