"""The work behind the study of emergent codes: what a trained bit game reached, and what random codes of its size do.

A cell is one language, one kind of game, one number of bits and one of parameters; its questions are seeds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, log2
from typing import TYPE_CHECKING, Any

import numpy as np

from probekit import recipes, scores, streams
from probekit.errors import ProbekitError
from probekit.grid.work import Answer, Cell, Question, works
from probekit.learners import bit_game, concept_strings
from probekit.learners.concept_strings import ConceptStrings
from probekit.scores import ResidualEntropy
from probekit.scores.residual import A_CELL
from probekit.values import Count, lacking

if TYPE_CHECKING:
    import torch

    from probekit.models.bits import BitGames

TASK = "emergent communication"
STRINGS = 10_000  # whose codes are scored; all strings of a language that has fewer
PRIOR_MESSAGES = 5000  # as the paper's code
RECALL_STRINGS, RECALL_MESSAGES = 200, 64
AT_ONCE = 4096  # strings or messages that go through a game together
COLLAPSED = 0.01  # nats of KL below which nothing is said


def trained(point: Mapping[str, Any]) -> list[str]:
    """The recipe of the stack that a point's seed is trained in. Raises ProbekitError for bits below 1."""
    _check_bits(point)
    asked = int(point["bits"]), int(point["parameters"]), int(point["seed"])
    return [bit_game.trained(point["encoder"], point["dataset"], *asked)]


def _check_bits(point: Mapping[str, Any]) -> None:
    if wanted := lacking(point["bits"], Count):
        raise ProbekitError(f"bits={point['bits']} of a message: it is {wanted}")


def columns(point: Mapping[str, Any]) -> dict[str, Any]:
    return {"task": TASK, "task_group": TASK}


@works.register(
    "bit-game",
    revision=1,
    summary="Accuracy, precision, recall and residual entropy of trained bit games",
    threads=1,
    axes={"dataset": "language", "encoder": "game"},
    needs=trained,
    columns=columns,
    cost=lambda cell: 6.0 * len(cell.questions),
)
def answer_bit_games(cell: Cell) -> Answer:
    """Rows of every seed of a cell. shared: dataset, encoder, bits, parameters.

    Raises RuntimeError, which is a fault of this code, where more strings are right than there are messages, or
    nothing is left open with too few bits for blocks of their own.
    """
    answer = Answer()
    strings = concept_strings.load(cell.shared["dataset"])
    games: dict[str, BitGames] = {}
    for question in cell.questions:
        seed = int(question.axes["seed"])
        (spec,) = trained({**cell.shared, "seed": seed})
        game = games.setdefault(spec, bit_game.load(recipes.folder(spec)))
        _rows(answer, question, strings, Played(game, game.seeds.index(seed), strings), recipes.found(spec))
    return answer


@dataclass(frozen=True, eq=False)
class Played:
    """One game of a stack, asked with numpy."""

    games: BitGames
    place: int
    strings: ConceptStrings

    @property
    def bits(self) -> int:
        return self.games.shape.bits

    def _batches(self, given: np.ndarray) -> Any:
        """Parts of some inputs, for this game alone."""
        import torch

        self.games.playing = torch.tensor([self.place])
        for start in range(0, len(given), AT_ONCE):
            yield torch.from_numpy(given[start : start + AT_ONCE])[None]

    def spoken(self, numbers: np.ndarray) -> np.ndarray:
        """Log-probabilities of 0 and 1 for every bit of some strings, (n, bits, 2)."""
        symbols = self.strings.symbols(numbers)
        return self._run(self.games.speak, symbols)

    def heard(self, messages: np.ndarray) -> np.ndarray:
        """Log-probabilities of symbols of messages (n, bits): (n, concepts, symbols)."""
        return self._run(lambda bits: self.games.listen(_one_hot(bits)), messages)

    def _run(self, function: Any, given: np.ndarray) -> np.ndarray:
        import torch

        with torch.inference_mode():
            found = [function(part)[0].numpy() for part in self._batches(given)]
        return np.concatenate(found).astype(np.float64)

    def messages(self, numbers: np.ndarray) -> np.ndarray:
        """The likelier bits, 0 of equals: (n, bits)."""
        spoken = self.spoken(numbers)
        return (spoken[..., 1] > spoken[..., 0]).astype(np.int64)

    def prior(self) -> np.ndarray:
        """Log-probabilities of the prior, (bits, 2)."""
        import torch

        self.games.playing = torch.tensor([self.place])
        return self.games.prior_bits()[0].detach().numpy().astype(np.float64)


def _one_hot(bits: torch.Tensor) -> torch.Tensor:
    import torch

    return torch.nn.functional.one_hot(bits, 2).to(torch.float32)


def _rows(
    answer: Answer, question: Question, strings: ConceptStrings, played: Played, found: Mapping[str, Any]
) -> None:
    seed = int(question.axes["seed"])
    info, note = _about(strings, played, found)

    def row(metric: str, value: Any, split: str = "test", n: int = 0, **more: Any) -> None:
        told = {**info, **more.pop("info", {})}
        said = "; ".join(text for text in (note, more.pop("note", "")) if text)
        answer.row(question, metric, value, split=split, n_train=len(strings.train), n_test=n, info=told, note=said)

    for split, numbers in {"train": strings.seen, "dev": strings.dev, "test": strings.test}.items():
        if len(numbers):
            row("accuracy", accuracy(played, numbers), split, len(numbers))
    decoded = played.heard(from_prior(played, seed)).argmax(-1)
    row("precision", scores.language_precision(decoded, strings.n_values), n=len(decoded))
    row("precision_released", scores.language_precision_released(decoded, strings.n_values), n=len(decoded))
    for split, numbers in {"train": strings.seen, "test": strings.test}.items():
        some = numbers[:: max(1, len(numbers) // RECALL_STRINGS)]
        parts = recall_parts(played, some, RECALL_MESSAGES, seed)
        row("recall", scores.language_recall(*parts), split, len(some))
        released = scores.language_recall_released(*parts, strings.n_concepts, played.bits)
        row("recall_released", released, split, len(some))
    chosen = strings.some(STRINGS, seed)
    for metric, value, more in code_scores(played.messages(chosen), strings, chosen, seed):
        row(metric, value, n=len(chosen), **more)


def _about(strings: ConceptStrings, played: Played, found: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """What every row says of its game: sizes, looks, the KL, how many messages there are, and what is wrong."""
    spoken, place = played.spoken(strings.seen), played.place
    kl = float((np.exp(spoken) * (spoken - played.prior())).sum((1, 2)).mean())
    distinct = len(np.unique(spoken[..., 1] > spoken[..., 0], axis=0))
    told = {name: found[name] for name in ("parameters", "speaker", "listener", "looks")}
    told |= {"best_look": found["best_look"][place], "loss": found["loss"][place]}
    note = f"the messages collapsed: {distinct} of them, KL {kl:.3f}" if kl < COLLAPSED or distinct == 1 else ""
    return {**told, "kl": round(kl, 4), "distinct": distinct, "of_strings": len(strings.seen)}, note


def accuracy(played: Played, numbers: np.ndarray) -> Any:
    """Share of strings of which all symbols are right, by the likelier bits, with Wilson's interval."""
    decoded = played.heard(played.messages(numbers)).argmax(-1)
    right = (decoded == played.strings.symbols(numbers)).all(axis=1)
    if right.sum() > 2**played.bits:
        raise RuntimeError(f"{right.sum()} strings are right with {played.bits} bits: more than there are messages")
    return scores.score("accuracy", np.ones(len(right), int), right.astype(int))


def from_prior(played: Played, seed: int) -> np.ndarray:
    """Messages drawn from the prior."""
    one = np.exp(played.prior()[:, 1])
    drawn = streams.generator(seed, "draw", "prior").random((PRIOR_MESSAGES, played.bits))
    return (drawn < one).astype(np.int64)


def recall_parts(played: Played, numbers: np.ndarray, k: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For k messages of each of n strings, drawn from the speaker: log-probabilities (n, k) of the string by the
    listener, of the message by the prior and by the speaker."""
    spoken, n, bits = played.spoken(numbers), len(numbers), played.bits
    drawn = streams.generator(seed, "draw", "messages").random((n, k, bits)) < np.exp(spoken[:, None, :, 1])
    messages = drawn.astype(np.int64)
    heard = played.heard(messages.reshape(n * k, bits)).reshape(n, k, played.strings.n_concepts, -1)
    told = np.take_along_axis(heard, played.strings.symbols(numbers)[:, None, :, None], -1)[..., 0].sum(-1)
    own = np.where(drawn, spoken[:, None, :, 1], spoken[:, None, :, 0]).sum(-1)
    prior = played.prior()
    return told, np.where(drawn, prior[:, 1], prior[:, 0]).sum(-1), own


# --- scores of codes, trained or random --------------------------------------------------------------


def code_scores(messages: np.ndarray, strings: ConceptStrings, numbers: np.ndarray, seed: int) -> Any:
    """Metric, value and what is said beside it, of the codes of some strings."""
    concepts = strings.values(numbers)
    whole = len(numbers) == strings.size  # nothing is sampled: few strings a cell are all there are
    found = scores.residual_entropy(messages, concepts, seed=seed, least=1 if whole else A_CELL)
    check_bound(found, messages.shape[1], strings)
    info = {"partition": found.partition, "blocks": [list(block) for block in found.blocks], "a_cell": found.a_cell}
    note = _more_cells(found, len(numbers)) if whole else found.note
    told = {"info": {**info, "permuted": round(found.permuted, 6)}, "note": note}
    yield "residual_entropy", found.value, told
    for name in ("mi", "released", "local"):
        yield f"residual_entropy_{name}", found.searched[name], {}
    yield "topographic_similarity", *_defined(scores.topographic_similarity(messages, concepts, seed=seed))
    yield "positional_disentanglement", *_defined(scores.positional_disentanglement(messages, concepts))


def _more_cells(found: ResidualEntropy, strings: int) -> str:
    """Of a whole language nothing is estimated; but strings that are few tell themselves apart."""
    cells = 2 ** max(map(len, found.blocks))
    return f"{strings} strings, a block of {cells} cells: read it beside random codes" if strings < cells else ""


def _defined(value: float) -> tuple[float, dict[str, Any]]:
    return value, {"note": "all messages are one"} if np.isnan(value) else {}


def check_bound(found: ResidualEntropy, bits: int, strings: ConceptStrings) -> None:
    """Blocks with fewer bits than tell the values of a concept leave some of it open."""
    needed = strings.n_concepts * ceil(log2(strings.n_values))
    if bits < needed and found.value <= 0:
        raise RuntimeError(f"{bits} bits in blocks leave nothing open, which takes {needed}")


@works.register(
    "random-code",
    revision=1,
    summary="Residual entropy of random codes: the ceiling that trained ones are read against",
    threads=1,
    axes={"dataset": "language"},
    columns=columns,
    cost=lambda cell: 2.0,
)
def answer_random_codes(cell: Cell) -> Answer:
    """The scores of codes, of messages drawn at random, each once while there are enough. shared: dataset, bits."""
    answer = Answer()
    strings, bits = concept_strings.load(cell.shared["dataset"]), int(cell.shared["bits"])
    _check_bits(cell.shared)
    for question in cell.questions:
        seed = int(question.axes["seed"])
        numbers = strings.some(STRINGS, seed)
        for metric, value, more in code_scores(random_codes(len(numbers), bits, seed), strings, numbers, seed):
            answer.row(question, metric, value, n_test=len(numbers), **more)
    return answer


def random_codes(n: int, bits: int, seed: int) -> np.ndarray:
    """n messages (n, bits), no two alike where 2^bits are enough."""
    rng = streams.generator(seed, "draw", "random code", n, bits)
    drawn = rng.choice(2**bits, n, replace=False) if n <= 2**bits else rng.permutation(np.arange(n) % 2**bits)
    return drawn[:, None] >> np.arange(bits) & 1
