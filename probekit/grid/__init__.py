"""Grids: questions and their keys, cells of work, executors, parts on disk."""

from __future__ import annotations

from probekit.grid.grid import Grid, Plan, run_all
from probekit.grid.work import Answer, Cell, Need, Question, recipes, works

__all__ = ["Answer", "Cell", "Grid", "Need", "Plan", "Question", "recipes", "run_all", "works"]
