"""Golden numbers of parsers and supertaggers as encoders; a folder of one is the same encoder as its spec."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from golden import Golden
from test_golden_taggers import states_numbers

from probekit import recipes
from probekit.corpora import load_corpus
from probekit.encoders.activations import encode
from probekit.encoders.loading import describe
from probekit.specs import Spec

golden = Golden(__file__)
FEW = {"inputs": ["random:minilm"], "layer": 0, "epochs": 2, "budget": 200, "rate": 0.02, "hidden": 5}


def parser(**more: Any) -> str:
    given = {**FEW, "layers": 1, "arc": 6, "label": 4, **more}
    return str(Spec("parser", "grammar(n=40)|resplit", (), given))


def supertagger(**more: Any) -> str:
    return str(Spec("supertagger", "ccg-grammar(n=60, n_test=20)", (), {**FEW, "head": "primitives", **more}))


# Scores begin at zero, so that the states move from the second step on: what arcs are compared in moves them too.
golden.case(
    "encoder:parser",
    states_numbers,
    parser(),
    tolerance=1e-3,
    options={
        "hidden": 6,
        "layers": 2,
        "arc": 7,
        "label": 5,
        "dropout": 0.6,
        "rate": 0.05,
        "head_rate": 5.0,
        "look": 1,
        "budget": 100,
        "seed": 1,
    },
    elsewhere={
        **dict.fromkeys(("inputs", "layer", "learn", "decode", "schedule", "epochs"), "learners/test_parser.py"),
        **dict.fromkeys(("combine", "patience", "threads"), "learners/test_tagger.py"),
    },
)
_OF_TRAINING = ("inputs", "layer", "beam", "optimizer", "schedule", "epochs", "patience", "threads")
golden.case(
    "encoder:supertagger",
    states_numbers,
    supertagger(),
    tolerance=1e-3,
    options={
        "head": "softmax",
        "hidden": 6,
        **dict.fromkeys(("dropout_input", "dropout", "dropout_output"), 0.6),
        "rate": 0.05,
        "budget": 100,
        "seed": 1,
    },
    elsewhere={
        **dict.fromkeys(_OF_TRAINING, "learners/test_supertagger.py"),
        "search": "learners/test_supertagger_search.py",
    },
)


@pytest.mark.parametrize("spec", [parser(), parser(layers=0), supertagger()])
def test_a_folder_is_the_same_encoder_on_a_corpus_without_trees_and_categories(spec: str, tmp_path: Path) -> None:
    recipes.into(tmp_path / "made", spec)
    corpus = load_corpus("cues(n=14)")
    own, saved = (encode(corpus, one, "all", ("words",)) for one in (spec, f"saved:{tmp_path / 'made'}"))
    assert own.keys() == saved.keys() and len(own) == len(describe(spec).layers)
    for place, vectors in own.items():
        np.testing.assert_array_equal(vectors, saved[place])
    assert np.isfinite(vectors).all() and vectors.std() > 0


test_numbers_stay, test_options_move_numbers = golden.tests()
