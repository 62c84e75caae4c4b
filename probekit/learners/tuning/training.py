"""Training an encoder on tasks: design, loop, what is written.

A folder holds the encoder as `hf:` or `saved:` reads it, heads.safetensors and tuned.json, our own record.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from probekit import scores, streams
from probekit.corpora.corpus import Corpus
from probekit.corpora.loading import called
from probekit.encoders.live import LiveEncoder, Reader, live
from probekit.errors import ProbekitError, UnknownName
from probekit.learners.tuning import objectives
from probekit.learners.tuning.answers import predicted, scores_of, value_of
from probekit.learners.tuning.examples import Asked, Given, ask, by_length
from probekit.learners.tuning.perturbing import Pass, loss_of, unit_of
from probekit.models.tuned import HEADS, POOLINGS, TunedNetwork
from probekit.store import write_atomically
from probekit.training import checkpoint
from probekit.training.loop import Settings, train
from probekit.training.pages import kept

if TYPE_CHECKING:
    import torch

RECORD, HEADS_FILE, STATE_FILE = "tuned.json", "heads.safetensors", "after-{}.safetensors"
USUAL = Settings(rate=5e-5, epochs=3, patience=3, decay=0.01, clip=1.0, schedule="linear(warmup=0.1)")
LEARN = ("all", "head")
WATCH, STATES, DTYPES = ("metric", "loss"), ("best", "last", "each"), ("float32", "bfloat16")


@dataclass(frozen=True)
class Design:
    """How an encoder is tuned, apart from corpora and seed.

    objective: see `objectives`. head: linear, mlp or embedding, "" for the objective's own. pooling: of texts; "" is
    `cls` where the encoder has it, else `mean`. layer: what heads read, None for the last. learn: `all`, `head`, or the
    layers that learn beside the heads, 0 the input embeddings. dropout: before the scores. batch: texts, or questions,
    a step. watch: development measure, the metric or the loss. state: which is kept; `each` keeps the last, and beside
    it that after every epoch. head_rate: by what the rate of heads is multiplied. strict: texts that are too long are
    refused.
    """

    objective: str = "cross-entropy"
    head: str = ""
    pooling: str = ""
    layer: int | None = None
    learn: str | Sequence[int] = "all"
    dropout: float = 0.1
    batch: int = 32
    watch: str = "metric"
    state: str = "best"
    dtype: str = "float32"
    head_rate: float = 1.0
    strict: bool = False
    settings: Settings = field(default_factory=lambda: USUAL)

    def __post_init__(self) -> None:
        for what, value, known in (
            ("head", self.head, ("", *HEADS)),
            ("pooling", self.pooling, ("", *POOLINGS)),
            ("development measure", self.watch, WATCH),
            ("state to keep", self.state, STATES),
            ("dtype", self.dtype, DTYPES),
        ):
            if value not in known:
                raise UnknownName(what, str(value), [one for one in known if one])
        if isinstance(self.learn, str) and self.learn not in LEARN:
            raise UnknownName("part that learns:", self.learn, LEARN)
        objectives.head_of(self.objective, self.head)

    def plain(self) -> dict[str, Any]:
        """As plain data: what a key is made of."""
        found = {**asdict(self), "objective": objectives.describe(self.objective).digest}
        return {**found, "learn": self.learn if isinstance(self.learn, str) else list(self.learn)}


@dataclass(frozen=True, eq=False)
class Job:
    """A task on a corpus, cut into pieces for the encoder."""

    asked: Asked
    reader: Reader
    items: np.ndarray
    sizes: np.ndarray

    @classmethod
    def of(cls, encoder: LiveEncoder, task: str, corpus: Corpus, strict: bool) -> Job:
        """With what is wrong named before any training."""
        asked = ask(task, corpus)
        if (asked.frames[:, 2] >= 0).any() and not encoder.segments:
            raise ProbekitError(
                f"'{encoder.source.name}' has no segments to mark the word by that '{asked.task.spec}' asks about; "
                "take a BERT-like model, such as minilm"
            )
        reader = encoder.reader(corpus, strict)
        items = asked.items_of("train")
        return cls(asked, reader, items, asked.sizes(reader, items))


def make_network(encoder: LiveEncoder, asked: Sequence[Asked], design: Design, seed: int) -> TunedNetwork:
    """The encoder with new heads, the same for a seed. Raises ProbekitError for a pooling or layer it does not have."""
    import torch

    pooling = design.pooling or ("cls" if "cls" in encoder.source.poolings else "mean")
    if pooling not in encoder.source.poolings:
        raise ProbekitError(
            f"'{encoder.source.name}' has no pooling '{pooling}'; it offers {', '.join(encoder.source.poolings)}"
        )
    layers = encoder.source.layers
    if design.layer is not None and design.layer not in layers:
        raise ProbekitError(f"'{encoder.source.name}' has no layer {design.layer} to read")
    heads = [objectives.head_of(design.objective, design.head) if k == 0 else "linear" for k in range(len(asked))]
    if design.head == "mlp":
        heads = ["mlp"] * len(asked)
    for one, head in zip(asked, heads, strict=True):
        if head == "embedding" and one.kind != "label":
            raise ProbekitError(f"head=embedding is for tasks of one label, and '{one.task.spec}' asks for {one.kind}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(streams.whole_number(seed, "init", "head"))
        return TunedNetwork(
            encoder.module, encoder.width, [one.outputs for one in asked], heads, pooling, design.layer, design.dropout
        )


def set_learning(network: TunedNetwork, encoder: LiveEncoder, design: Design) -> None:
    """Which parameters learn."""
    network.encoder.requires_grad_(design.learn == "all")
    if not isinstance(design.learn, str):
        blocks = encoder.blocks
        for layer in design.learn:
            if not 0 <= layer < len(blocks):
                raise ProbekitError(
                    f"learn={list(design.learn)}: '{encoder.source.name}' has layers 0 to {len(blocks) - 1}"
                )
            blocks[layer].requires_grad_(True)
    for _, term in objectives.read(design.objective):
        for name in term.frozen:
            getattr(network.heads[0], name).requires_grad_(False)


def tune(
    jobs: Sequence[tuple[str, Corpus]],
    model: str,
    folder: Path,
    progress: Path,
    design: Design | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Train an encoder on tasks, (task, corpus) each, and write it into a folder.

    The development measure is that of the first task. Batches are of one task, drawn in proportion to the batches that
    tasks have, from streams that begin anew when they end; the others' heads stay untouched. progress: a folder from
    which an interrupted training goes on. Returns what was found. Raises ProbekitError, before training, for data and
    settings that do not go together.
    """

    design = design or Design()
    encoder = live(model)
    made = [Job.of(encoder, task, corpus, design.strict) for task, corpus in jobs]
    network = make_network(encoder, [job.asked for job in made], design, seed)
    set_learning(network, encoder, design)
    terms, unit = objectives.read(design.objective), unit_of(network)
    plain = objectives.read("cross-entropy")
    schedule = Draws(made, design.batch, seed)

    def loss(module: TunedNetwork, given: Given) -> Mapping[str, torch.Tensor]:
        step = Pass(module, given, unit, design.dtype == "bfloat16")
        own = objectives.loss_of_terms(terms if given.task == 0 else plain, step)
        return own if given.task == 0 else {f"task-{given.task + 1}": own["cross-entropy"]}

    def write(epoch: int) -> None:
        checkpoint.write(progress / STATE_FILE.format(epoch), network.state_dict())

    def measure() -> float:
        return dev_measure(network, made[0], design)

    with kept() if any(term.passes > 1 for _, term in terms) else nullcontext():
        reached = train(
            network,
            loss,
            schedule.epoch,
            design.settings,
            measure if design.state == "best" else None,
            seed=seed,
            keep=progress / "state",
            label=f"tuning {encoder.source.name}",
            steps=len(schedule),
            rates=(lambda name: design.head_rate if name.startswith("heads.") else 1.0)
            if design.head_rate != 1
            else None,
            after=write if design.state == "each" else None,
        )
    found = {
        "units_train": int(sum((job.asked.split == "train").sum() for job in made)),
        "units_dev": int((made[0].asked.split == "dev").sum()),
        "cut": sum(job.reader.cut for job in made),
        "steps": len(schedule),
        "epochs": reached.epoch,
        "best_epoch": reached.best_epoch,
        "train_losses": reached.train_losses,
        "dev_measures": [-one for one in reached.dev_losses] if design.watch == "metric" else reached.dev_losses,
        "terms": reached.terms,
        "learned": int(sum(p.numel() for p in network.parameters() if p.requires_grad)),
        "unit": unit,
    }
    save(network, encoder, made, jobs, design, seed, found, folder)
    if design.state == "each":
        for epoch in range(1, reached.epoch + 1):
            checkpoint.link(progress / STATE_FILE.format(epoch), folder / STATE_FILE.format(epoch))
    return found


def dev_measure(network: TunedNetwork, job: Job, design: Design) -> float:
    """What is to be made small on the split dev: the task's loss, or its metric with the sign turned.

    Of the head embedding, which has no answers of its own, macro F1 of nearest neighbours is the metric.
    """
    import torch

    from probekit.learners.tuning.answers import neighbours

    if design.watch == "loss":
        total = n = 0.0
        with torch.no_grad():
            for given, answered in scores_of(network, job.asked, job.reader, "dev"):
                total += float(loss_of(answered.scores, given)) * len(given.gold)
                n += len(given.gold)
        return total / n
    if objectives.head_of(design.objective, design.head) == "embedding":
        told, gold = neighbours(network, job.asked, job.reader, "dev")
        return -float(scores.get("macro_f1")(gold, told))
    return -value_of(job.asked, predicted(network, job.asked, job.reader, "dev"))


class Draws:
    """Batches of one task each: an epoch is as many as all tasks have together."""

    def __init__(self, jobs: Sequence[Job], batch: int, seed: int) -> None:
        self.jobs, self.batch, self.seed = jobs, batch, seed
        self.each = [-(-len(job.items) // batch) for job in jobs]

    def __len__(self) -> int:
        return sum(self.each)

    def tasks(self, epoch: int) -> np.ndarray:
        """The task of each batch of an epoch, drawn in proportion to the batches that tasks have."""
        if len(self.jobs) == 1:
            return np.zeros(len(self), dtype=np.int64)
        share = np.array(self.each) / len(self)
        return streams.generator(self.seed, "order", "tasks", epoch).choice(len(self.jobs), len(self), p=share)

    def epoch(self, number: int) -> Iterator[Given]:
        """Batches of an epoch; each task's stream goes on where the epoch before left it."""
        before = [0] * len(self.jobs)
        for past in range(number):
            for task in self.tasks(past):
                before[task] += 1
        passes: dict[tuple[int, int], list[np.ndarray]] = {}
        for task in map(int, self.tasks(number)):
            job, (round_, place) = self.jobs[task], divmod(before[task], self.each[task])
            before[task] += 1
            if (task, round_) not in passes:
                seed = self.seed if task == 0 else streams.whole_number(self.seed, "order", "task", task) % 2**31
                passes[task, round_] = by_length(job.sizes, self.batch, round_, seed)
            yield job.asked.given(job.reader, job.items[passes[task, round_][place]], task)


def save(
    network: TunedNetwork,
    encoder: LiveEncoder,
    made: Sequence[Job],
    jobs: Sequence[tuple[str, Corpus]],
    design: Design,
    seed: int,
    found: Mapping[str, Any],
    folder: Path,
) -> None:
    """Write encoder, heads and, last, our record."""
    from safetensors.torch import save as as_bytes

    network.eval().requires_grad_(False)
    folder.mkdir(parents=True, exist_ok=True)
    encoder.save(folder)
    heads = {name: value.contiguous() for name, value in network.heads.state_dict().items()}
    write_atomically(folder / HEADS_FILE, as_bytes(heads, {"format": "pt"}))
    tasks = [
        {
            "task": job.asked.task.spec,
            "corpus": called(corpus),
            "labels": list(job.asked.labels),
            "scale": [job.asked.scale.mean, job.asked.scale.spread],
            "kind": job.asked.kind,
        }
        for job, (_, corpus) in zip(made, jobs, strict=True)
    ]
    record = {
        "format": "probekit tuned",
        "encoder": encoder.source.name,
        "tasks": tasks,
        "heads": list(network.head_names),
        "pooling": network.pooling,
        "layer": network.layer,
        "objective": str(objectives.describe(design.objective).spec),
        "dropout": design.dropout,
        "seed": seed,
        "found": dict(found),
    }
    write_atomically(folder / RECORD, (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode())
