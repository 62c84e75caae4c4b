"""Metrics with direction, intervals, paired tests and corrections: arrays in, numbers out.

score("spearman", gold, predicted)                   -> Score(value, low, high, method, note)
score_columns("spearman", gold, predicted)           -> one Score a target
paired_bootstrap("accuracy", gold, a, b, groups=g)   -> Comparison(difference, low, high, p, ...)
"""

from probekit.scores.by_label import LabelScore, label_scores, recall_difference
from probekit.scores.corrections import adjust, benjamini_hochberg, bonferroni, holm
from probekit.scores.metric import Metric, get, names, register, registry
from probekit.scores.paired import Comparison, corrected_t, paired_bootstrap, paired_permutation, wilcoxon
from probekit.scores.ranking import average_precision, average_precisions, chance_average_precision, weighted_cosines
from probekit.scores.ranks import average_ranks, round_to_spread
from probekit.scores.scoring import Score, score, score_columns
from probekit.scores.summaries import mean_undefined, t_interval
from probekit.scores.variance import Anova, anova, one_sample_t

__all__ = [
    "Anova",
    "Comparison",
    "LabelScore",
    "Metric",
    "Score",
    "adjust",
    "anova",
    "average_precision",
    "average_precisions",
    "average_ranks",
    "benjamini_hochberg",
    "bonferroni",
    "chance_average_precision",
    "corrected_t",
    "get",
    "holm",
    "label_scores",
    "mean_undefined",
    "names",
    "one_sample_t",
    "paired_bootstrap",
    "paired_permutation",
    "recall_difference",
    "register",
    "registry",
    "round_to_spread",
    "score",
    "score_columns",
    "t_interval",
    "weighted_cosines",
    "wilcoxon",
]
