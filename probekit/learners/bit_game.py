"""Training of bit games, as a recipe: `bit-game:"concept-strings(3, 4)"(bits=6, parameters=20000, stacked=3)`.

Defaults are those of the paper's released code (Gupta, Resnick et al. 2020): Adam at 3e-4, 200,000 steps of 100
strings. Games of several seeds are stacked and trained as one, each on draws of its own, and each stops by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from probekit import recipes
from probekit.errors import ProbekitError
from probekit.learners import concept_strings
from probekit.learners.concept_strings import ConceptStrings
from probekit.recipes import Recipe
from probekit.sources import Source, resolve
from probekit.specs import Spec, parse
from probekit.store import digest, write_atomically
from probekit.streams import generator
from probekit.values import Count, NotNegative, Positive, Rate, Seed, Whole

if TYPE_CHECKING:
    import torch

    from probekit.models.bits import BitGames, Shape

NAME = "bit-game"
CONFIG, WEIGHTS = "config.json", "model.safetensors"
_SECONDS = 1.2e-10  # a step, for each parameter, bit and string of a batch; and what a step takes by itself:
_SECONDS_A_STEP = 3e-3


def train_bit_games(
    strings: ConceptStrings,
    folder: Path,
    *,
    bits: Count,
    parameters: Whole = 0,
    embedding: Count = 40,
    speaker: Count = 300,
    hidden: Count = 60,
    message: Count = 125,
    listener: Count = 325,
    gate: bool = False,
    temperature: Positive | None = None,
    kl: NotNegative = 1 / 720,
    summed: bool = False,
    norms: NotNegative = 0.0,
    decay: NotNegative = 0.0,
    rate: Rate = 3e-4,
    batch: Count = 100,
    steps: Count = 200_000,
    look: Count = 1000,
    patience: Count = 200,
    first: Seed = 0,
    stacked: Count = 1,
    keep: Path | None = None,
) -> dict[str, Any]:
    """Train games of the seeds first, first + 1, ... on a language and write them into a folder.

    parameters: of speaker and listener together, to which the two LSTMs are scaled; 0 leaves their widths. gate: a
    learned vector for each bit multiplies the speaker's input (ours). temperature: of the relaxed bits; none for a
    learned one. Minimised is the cross-entropy of a string, mean over concepts or `summed`, and `kl` times the KL in
    nats; the released code adds norms=1e-4 times the norms of all tensors, and decay=1e-4. look: steps between two
    looks at the training strings set aside; a game stops after `patience` looks without a lower loss there, and its
    weights of the best look are kept. Returns what each game reached. Raises ProbekitError where no width has the
    parameters, and for a loss that is not finite.
    """
    from probekit.models.bits import BitGames, Shape, with_parameters
    from probekit.training.loop import Settings, train

    shape = Shape(strings.n_concepts, strings.n_values, bits, embedding, speaker, hidden, message, listener, bool(gate))
    shape = with_parameters(shape, parameters) if parameters else shape
    games = BitGames(shape, range(first, first + stacked), temperature)
    kept = each_stops(games, patience)
    seen = _symbols(strings, np.broadcast_to(strings.seen, (stacked, len(strings.seen))))

    def loss(_: Any, drawn: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        chosen = drawn if games.playing is None else (drawn[0][games.playing], drawn[1][games.playing])
        missed, divergence = games.losses(*chosen, summed=summed)
        found = missed + kl * divergence
        found = found + norms * games.norms() if norms else found
        return (found + decay / 2 * games.squares() if decay else found).sum()

    def watched() -> float:
        whole, games.playing = games.playing, None
        missed, divergence = games.losses(seen, None, summed)
        games.playing = whole
        return float(kept.look((missed + kl * divergence).double()))

    settings = Settings(rate=rate, epochs=-(-steps // look), patience=patience, clip=None)
    reached = train(
        kept,
        loss,
        lambda epoch: _drawn(strings, games.seeds, bits, batch, min(look, steps - epoch * look), epoch),
        settings,
        watched,
        keep=keep,
        label=f"bit game, {bits} bits",
    )
    kept.load_best()
    found = {
        "parameters": shape.parameters,
        "speaker": shape.speaker,
        "listener": shape.listener,
        "looks": reached.epoch,
        "best_look": kept.best_look.tolist(),
        "loss": [round(value, 6) for value in kept.best_loss.tolist()],
    }
    _write(folder, games, found)
    return found


def each_stops(games: BitGames, patience: int) -> Any:
    """Games with, for each, the weights of its best look and whether it goes on; all of it is state of the module."""
    import torch
    from torch import nn

    class EachStops(nn.Module):
        best_loss: torch.Tensor
        best_look: torch.Tensor
        looks: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            self.games = games
            self.register_buffer("best_loss", torch.full((len(games.seeds),), torch.inf, dtype=torch.float64))
            self.register_buffer("best_look", torch.zeros(len(games.seeds), dtype=torch.int64))
            self.register_buffer("looks", torch.zeros((), dtype=torch.int64))
            for name, value in games.named_parameters():
                self.register_buffer(f"best_{name}", value.detach().clone())

        def train(self, mode: bool = True) -> Any:
            """Also after a state was loaded: whose turn it is follows from the looks."""
            going_on = self.looks - self.best_look < patience
            games.playing = None if going_on.all() else going_on.nonzero()[:, 0]
            return super().train(mode)

        def look(self, losses: torch.Tensor) -> torch.Tensor:
            """Note the losses (games,) of a look and give the mean of the best so far, which falls where one did."""
            going_on = self.looks - self.best_look < patience
            self.looks += 1
            better = going_on & (losses < self.best_loss)
            if bool((going_on & ~torch.isfinite(losses)).any()):
                return losses.sum()  # which ends the training
            self.best_loss[better], self.best_look[better] = losses[better], self.looks
            for name, value in games.named_parameters():
                getattr(self, f"best_{name}")[better] = value.detach()[better]
            return self.best_loss.mean()

        def load_best(self) -> None:
            """Give every game its best weights."""
            games.playing = None
            with torch.no_grad():
                for name, value in games.named_parameters():
                    value.copy_(getattr(self, f"best_{name}"))

    return EachStops()


def _symbols(strings: ConceptStrings, drawn: np.ndarray) -> torch.Tensor:
    import torch

    return torch.from_numpy(strings.symbols(drawn))


def _drawn(
    strings: ConceptStrings, seeds: Sequence[int], bits: int, batch: int, steps: int, epoch: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Batches of an epoch: strings (games, B, concepts) and Gumbel noise of their bits, those of each seed its own."""
    import torch

    orders = [generator(seed, "draw", "strings", epoch) for seed in seeds]
    noises = [generator(seed, "noise", "bits", epoch) for seed in seeds]
    for _ in range(steps):
        rows = np.stack([strings.train[rng.integers(len(strings.train), size=batch)] for rng in orders])
        flat = np.stack([rng.random((batch, bits, 2), dtype=np.float32) for rng in noises])
        yield _symbols(strings, rows), -torch.log(-torch.log(torch.from_numpy(flat).clamp(1e-7, 1 - 1e-7)))


def _write(folder: Path, games: BitGames, found: Mapping[str, Any]) -> None:
    """Configuration last, so that a folder with one is whole."""
    from dataclasses import asdict

    from safetensors.torch import save

    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: value.detach().contiguous() for name, value in games.named_parameters()}
    write_atomically(folder / WEIGHTS, save(weights, {"format": "pt"}))
    config = {"shape": asdict(games.shape), "seeds": list(games.seeds), "found": dict(found)}
    write_atomically(folder / CONFIG, (json.dumps(config, indent=1) + "\n").encode())


def load(folder: Path) -> BitGames:
    """Trained games, as a module in evaluation mode. Raises ProbekitError for a folder of something else."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from probekit.models.bits import BitGames, Shape

    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        games = BitGames(Shape(**config["shape"]), config["seeds"])
        games.load_state_dict(load_file(folder / WEIGHTS))
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise ProbekitError(f"'{folder}' holds no bit games ({error})") from error
    return games.eval()


# --- as a recipe

_GIVEN = ("strings", "folder", "keep")


def recipe(spec: Spec) -> Recipe:
    """The recipe of `bit-game:<language>(bits=6, ...)`. Raises for a language or an option that does not fit."""
    if not spec.target:
        raise ProbekitError(f"'{spec}' names no language; write {NAME}:\"concept-strings(3, 4)\"(bits=6)")
    language = concept_strings.describe(spec.target)
    arguments = resolve(spec, train_bit_games, NAME, _GIVEN)
    options = dict(arguments.options)
    shape = _shape(*concept_strings.sizes(language.spec), options)  # a size that no width meets is refused before work

    def make(folder: Path, progress: Path) -> Mapping[str, Any]:
        return train_bit_games(concept_strings.load(language.spec), folder, **options, keep=progress / "state")

    def cost() -> tuple[float, int]:
        numbers = options["stacked"] * shape.parameters
        step = _SECONDS_A_STEP + _SECONDS * numbers * options["batch"] * (options["bits"] + shape.concepts)
        return options["steps"] * step, 4 * numbers

    return Recipe(
        str(Spec(NAME, language.spec, (), arguments.written.kwargs)),
        str(Spec(NAME, language.name, (), arguments.written.kwargs)),
        "model",
        {
            "recipe": NAME,
            "revision": recipes.registry.entry(NAME).revision,
            "language": language.digest,
            "options": options,
        },
        make,
        cost=cost,
        generated=language.generated,
    )


def _shape(n_concepts: int, n_values: int, options: Mapping[str, Any]) -> Shape:
    from probekit.models.bits import Shape, with_parameters

    widths = ("bits", "embedding", "speaker", "hidden", "message", "listener", "gate")
    shape = Shape(n_concepts, n_values, **{name: options[name] for name in widths})
    return with_parameters(shape, options["parameters"]) if options["parameters"] else shape


# --- as an axis: a game without its language, its bits, its size and its seeds

_ASKED = ("bits", "parameters", "first")


def describe(spec: str | Spec) -> Source:
    """The source of untrained games: `bit-game(gate=true, steps=3000, stacked=3)`. Raises as `resolve`."""
    written, options = _game(spec)
    return Source(str(written), str(written), digest([NAME, recipes.registry.entry(NAME).revision, options]))


def stacked(spec: str | Spec) -> int:
    """How many seeds of a game are trained as one."""
    return int(_game(spec)[1]["stacked"])


def trained(spec: str | Spec, language: str, bits: int, parameters: int, seed: int) -> str:
    """The recipe of the stack that holds a seed."""
    written, options = _game(spec)
    first = seed - seed % int(options["stacked"])
    asked = {"bits": bits, "parameters": parameters, "first": first}
    return recipe(Spec(NAME, language, (), dict(sorted({**written.kwargs, **asked}.items())))).spec


def _game(spec: str | Spec) -> tuple[Spec, dict[str, Any]]:
    parsed = parse(spec)
    if parsed.name != NAME or parsed.target or parsed.steps:
        raise ProbekitError(f"'{spec}' is no game; write {NAME}(gate=true, steps=3000)")
    found = resolve(parsed, train_bit_games, NAME, (*_GIVEN, *_ASKED))
    return found.written, dict(found.options)
