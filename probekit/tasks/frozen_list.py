"""The 68 features of the linguistic-profiling study, frozen.

The paper names families of features, not columns. These are the columns that are non-zero in at least one
third of the 23,943 sentences of EWT, GUM and ParTUT (UD 2.4), mirror columns (`subj_post`, `obj_pre`,
`subordinate_pre`) left out. The list is frozen, and not recomputed on other data, so that group means can be
compared between runs.
"""

from __future__ import annotations

from typing import NamedTuple

from probekit.tasks.profiling_features import MORPHOSYNTAX, RAW, SYNTAX


class FrozenFeature(NamedTuple):
    """A feature of the list with what was measured on the 23,943 sentences when it was frozen.

    `share` of the sentences have a non-zero value; `rho` is the Spearman correlation with
    `sentence/sent_length`. Both are rounded to three decimals.
    """

    name: str
    group: str
    share: float
    rho: float


def _f(label: str, group: str, share: float, rho: float) -> FrozenFeature:
    return FrozenFeature(f"sentence/{label}", group, share, rho)


PROFILING_68: tuple[FrozenFeature, ...] = (
    _f("sent_length", RAW, 1.000, 1.000),
    _f("char_per_tok", RAW, 0.996, -0.032),
    _f("ttr_form", RAW, 0.996, -0.201),
    _f("ttr_lemma", RAW, 0.996, -0.256),
    _f("lexical_density", MORPHOSYNTAX, 0.978, -0.181),
    _f("upos_dist_PUNCT", MORPHOSYNTAX, 0.905, -0.158),
    _f("upos_dist_NOUN", MORPHOSYNTAX, 0.833, 0.167),
    _f("upos_dist_VERB", MORPHOSYNTAX, 0.752, 0.254),
    _f("xpos_dist_.", MORPHOSYNTAX, 0.740, -0.265),
    _f("xpos_dist_NN", MORPHOSYNTAX, 0.695, 0.103),
    _f("upos_dist_ADP", MORPHOSYNTAX, 0.649, 0.465),
    _f("upos_dist_DET", MORPHOSYNTAX, 0.635, 0.424),
    _f("upos_dist_PRON", MORPHOSYNTAX, 0.609, 0.215),
    _f("xpos_dist_IN", MORPHOSYNTAX, 0.597, 0.411),
    _f("xpos_dist_DT", MORPHOSYNTAX, 0.570, 0.334),
    _f("upos_dist_AUX", MORPHOSYNTAX, 0.568, 0.253),
    _f("upos_dist_ADJ", MORPHOSYNTAX, 0.566, 0.268),
    _f("aux_form_dist_Fin", MORPHOSYNTAX, 0.558, 0.418),
    _f("verbs_form_dist_Fin", MORPHOSYNTAX, 0.490, 0.258),
    _f("xpos_dist_JJ", MORPHOSYNTAX, 0.476, 0.228),
    _f("upos_dist_ADV", MORPHOSYNTAX, 0.452, 0.276),
    _f("aux_mood_dist_Ind", MORPHOSYNTAX, 0.445, 0.417),
    _f("xpos_dist_PRP", MORPHOSYNTAX, 0.445, 0.167),
    _f("verbs_mood_dist_Ind", MORPHOSYNTAX, 0.436, 0.438),
    _f("xpos_dist_RB", MORPHOSYNTAX, 0.414, 0.225),
    _f("upos_dist_PROPN", MORPHOSYNTAX, 0.413, 0.083),
    _f("xpos_dist_VB", MORPHOSYNTAX, 0.397, 0.205),
    _f("upos_dist_CCONJ", MORPHOSYNTAX, 0.386, 0.435),
    _f("xpos_dist_CC", MORPHOSYNTAX, 0.386, 0.435),
    _f("verbs_tense_dist_Past", MORPHOSYNTAX, 0.381, 0.435),
    _f("xpos_dist_NNS", MORPHOSYNTAX, 0.379, 0.295),
    _f("verbs_num_pers_dist_+", MORPHOSYNTAX, 0.365, 0.254),
    _f("xpos_dist_NNP", MORPHOSYNTAX, 0.365, 0.039),
    _f("xpos_dist_,", MORPHOSYNTAX, 0.361, 0.355),
    _f("verbs_form_dist_Inf", MORPHOSYNTAX, 0.345, 0.344),
    _f("aux_tense_dist_Pres", MORPHOSYNTAX, 0.339, 0.301),
    _f("dep_dist_root", SYNTAX, 1.000, -1.000),
    _f("parse_depth", SYNTAX, 0.964, 0.887),
    _f("avg_links_len", SYNTAX, 0.938, 0.792),
    _f("max_links_len", SYNTAX, 0.938, 0.906),
    _f("dep_dist_punct", SYNTAX, 0.902, -0.139),
    _f("avg_token_per_clause", SYNTAX, 0.815, 0.601),
    _f("verbal_head_dist", SYNTAX, 0.815, 0.808),
    _f("verbal_root_perc", SYNTAX, 0.768, 0.511),
    _f("principal_proposition_dist", SYNTAX, 0.768, 0.060),
    _f("avg_verb_edges", SYNTAX, 0.744, 0.576),
    _f("subj_pre", SYNTAX, 0.727, 0.550),
    _f("dep_dist_nsubj", SYNTAX, 0.701, 0.205),
    _f("dep_dist_case", SYNTAX, 0.640, 0.467),
    _f("dep_dist_det", SYNTAX, 0.626, 0.425),
    _f("avg_subordinate_chain_len", SYNTAX, 0.518, 0.652),
    _f("subordinate_proposition_dist", SYNTAX, 0.518, 0.672),
    _f("dep_dist_obj", SYNTAX, 0.517, 0.295),
    _f("obj_post", SYNTAX, 0.507, 0.473),
    _f("dep_dist_obl", SYNTAX, 0.486, 0.435),
    _f("dep_dist_advmod", SYNTAX, 0.468, 0.281),
    _f("dep_dist_amod", SYNTAX, 0.468, 0.356),
    _f("subordinate_post", SYNTAX, 0.463, 0.552),
    _f("subordinate_dist_1", SYNTAX, 0.440, 0.486),
    _f("dep_dist_nmod", SYNTAX, 0.391, 0.448),
    _f("dep_dist_cc", SYNTAX, 0.390, 0.435),
    _f("dep_dist_conj", SYNTAX, 0.384, 0.468),
    _f("avg_prepositional_chain_len", SYNTAX, 0.380, 0.537),
    _f("dep_dist_mark", SYNTAX, 0.369, 0.447),
    _f("verbal_arity_3", SYNTAX, 0.364, 0.328),
    _f("dep_dist_aux", SYNTAX, 0.355, 0.291),
    _f("prep_dist_1", SYNTAX, 0.346, 0.473),
    _f("verbal_arity_2", SYNTAX, 0.334, 0.263),
)
