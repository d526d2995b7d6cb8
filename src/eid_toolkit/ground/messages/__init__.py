"""What each error code and reason says to a person."""
