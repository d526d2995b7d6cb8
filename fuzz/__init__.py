"""A coverage-guided fuzzer over every parser that sees bytes from outside (docs/fuzzing.md)."""
