"""Inspection: what a card showed (evidence), what follows from it (checks), and the verdict of a policy."""
