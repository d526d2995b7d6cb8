"""Persons: their records, files of them, and finding them again."""
