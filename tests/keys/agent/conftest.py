"""Agents, for every test of them."""

from support.agents import agents

__all__ = ["agents"]
