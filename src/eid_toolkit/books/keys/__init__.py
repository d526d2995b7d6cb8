"""The key store, and keys in tokens."""
