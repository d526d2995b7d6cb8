"""What the texts say: codings, cryptography, data structures and protocols, without clock, randomness or I/O."""
