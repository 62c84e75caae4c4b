"""Metrics with direction, intervals, paired tests and corrections: arrays in, numbers out.

score("spearman", gold, predicted)                   -> Score(value, low, high, method, note)
score_columns("spearman", gold, predicted)           -> one Score a target
paired_bootstrap("accuracy", gold, a, b, groups=g)   -> Comparison(difference, low, high, p, ...)
"""

from probekit.scores.corrections import adjust, benjamini_hochberg, bonferroni, holm
from probekit.scores.metric import Metric, get, names, register, registry
from probekit.scores.paired import Comparison, corrected_t, paired_bootstrap, paired_permutation, wilcoxon
from probekit.scores.ranking import (
    average_precision,
    average_precisions,
    chance_average_precision,
    weighted_cosines,
)
from probekit.scores.ranks import average_ranks, round_to_spread
from probekit.scores.scoring import Score, score, score_columns
from probekit.scores.summaries import mean_undefined, t_interval

__all__ = [
    "Comparison",
    "Metric",
    "Score",
    "adjust",
    "average_precision",
    "average_precisions",
    "average_ranks",
    "benjamini_hochberg",
    "bonferroni",
    "chance_average_precision",
    "corrected_t",
    "get",
    "holm",
    "mean_undefined",
    "names",
    "paired_bootstrap",
    "paired_permutation",
    "register",
    "registry",
    "round_to_spread",
    "score",
    "score_columns",
    "t_interval",
    "weighted_cosines",
    "wilcoxon",
]
