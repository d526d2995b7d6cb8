"""A verdict as text and as a page."""
