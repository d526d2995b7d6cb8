"""How a card is driven, and how one is played."""
