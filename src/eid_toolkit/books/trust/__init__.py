"""Whom an inspection believes: anchors, lists and bundles, and the decisions on them."""
