"""Alignment of tables of two languages into one space."""

from probekit.embeddings.align.aligning import align

__all__ = ["align"]
