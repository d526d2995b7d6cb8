"""The cases, in modules by what they look at."""
