"""The range: officers are trained on true and forged cards, and scored."""
