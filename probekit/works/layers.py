"""One layer of an encoder as an axis of a grid: which it is, whether there is such a one, the pass that all share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from probekit import corpora, encoders
from probekit.encoders.activations import need
from probekit.encoders.encoder import EncoderSource, Layer, check_request
from probekit.errors import ProbekitError

SHARED = ("mean", "cls")  # poolings that one pass keeps together


def layer_of(source: EncoderSource, asked: Any, pooling: str = "mean") -> Layer:
    """The layer that a grid names: a number, -1, "last", a share of the depth; None of an encoder without layers.

    Raises ProbekitError for a layer or pooling that it lacks.
    """
    return check_request(source, [asked], [pooling])[0][0]


def lacks(point: Mapping[str, Any]) -> str:
    """Why a point has no vectors of its layer and pooling, "" where it has."""
    try:
        layer_of(encoders.describe(point["encoder"]), point["layer"], point["pooling"])
    except ProbekitError as error:
        return str(error)
    return ""


def passes(point: Mapping[str, Any]) -> list[str]:
    """One pass of an encoder over a corpus, for all layers and usual poolings that it has."""
    source = encoders.describe(point["encoder"])
    poolings = dict.fromkeys([*(one for one in SHARED if one in source.poolings), point["pooling"]])
    wanted = [(layer, pooling) for layer in source.layers for pooling in poolings]
    return [need(corpora.describe(point["dataset"]), source, wanted)]
