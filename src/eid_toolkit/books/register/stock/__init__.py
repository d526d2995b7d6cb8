"""Blanks, from the delivery to the card or its destruction, and the stations that use them."""
