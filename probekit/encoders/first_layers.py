"""The first layers of a Hugging Face encoder as an encoder: `minilm|first-layers(n=2)`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from probekit.encoders.encoder import Encoder, EncoderKind, EncoderSource
from probekit.encoders.huggingface import HuggingFaceEncoder
from probekit.encoders.loading import describe as describe_encoder
from probekit.encoders.loading import load_encoder
from probekit.encoders.model_folder import N_LAYERS
from probekit.errors import ProbekitError
from probekit.sources import resolve
from probekit.specs import Spec
from probekit.store import digest
from probekit.values import Count

if TYPE_CHECKING:
    from transformers import PreTrainedModel

NAME, REVISION = "first-layers", 1


def first_layers(n: Count) -> int:
    """What the step takes: n, how many layers are kept above the embeddings."""
    return n


class FirstLayers(HuggingFaceEncoder):
    """The embeddings and the first n layers of a model; what is saved of it is a model of n layers."""

    n = 1

    def fresh_model(self) -> PreTrainedModel:
        """See `HuggingFaceEncoder`. Raises ProbekitError for a model laid out in another way."""
        from torch import nn

        model = super().fresh_model()
        whole = next(getattr(model.config, name) for name in N_LAYERS if hasattr(model.config, name))
        stacks = [
            (owner, name, stack)
            for owner in model.modules()
            for name, stack in owner.named_children()
            if isinstance(stack, nn.ModuleList) and len(stack) == whole
        ]
        if len(stacks) != 1:
            raise ProbekitError(f"cannot tell the layers of '{self.source.name}'; leave '|{NAME}' out")
        owner, name, stack = stacks[0]
        setattr(owner, name, stack[: self.n])
        for one in N_LAYERS:
            if hasattr(model.config, one):
                setattr(model.config, one, self.n)
        return model


def describe(spec: Spec) -> EncoderSource:
    """What is known of an encoder of fewer layers. Raises ProbekitError where there are none to leave out."""
    base, n = describe_encoder(spec.before), _count(spec)
    if not base.piece or n >= len(base.layers):
        raise ProbekitError(
            f"'{spec.steps[-1]}': '{base.name}' has {max(len(base.layers) - 1, 0)} layers of a Hugging Face model to "
            "take the first of"
        )
    step = Spec(NAME, None, (), {"n": n})
    return replace(
        base,
        spec=f"{base.spec}|{step}",
        name=f"{base.name}|{step}",
        digest=digest([NAME, REVISION, base.digest, n]),
        layers=base.layers[: n + 1],
    )


def load(spec: Spec, device: str | None = None) -> Encoder:
    """The encoder of a spec."""
    source, base = describe(spec), load_encoder(spec.before, device)
    if not isinstance(base, HuggingFaceEncoder):
        raise ProbekitError(f"'{base.source.name}' is no Hugging Face model; leave '|{NAME}' out")
    found = FirstLayers(
        source,
        base.folder,
        piece=base.piece,
        unit=base.unit,
        dtype=base.dtype,
        strict=base.strict,
        init_seed=base.init_seed,
        device=device,
    )
    found.n = _count(spec)
    return found


def _count(spec: Spec) -> int:
    found: int = first_layers(**resolve(spec.steps[-1], first_layers, "encoder step").options)
    return found


STEP = EncoderKind(describe, load)
