"""Card protocols without input or output: terminal flows, card responders, and what both ends share."""
