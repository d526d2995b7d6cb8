"""Applications and documents, from the counter to the last day of a card."""
