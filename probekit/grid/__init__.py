"""Grids: questions and their keys, cells of work, executors, parts on disk."""

from __future__ import annotations

from probekit.grid.grid import Grid, run_all
from probekit.grid.plan import Plan
from probekit.grid.work import Answer, Cell, Question, works

__all__ = ["Answer", "Cell", "Grid", "Plan", "Question", "run_all", "works"]
