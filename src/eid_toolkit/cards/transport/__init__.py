"""Ways to a card: in this process, or over PC/SC; and the way of an emulated card into a PC/SC reader."""
