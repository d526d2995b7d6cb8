"""The homes that these tests work in."""

from support.homes import demo_home, demo_home_template, desk

__all__ = ["demo_home", "demo_home_template", "desk"]
