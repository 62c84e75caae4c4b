"""Named posts with labels of sexism and misogyny. Their texts are hateful: no report prints one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Annotated

from probekit import resources
from probekit.corpora.catalogue import registry
from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.tables import csv_rows, named_cells
from probekit.corpora.readers.texts import LabelledText, corpus_of
from probekit.resources import File, Resource
from probekit.values import Range

_EDOS = Resource(
    "edos",
    "edos",
    (File("edos_labelled_aggregated.csv", "607bdbb766e1803a28f0eb8fc21c14b6b9dfa20039f726ba6767438584b47f9b"),),
    "CC0 1.0",
    "Kirk et al. 2023, SemEval-2023 Task 10: Explainable Detection of Online Sexism (SemEval)",
    "https://github.com/rewire-online/edos at b1f1fbcca9d4, data/edos_labelled_aggregated.csv",
    "20,000 posts, four categories of sexism or none; like_ami=1 cuts them to the sizes of AMI's classes",
)
_GUEST = Resource(
    "online-misogyny",
    "online_misogyny",
    (File("final_labels.csv", "8451010cde65adec1840f3477b3321b836c064e9667639e6f44effa06daf411f"),),
    "MIT",
    "Guest et al. 2021, An Expert Annotated Dataset for the Detection of Online Misogyny (EACL)",
    "https://github.com/ellamguest/online-misogyny-eacl2021 at b3c04567452e, data/final_labels.csv",
    "6,567 posts, misogynistic or not; fine=true for categories: train and test",
)
_CATEGORIES = {
    "none": "none",
    "1. threats, plans to harm and incitement": "threats",
    "2. derogation": "derogation",
    "3. animosity": "animosity",
    "4. prejudiced discussions": "prejudice",
}
# Sizes of AMI's English classes (Evalita 2018; Coria et al. 2020), train, dev and test, by the category of EDOS that
# stands for each: none for non-misogynous, derogation for discredit, animosity for sexual harassment, prejudice for
# stereotype, threats for dominance. Derailing has none.
_AMI = {
    "none": (1772, 443, 540),
    "derogation": (811, 203, 141),
    "animosity": (282, 70, 44),
    "prejudice": (143, 36, 140),
    "threats": (118, 30, 124),
}
_SPLITS = ("train", "dev", "test")


def edos(like_ami: Annotated[float, Range(0, 1)] = 0) -> Corpus:
    """EDOS by category. like_ami: of each class the first posts, by this share of the sizes of AMI; 0 for all."""
    taken: Counter[tuple[str, str]] = Counter()

    def read() -> Iterator[LabelledText]:
        (path,) = resources.get("edos")
        for line, row in named_cells(path, csv_rows(path)):
            label, split = _CATEGORIES[row["label_category"]], row["split"]
            if like_ami and taken[label, split] >= max(round(like_ami * _AMI[label][_SPLITS.index(split)]), 1):
                continue
            taken[label, split] += 1
            yield LabelledText(row["text"], label, path, line, {"id": row["rewire_id"], "split": split})

    return corpus_of(read(), language="en")


def online_misogyny(fine: bool = False) -> Corpus:
    """Posts and comments; empty ones are left out. fine: categories instead of misogynistic or not."""

    def read() -> Iterator[LabelledText]:
        (path,) = resources.get("online-misogyny")
        for line, row in named_cells(path, csv_rows(path)):
            if row["body"].strip():
                label = row["level_2" if fine else "level_1"]
                yield LabelledText(
                    row["body"], label, path, line, {"id": f"{row['entry_id']}:{line}", "split": row["split"]}
                )

    return corpus_of(read(), language="en", empty="drop")


DATA_SETS: tuple[tuple[Resource, Callable[..., Corpus]], ...] = ((_EDOS, edos), (_GUEST, online_misogyny))


def register() -> None:
    """Add both to the resources and to the registry of corpora."""
    for resource, read in DATA_SETS:
        resources.add(resource)
        registry.add(resource.name, read, summary=resource.summary, layers=("label",), **resource.about)
