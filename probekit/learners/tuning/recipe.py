"""The recipe of a tuned encoder: `tuned:<corpus>(model=minilm, task=sentence/label, objective=..., seed=0, ...)`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from probekit import recipes, tasks
from probekit.corpora.corpus import Corpus
from probekit.corpora.loading import describe as describe_corpus
from probekit.corpora.loading import load_corpus
from probekit.encoders.encoder import EncoderSource
from probekit.encoders.loading import describe as describe_encoder
from probekit.errors import ProbekitError
from probekit.learners.tuning import objectives
from probekit.learners.tuning.training import USUAL, Design, tune
from probekit.recipes import Recipe
from probekit.sources import Source, resolve, together
from probekit.specs import Spec
from probekit.training.loop import Settings
from probekit.values import Count, OneOf, Positive, Range, Rate, Seed, Share, Whole

KIND = "tuned"
# One core, a word of a training text read forth and back once, as measured with six layers of 384 units and with LSTMs
# of 128 a direction, and what terms add.
_SECONDS_A_WORD, _SECONDS_OF_LSTM, _MEASURED = 1e-3, 8e-5, (6, 384)
_PASSES = {"label-adversarial": 1.7, "virtual": 1.7, "cross-entropy": 0.0}
LearnedLayers = Annotated[str, OneOf(("all", "head"))]


def options(
    model: str = "minilm",
    task: str = "sentence/label",
    objective: str = "cross-entropy",
    head: str = "",
    pooling: str = "",
    layer: Whole | None = None,
    learn: LearnedLayers | list[int] = "all",
    dropout: Annotated[float, Range(0, 1, below=True)] = 0.1,
    also: str = "",
    also_task: str = "",
    batch: Count = 32,
    rate: Rate = USUAL.rate,
    epochs: Count = USUAL.epochs,
    patience: Count = USUAL.patience,
    schedule: str = USUAL.schedule,
    optimizer: str = USUAL.optimizer,
    clip: Positive | None = USUAL.clip,
    decay: Share = USUAL.decay,
    accumulate: Count = USUAL.accumulate,
    head_rate: Positive = 1.0,
    watch: str = "metric",
    state: str = "best",
    dtype: str = "float32",
    strict: bool = False,
    seed: Seed = 0,
) -> tuple[str, list[tuple[str, str]], Design, int]:
    """Encoder, tasks with the corpora beside the first, design and seed of `tuned:<corpus>(...)`.

    also, also_task: a second corpus and task, trained in turn with the first. See `Design`.
    """
    settings = Settings(rate, epochs, patience, clip, decay, schedule, optimizer, 0.0, accumulate)
    if bool(also) != bool(also_task):
        raise ProbekitError("a second task is a corpus and a task: give also= and also_task= together")
    design = Design(
        objective, head, pooling, layer, learn, dropout, batch, watch, state, dtype, head_rate, strict, settings
    )
    return model, [(task, ""), *([(also_task, also)] if also else [])], design, seed


def recipe(spec: Spec) -> Recipe:
    """The recipe of a spec, with nothing read."""
    if not spec.target:
        raise ProbekitError(f"'{spec}' names no corpus; write tuned:<corpus>(task=sentence/label, model=minilm)")
    arguments = resolve(spec.bare, options, "tuned")
    model, asked, design, seed = options(**arguments.options)
    encoder = describe_encoder(model)
    chosen = [tasks.describe(task) for task, _ in asked]
    data = [describe_corpus(corpus or spec.target) for _, corpus in asked]
    objective = objectives.describe(design.objective)
    shared = together(encoder, *data, *chosen, objective)

    def make(folder: Path, progress: Path) -> Mapping[str, Any]:
        jobs = [(task.spec, load_corpus(corpus.spec)) for task, corpus in zip(chosen, data, strict=True)]
        return tune(jobs, encoder.spec, folder, progress, design, seed)

    return Recipe(
        _written(spec, arguments.written.kwargs, encoder.spec, [one.spec for one in data]),
        _written(spec, arguments.written.kwargs, encoder.name, [one.name for one in data]),
        KIND,
        {
            "recipe": KIND,
            "revision": recipes.registry.entry(KIND).revision,
            "encoder": encoder.digest,
            "corpora": [one.digest for one in data],
            "tasks": [one.digest for one in chosen],
            "design": design.plain(),
            "seed": seed,
        },
        make,
        needs=shared["needs"],
        modules=shared["modules"],
        cost=lambda: (_seconds(design, data, encoder), 0),
    )


def _written(spec: Spec, given: Mapping[str, Any], encoder: str, data: Sequence[str]) -> str:
    kwargs = {**given, **({"model": encoder} if encoder != "minilm" else {})}
    if len(data) > 1:
        kwargs["also"] = data[1]
    return str(Spec(KIND, data[0], (), dict(sorted(kwargs.items()))))


def _seconds(design: Design, data: Sequence[Source], encoder: EncoderSource) -> float:
    words = sum(_trained_on(load_corpus(one.spec)) for one in data)
    passes = 1 + sum(_PASSES.get(one.name, 0.0) for one in objectives.terms(design.objective))
    layers, width = _MEASURED
    size = max(len(encoder.layers) - 1, 1) * encoder.width**2 / (layers * width**2) if encoder.width else 1.0
    return (_SECONDS_A_WORD * size if encoder.piece else _SECONDS_OF_LSTM) * words * design.settings.epochs * passes


def _trained_on(corpus: Corpus) -> int:
    """Words of the training split."""
    return int(corpus.lengths[corpus.sentences["split"].eq("train").to_numpy()].sum())
