"""What the toolkit does in a second, beside what is possible at best (docs/benchmarks.md)."""
