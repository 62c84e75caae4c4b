"""How much a sentence says, read off its vector without training: norms and entropies against what people say.

One cell is one encoder on one corpus: every layer and pooling is scored from one pass. Lengths are counted on what the
encoder reads: pieces, or the words that it does not leave out.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from probekit import corpora, tasks
from probekit.corpora import CorpusSource
from probekit.encoders import EncoderSource
from probekit.encoders.encoder import Layer, check_request
from probekit.encoders.pooling import GAUSSIAN, SENTENCE
from probekit.errors import ProbekitError
from probekit.grid.work import Cell, Question, works
from probekit.probes import sentence_scores
from probekit.sources import Source, describe
from probekit.store import digest
from probekit.works.asking import RANDOM_ENCODER, ProbeGrid, listed_layers, text_of
from probekit.works.specificity_answers import EXTREMES, EXTREMES_OF, TASKS, WORDS, WORDS_OF, answer_specificity

CONTROLS = {RANDOM_ENCODER: "the same scores of the same architecture with random weights"}
POOLINGS = ("mean", "sum", "cls", SENTENCE, GAUSSIAN)


def specificity(
    name: str,
    corpora: Sequence[str],
    encoders: Sequence[str],
    layers: str | Sequence[int | str] = "all",
    poolings: Sequence[str] = POOLINGS,
    tasks: Sequence[str] = ("sentence/specificity",),
    scores: Sequence[str] = ("norm", "entropy", "length"),
    controls: Sequence[str] = (),
    keep: Collection[str] = (),
) -> SpecificityGrid:
    """A grid of scores that need no training, on rated or labelled sentences and on pairs.

    corpora, encoders: specs. layers, poolings: as in `probing`; each encoder is asked those that it has. tasks:
    "sentence/specificity" (rank correlation, also within equal lengths and beside length), "sentence/label" with the
    two classes specific and general (accuracy of a threshold chosen on the split train, and by neighbouring lengths),
    "pair/more-general" (share of pairs of equal length whose second sentence says less, by label), "pair/relatedness"
    (Pearson correlation). scores: those of `probekit.probes.sentence_scores`; `entropy` reads the pooling gaussian,
    `cosine` pairs, scores of words no encoder. controls: "random-encoder". keep: "predictions" (score of every
    sentence; its group is the length), "words" (operators of words), "extremes" (sentences that say most and least).
    What cannot be asked is refused before any work.
    """
    return SpecificityGrid(name, corpora, encoders, layers, poolings, tasks, scores, controls, keep)


class SpecificityGrid(ProbeGrid):
    """See `specificity`."""

    def __init__(
        self,
        name: str,
        corpora: Sequence[str],
        encoders: Sequence[str],
        layers: str | Sequence[int | str],
        poolings: Sequence[str],
        tasks: Sequence[str],
        scores: Sequence[str],
        controls: Sequence[str],
        keep: Collection[str],
    ) -> None:
        axes: dict[str, Any] = {"dataset": corpora, "encoder": encoders, "layer": listed_layers(layers)}
        axes |= {"pooling": poolings, "task": tasks, "probe": [], "seed": []}
        super().__init__(name, "specificity", axes, controls, CONTROLS, keep, "sentence")
        self.axes = {**axes, "probe": list(scores)}
        del self.axes["seed"]
        self.scores = [sentence_scores.describe(text_of(score)) for score in scores]
        self.tasks = [task_of(text_of(task)) for task in tasks]
        self.encoders = [(source, control, *self._offered(source)) for source, control in self.with_random(encoders)]
        for pooling in poolings:
            if pooling not in POOLINGS and not any(pooling in own for *_, own in self.encoders):
                check_request(self.encoders[0][0], "all", [pooling])  # raises, naming encoder and pooling
        self._check()

    def with_axes(self, values: Mapping[str, Sequence[Any]], keep: Collection[str] | None = None) -> SpecificityGrid:
        axes = {**self.axes, **values}
        kept = self.keep if keep is None else keep
        return specificity(self.name, **arguments(axes), controls=self.controls, keep=kept)

    def _offered(self, source: EncoderSource) -> tuple[tuple[Layer, ...], tuple[str, ...]]:
        """Layers of an encoder and those of the poolings that it has."""
        wanted: Any = "all" if source.layers == (None,) else self.axes["layer"]
        own = []
        for pooling in self.axes["pooling"]:
            try:
                check_request(source, "all", [pooling])
                own.append(pooling)
            except ProbekitError:
                continue
        return check_request(source, wanted, own)[0], tuple(own)

    def _check(self) -> None:
        asked = {sentence_scores.reads(score.spec) for score in self.scores}
        if all(task == "pair/relatedness" for task in self.tasks) != (asked == {"pairs"}):
            raise ProbekitError("cosine answers pair/relatedness, and nothing else does; ask them in their own grid")
        if len({task.split("/")[0] for task in self.tasks}) > 1:
            raise ProbekitError("scores of sentences and of pairs are not asked in one grid; give each its own")
        if asked == {GAUSSIAN} and not any(GAUSSIAN in own for *_, own in self.encoders):
            raise ProbekitError("no encoder of the grid gives a Gaussian, of which entropy is taken; leave entropy out")
        for source in self.corpora:
            if "sentence/label" in self.tasks and not source.absent:
                _check_threshold(source)

    # --- cells

    def cells(self) -> list[Cell]:
        found = []
        of_words = [one for one in self.scores if sentence_scores.reads(one.spec) == "words"]
        for corpus in self.corpora:
            if of_words:
                found.append(self._cell(corpus, None, "", [(None, "", score) for score in of_words]))
            for encoder, control, layers, poolings in self.encoders:
                asked = [
                    (layer, pooling, score)
                    for layer, pooling, score in itertools.product(layers, poolings, self.scores)
                    if _fits(pooling, sentence_scores.reads(score.spec))
                ]
                if asked:
                    found.append(self._cell(corpus, encoder, control, asked))
        return found

    def _cell(
        self,
        corpus: CorpusSource,
        encoder: EncoderSource | None,
        control: str,
        asked: Sequence[tuple[Layer, str, Source]],
    ) -> Cell:
        questions = [
            self._question(corpus, encoder, control, *one, task) for one, task in itertools.product(asked, self.tasks)
        ]
        shared: dict[str, Any] = {"corpus": corpus.spec, "encoder": encoder.spec if encoder else ""}
        shared["scores"] = {score.name: score.spec for _, _, score in asked}
        others: list[tuple[str, Source]] = [("work", describe("work", "specificity"))]
        others += [("sentence score", score) for score in {score.spec: score for *_, score in asked}.values()]
        others += [("task", tasks.describe(task)) for task in self.tasks]
        label = " ".join(filter(None, [corpus.name, encoder.name if encoder else "words", control]))
        return Cell("specificity", label, shared, tuple(questions), **self.rests_on(corpus, encoder, others))

    def _question(
        self,
        corpus: CorpusSource,
        encoder: EncoderSource | None,
        control: str,
        layer: Layer,
        pooling: str,
        score: Source,
        task: str,
    ) -> Question:
        asked = tasks.get(task)
        key = digest(
            [
                "specificity",
                works.entry("specificity").revision,
                corpus.digest,
                encoder.digest if encoder else None,
                layer,
                pooling,
                score.digest,
                asked.spec,
                asked.revision,
            ]
        )
        axes = {
            "experiment": self.name,
            "task": asked.spec,
            "task_group": asked.group,
            "dataset": corpus.name,
            "encoder": encoder.name if encoder else "",
            "layer": layer,
            "pooling": pooling,
            "probe": score.name,
            "control": control,
        }
        return Question(key, axes, self.keep)

    def with_needs(self, cells: list[Cell]) -> list[Cell]:
        """One pass of each encoder over each corpus, for the layers and poolings that are still open."""
        wanted = {
            cell.name: list(dict.fromkeys((q.axes["layer"], q.axes["pooling"]) for q in cell.questions))
            for cell in cells
            if cell.shared["encoder"]
        }
        return self.with_passes(cells, wanted)


def arguments(axes: Mapping[str, Any]) -> dict[str, Any]:
    """What `specificity` calls the axes of its grid."""
    names = {"dataset": "corpora", "encoder": "encoders", "layer": "layers", "pooling": "poolings", "task": "tasks"}
    return {ours: axes[axis] for axis, ours in {**names, "probe": "scores"}.items()}


def _fits(pooling: str, reads: str) -> bool:
    """Whether a score can be taken of the vectors of a pooling."""
    return reads == "pairs" or (reads == GAUSSIAN if pooling == GAUSSIAN else reads == "vectors")


def task_of(spec: str) -> str:
    """A task that this work answers. Raises ProbekitError for another."""
    if spec not in TASKS:
        raise ProbekitError(f"scores without training answer {', '.join(TASKS)}; '{spec}' is none of them")
    return spec


def _check_threshold(source: CorpusSource) -> None:
    """Refuse labelled sentences that no threshold can be chosen on."""
    splits = set(corpora.load_corpus(source.spec).sentences["split"].astype(str))
    if not {"train", "test"} <= splits:
        raise ProbekitError(
            f"'{source.name}' has no train and test part (its parts: {', '.join(sorted(splits - {''})) or 'none'}), "
            "and the threshold is chosen on train; name its files ...-train... and ...-test..."
        )


def seconds(cell: Cell) -> float:
    """Of one core: reading and ranking; the pass itself is a recipe of its own."""
    return 1.0 + 0.02 * len(cell.questions) + (0.0 if not cell.shared["encoder"] else 0.5)


works.add(
    "specificity",
    answer_specificity,
    revision=1,
    summary="How much sentences say, by scores that need no training",
    threads=1,
    cost=seconds,
    tables={WORDS: WORDS_OF, EXTREMES: EXTREMES_OF},
)
