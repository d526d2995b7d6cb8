"""Cryptographic building blocks on ``cryptography`` (and ``ecdsa`` for points), named as the standards name them."""
