"""The authorities of a home: country signing, verifying, and the keys of terminals."""
