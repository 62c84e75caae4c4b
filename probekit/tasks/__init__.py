"""What is asked of representations: sentence, word, span and pair tasks by name.

`list(pattern, corpus)` shows names, `get(spec)` makes a Task, `expand(patterns, corpus)` turns patterns,
families and groups into specs, `register` adds a task of one's own.
"""

from probekit.tasks import node_labels, pairs, profiling_features, spans, texts, tree_shapes, trees, words
from probekit.tasks.catalogue import describe, expand, get, groups, register, register_group, registry
from probekit.tasks.catalogue import names as list
from probekit.tasks.frozen_list import PROFILING_68, FrozenFeature
from probekit.tasks.task import Task

register_group("sentence/profiling-68", [feature.name for feature in PROFILING_68])

__all__ = [
    "PROFILING_68",
    "FrozenFeature",
    "Task",
    "describe",
    "expand",
    "get",
    "groups",
    "list",
    "node_labels",
    "pairs",
    "profiling_features",
    "register",
    "register_group",
    "registry",
    "spans",
    "texts",
    "tree_shapes",
    "trees",
    "words",
]
