"""Read, select, summarise, compare, draw, and set beside published numbers what a run wrote.

Everything here reads rows (see `probekit.rows`) and the tables below them, and nothing else.
"""

from probekit.report.claims import Claim, Finding, NotTestable, Study, against_paper, claims, studies
from probekit.report.compare import compare
from probekit.report.figures import bars, curves, heatmap, layer_curves, layer_heatmap
from probekit.report.latex import to_latex, to_markdown, write_table
from probekit.report.point_figures import points, scatter
from probekit.report.read import read_manifest, read_results, read_table
from probekit.report.style import redraw, save, text_problems
from probekit.report.summary import one_metric, only, signature, summarise

__all__ = [
    "Claim",
    "Finding",
    "NotTestable",
    "Study",
    "against_paper",
    "bars",
    "claims",
    "compare",
    "curves",
    "heatmap",
    "layer_curves",
    "layer_heatmap",
    "one_metric",
    "only",
    "points",
    "read_manifest",
    "read_results",
    "read_table",
    "redraw",
    "save",
    "scatter",
    "signature",
    "studies",
    "summarise",
    "text_problems",
    "to_latex",
    "to_markdown",
    "write_table",
]
