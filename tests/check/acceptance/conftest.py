"""What these tests share with those that take seconds."""

from support.acceptance import home, officer, process, run

__all__ = ["home", "officer", "process", "run"]
