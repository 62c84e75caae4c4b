"""Which inputs a model relied on: layer-wise relevance propagation by named rules, other explainers, their measures.

relevance.explain(module, inputs, targets, method="lrp", rules="lrp")      # any torch network of known layers
relevance.explain(module, inputs, targets, method="gradient")
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from probekit.registry import Registry

if TYPE_CHECKING:
    from probekit.relevance.engine import Handler
    from probekit.relevance.explanation import Explanation, Method, explain
    from probekit.relevance.preset import Preset
    from probekit.relevance.reduction import Reduction
    from probekit.relevance.rule import Rule
    from probekit.relevance.texts import explain_texts, tokens_table

rules: Registry[type[Rule]] = Registry("relevance rule")
handlers: Registry[type[Handler]] = Registry("relevance handler")
presets: Registry[Preset] = Registry("relevance preset")
methods: Registry[Method] = Registry("explainer")
reductions: Registry[Reduction] = Registry("reduction of relevance")

_RULES = "probekit.relevance.rule"
rules.add("epsilon", f"{_RULES}:Epsilon", summary="Proportional to x w, stabilised; biases shared or dropped")
rules.add("alpha_beta", f"{_RULES}:AlphaBeta", summary="Positive and negative messages apart, alpha + beta = 1")
rules.add("gamma", f"{_RULES}:Gamma", summary="Messages of the unit's own sign weighted up by gamma")
rules.add("z_plus", f"{_RULES}:ZPlus", summary="Positive messages alone")
rules.add("flat", f"{_RULES}:Flat", summary="Every input of a unit gets the same share")
rules.add("pass", f"{_RULES}:Pass", summary="Element by element, relevance passes unchanged")
rules.add("winner", f"{_RULES}:Winner", summary="The largest activation takes all; the first one of equals")
rules.add("frozen", f"{_RULES}:Frozen", summary="What a normalisation divides by is held constant")

_LAYERS = "probekit.relevance.layers"
handlers.add("linear", f"{_LAYERS}:LinearLayer", summary="Fully connected layers")
handlers.add("conv1d", f"{_LAYERS}:Conv1dLayer", summary="Convolutions over positions")
handlers.add("average-pool", f"{_LAYERS}:AveragePool", summary="Global and windowed average pooling")
handlers.add("max-pool", f"{_LAYERS}:MaxPool", summary="Global and windowed max pooling")
handlers.add("activation", f"{_LAYERS}:Activation", summary="ReLU, tanh, sigmoid, GELU and their kin")
handlers.add("layer-norm", f"{_LAYERS}:LayerNorm", summary="Layer normalisation, statistics constant")
handlers.add("embedding", f"{_LAYERS}:Embedding", summary="Vectors looked up beside the inputs, such as positions")
handlers.add("lstm", "probekit.relevance.recurrent:LSTM", summary="LSTM: gated signals take all, gates nothing")
_TEXT = "probekit.relevance.text_models"
handlers.add("text-cnn", f"{_TEXT}:TextCNNHandler", summary="The text CNN, by its winning windows alone")
handlers.add("attention-classifier", f"{_TEXT}:AttentionHandler", summary="BiLSTM classifiers, attention constant")
handlers.add("reshape", f"{_LAYERS}:Reshape", summary="Layers that only move values: dropout at rest, flatten")

_PRESETS = "probekit.relevance.preset"
presets.add("lrp", f"{_PRESETS}:SHARED", summary="Epsilon .01, biases and stabilisers shared: sums to the logit")
presets.add("lrp-drop", f"{_PRESETS}:DROPPED", summary="Epsilon .01, biases and stabilisers keep their part, named")
presets.add("alpha-beta", f"{_PRESETS}:ALPHA_BETA", summary="Alpha = beta = 1/2, one-sided units renormalised")
presets.add("gamma", f"{_PRESETS}:GAMMA", summary="Gamma 1/4 with dropped biases")
presets.add("z-plus", f"{_PRESETS}:Z_PLUS", summary="Positive messages alone in every weighted layer")
presets.add("transformer", f"{_PRESETS}:TRANSFORMER", summary="Attention weights and LayerNorm statistics constant")
presets.add("transformer-gamma", f"{_PRESETS}:TRANSFORMER_GAMMA", summary="The same with gamma 1/4 in linear layers")

# `reduction`: what makes one number of a word of the numbers of its units, unless another is asked for.
_OTHERS = "probekit.relevance.explainers"
methods.add("lrp", "probekit.relevance.engine:propagate", summary="Layer-wise relevance propagation", reduction="sum")
methods.add("gradient", f"{_OTHERS}:gradient", summary="Derivative of the score by every input", reduction="norm")
methods.add("sa", f"{_OTHERS}:squared_gradient", summary="Sensitivity: the squared derivative", reduction="sum")
methods.add("sa-l2", f"{_OTHERS}:gradient", summary="Sensitivity: the length of a word's gradient", reduction="norm")
methods.add("gradient-x-input", f"{_OTHERS}:gradient_x_input", summary="Derivative times input", reduction="sum")
methods.add(
    "integrated-gradients",
    f"{_OTHERS}:integrated_gradients",
    summary="Mean derivative from zero on, times input",
    reduction="sum",
)
methods.add("occlusion", f"{_OTHERS}:occlusion", summary="What the score loses without a word", reduction="sum")
methods.add("random", f"{_OTHERS}:random", summary="Numbers drawn for every word: the control", reduction="sum")

reductions.add("sum", "probekit.relevance.reduction:total", summary="Sum, signed")
reductions.add("norm", "probekit.relevance.reduction:norm", summary="Euclidean length")
reductions.add("max", "probekit.relevance.reduction:strongest", summary="The one of largest size, with its sign")

_WHERE = {
    "Explanation": "probekit.relevance.explanation", "explain": "probekit.relevance.explanation",
    "explain_texts": "probekit.relevance.texts", "tokens_table": "probekit.relevance.texts",
}  # fmt: skip

__all__ = [
    "Explanation",
    "explain",
    "explain_texts",
    "handlers",
    "methods",
    "presets",
    "reductions",
    "rules",
    "tokens_table",
]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        found = getattr(importlib.import_module(_WHERE[name]), name)
        globals()[name] = found
        return found
    raise AttributeError(f"module 'probekit.relevance' has no attribute '{name}'")
