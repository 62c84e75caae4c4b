"""Quickstart: generated sentences, a real BERT and a static table; a table and a heatmap in two minutes, no data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from probekit.grid import Grid
from probekit.specs import Spec
from probekit.study import Data, Study
from probekit.works.probing import probing

if TYPE_CHECKING:
    pass

STUDY = Study("quickstart", "probekit", data={"sentences": "grammar(n=400)"})
SENTENCES = (
    "sentence/sent_length",
    "sentence/parse_depth",
    "sentence/upos_dist_NOUN",
    "sentence/verbal_root_perc",
    "sentence/subordinate_proposition_dist",
    "sentence/max_links_len",
)
WORDS = ("word/upos", "word/head-distance")


@STUDY.part("tasks")
def tasks(data: Data) -> Iterator[Grid]:
    yield probing(
        STUDY.name,
        corpora=[data["sentences"]],
        encoders=["minilm", str(Spec("word2vec", data["sentences"], (), {"size": 50}))],
        poolings=["mean", "max"],
        tasks=[*SENTENCES, *WORDS],
        probes=["linear-svr", "logistic"],
        controls=["length", "majority", "word-majority"],
    )
