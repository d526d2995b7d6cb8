"""The command line: the only place where sentences are made, asked and printed."""
