"""Metrics with direction, intervals, paired tests and corrections: arrays in, numbers out.

score("spearman", gold, predicted)                   -> Score(value, low, high, method, note)
score_columns("spearman", gold, predicted)           -> one Score a target
paired_bootstrap("accuracy", gold, a, b, groups=g)   -> Comparison(difference, low, high, p, ...)
residual_entropy(symbols, concepts)                  -> ResidualEntropy(value, blocks, permuted, ...) of a discrete code
"""

from probekit.scores.auc import macro_auc
from probekit.scores.by_label import LabelScore, label_scores, recall_difference
from probekit.scores.concordance import concordance
from probekit.scores.contingency import cochran_mantel_haenszel
from probekit.scores.corrections import adjust, benjamini_hochberg, bonferroni, holm
from probekit.scores.information import (
    Information,
    conditional_entropy,
    entropy,
    mutual_information,
    positional_disentanglement,
    topographic_similarity,
)
from probekit.scores.languages import (
    language_precision,
    language_precision_released,
    language_recall,
    language_recall_released,
)
from probekit.scores.metric import Metric, get, names, register, registry
from probekit.scores.paired import Comparison, corrected_t, paired_bootstrap, paired_permutation, wilcoxon
from probekit.scores.partial import partial_spearman
from probekit.scores.polarity import proportion, pss, relative_pss
from probekit.scores.ranking import average_precision, average_precisions, chance_average_precision, weighted_cosines
from probekit.scores.ranks import average_ranks, round_to_spread
from probekit.scores.replicability import Replicated, majority_order, partial_conjunction, permuted_sums
from probekit.scores.residual import ResidualEntropy, residual_entropy
from probekit.scores.scoring import Score, score, score_columns
from probekit.scores.summaries import mean_undefined, t_interval
from probekit.scores.variance import Anova, anova, one_sample_t

__all__ = [
    "cochran_mantel_haenszel",
    "Anova",
    "Comparison",
    "Information",
    "LabelScore",
    "Metric",
    "Replicated",
    "ResidualEntropy",
    "Score",
    "adjust",
    "anova",
    "average_precision",
    "average_precisions",
    "average_ranks",
    "benjamini_hochberg",
    "bonferroni",
    "chance_average_precision",
    "concordance",
    "conditional_entropy",
    "corrected_t",
    "entropy",
    "get",
    "holm",
    "label_scores",
    "language_precision",
    "language_precision_released",
    "language_recall",
    "language_recall_released",
    "macro_auc",
    "majority_order",
    "mean_undefined",
    "mutual_information",
    "names",
    "one_sample_t",
    "paired_bootstrap",
    "paired_permutation",
    "partial_conjunction",
    "partial_spearman",
    "permuted_sums",
    "positional_disentanglement",
    "proportion",
    "pss",
    "recall_difference",
    "register",
    "registry",
    "relative_pss",
    "residual_entropy",
    "round_to_spread",
    "score",
    "score_columns",
    "t_interval",
    "topographic_similarity",
    "weighted_cosines",
    "wilcoxon",
]
