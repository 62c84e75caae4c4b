"""What is registered in this room: kinds of text classifiers, and what training adds to their loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from probekit.errors import ProbekitError
from probekit.registry import Registry
from probekit.sources import Source, modules_of, resolve
from probekit.specs import Spec, parse
from probekit.store import digest

if TYPE_CHECKING:
    from torch import nn

# A module that is made of (width, labels, **options) and called with vectors (B, T, d) and a mask (B, T).
classifiers: Registry[type[nn.Module]] = Registry("kind of classifier", "torch.nn:Module")
classifiers.add(
    "bilstm",
    "probekit.models.attention_classifier:AttentionClassifier",
    summary="LSTMs in both directions, read with attention: bilstm(attention=additive, layers=1, ...)",
)
classifiers.add(
    "text-cnn",
    "probekit.models.text_cnn:TextCNN",
    summary="convolutions over words and a maximum over positions: text-cnn(filters=800, ...)",
)
classifiers.add(
    "deep-average",
    "probekit.models.deep_average:DeepAverage",
    summary="the mean of the word vectors and layers above it: deep-average(hidden=[500, 100], ...)",
)
classifiers.add(
    "pooled-linear",
    "probekit.models.pooled_linear:PooledLinear",
    summary="the mean of the word vectors, normalised over the batch, and a linear layer",
)
classifiers.add(
    "bilstm-max",
    "probekit.models.bilstm_max:BiLSTMMax",
    summary="LSTMs in both directions, read by the maximum over positions: bilstm-max(hidden=32, units=20)",
)

# A module that is made of (width, labels, **options), with `loss(states, gold, mask)` and `answer(states, mask)`; one
# whose options name data has `reads(**options)`, their digest.
tag_heads: Registry[type[nn.Module]] = Registry("head of a tagger", "torch.nn:Module")
tag_heads.add("softmax", "probekit.models.tag_heads:Softmax", summary="every word's label by itself")
tag_heads.add(
    "concept",
    "probekit.learners.concept_head:Concept",
    summary="each category by words that describe it: concept(descriptions=[PER=name of a person], examples=[...])",
)
tag_heads.add("crf", "probekit.models.tag_heads:CRFHead", summary="the labels of a sentence together: crf(forbid=true)")

# A class with options; see `Regularizer`.
regularizers: Registry[type[Any]] = Registry("attention regularizer", "probekit.learners.objectives:Regularizer")
_HOME = "probekit.learners.objectives"
regularizers.add("base", f"{_HOME}:Regularizer", summary="Nothing is added: the plain classifier")
regularizers.add("concat", f"{_HOME}:Concat", summary="States are followed by the embedding of their word")
regularizers.add("residual", f"{_HOME}:Residual", summary="The embedding of its word is added to each state")
regularizers.add("tying", f"{_HOME}:Tying", summary="Squared distance of states and embeddings, weighed by delta")
regularizers.add("mlm", f"{_HOME}:MaskedLanguageModel", summary="Masked words are told from states, weighed by eta")


def model_spec(text: str | Spec) -> Spec:
    """Canonical spec of a kind of classifier. Raises UnknownName for a kind or an option that is not there."""
    spec = parse(text)
    kind = classifiers.get(spec.name)
    if spec.target is not None or spec.steps:
        raise ProbekitError(f"'{text}': a classifier is a name with options, such as bilstm(layers=2)")
    return resolve(spec, kind, "classifier", ("width", "labels")).written


def describe(spec: str | Spec) -> Source:
    """The source of an untrained kind of classifier: `text-cnn(filters=800)`. Raises as `model_spec`."""
    written = model_spec(spec)
    entry: Any = classifiers.entry(written.name)
    options = resolve(written, entry.load(), "classifier", ("width", "labels")).options
    key = digest([entry.name, entry.revision, dict(options)])
    return Source(str(written), str(written), key, modules=modules_of(entry))
