"""Read, select, summarise, compare, draw, and set beside published numbers what a run wrote.

Everything here reads rows (see `probekit.rows`) and the tables below them, and nothing else.
"""

from probekit.report.claims import (
    Finding,
    against_paper,
    below,
    claims,
    clears,
    ends,
    if_run,
    missing,
    negated,
    shown,
    together,
    within,
)
from probekit.report.compare import compare
from probekit.report.extremes import extreme_features, extreme_sentences
from probekit.report.figures import bars, curves, heatmap, layer_curves, layer_heatmap
from probekit.report.latex import to_latex, to_markdown, write_table
from probekit.report.point_figures import points, scatter
from probekit.report.profiles import (
    answers,
    check_answers,
    group_counts,
    halves,
    label_correlations,
    label_profiles,
    matrix,
    sentence_correlations,
    sentence_profiles,
)
from probekit.report.publish import publish, publish_all
from probekit.report.read import read_manifest, read_results, read_table
from probekit.report.resampling import (
    accuracy_samples,
    apart,
    as_found,
    correlation_samples,
    estimate,
    f1_samples,
    mean_sample,
    metric_samples,
    tally_samples,
)
from probekit.report.saving import redraw, save, text_problems
from probekit.report.select import Selected, dealt, median_run, select
from probekit.report.summary import one_metric, only, signature, summarise
from probekit.report.tested import against_baseline, anova
from probekit.report.token_figures import tokens, tokens_page
from probekit.report.view import NotTestable, View, counterpart

__all__ = [
    "Finding",
    "NotTestable",
    "Selected",
    "View",
    "accuracy_samples",
    "against_baseline",
    "against_paper",
    "anova",
    "apart",
    "answers",
    "as_found",
    "bars",
    "below",
    "check_answers",
    "claims",
    "clears",
    "compare",
    "correlation_samples",
    "counterpart",
    "curves",
    "dealt",
    "ends",
    "estimate",
    "extreme_features",
    "extreme_sentences",
    "f1_samples",
    "group_counts",
    "halves",
    "heatmap",
    "if_run",
    "label_correlations",
    "label_profiles",
    "layer_curves",
    "layer_heatmap",
    "matrix",
    "mean_sample",
    "median_run",
    "metric_samples",
    "missing",
    "negated",
    "one_metric",
    "only",
    "points",
    "publish",
    "publish_all",
    "read_manifest",
    "read_results",
    "read_table",
    "redraw",
    "save",
    "scatter",
    "select",
    "sentence_correlations",
    "sentence_profiles",
    "shown",
    "signature",
    "summarise",
    "tally_samples",
    "text_problems",
    "to_latex",
    "to_markdown",
    "together",
    "tokens",
    "tokens_page",
    "within",
    "write_table",
]
