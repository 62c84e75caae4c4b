"""`probekit train ...`: what is trained from the command line; every command makes one recipe into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from probekit.errors import ProbekitError

train = typer.Typer(no_args_is_help=True, help="Train a model and save its folder; can be interrupted and resumed.")

Texts = Annotated[str, typer.Argument(help="Labelled texts with splits train and dev, such as 'sst'.")]
Batch = Annotated[int | None, typer.Option(help="Texts a step.")]
Decay = Annotated[float | None, typer.Option(help="Weight decay.")]
Width = Annotated[int | None, typer.Option(help="Units of every layer and of the embeddings.")]
Layers = Annotated[int | None, typer.Option(help="LSTM layers.")]
Dropout = Annotated[float | None, typer.Option(help="Share of units dropped in training.")]
Merges = Annotated[int | None, typer.Option(help="Merges of byte-pair encoding.")]
HeadRate = Annotated[float | None, typer.Option(help="What the rate of all but inputs that learn is multiplied by.")]
Rate = Annotated[float | None, typer.Option(help="Learning rate of Adam.")]
Epochs = Annotated[int | None, typer.Option(help="Passes over the data, at most; 0 for an untrained control.")]
Look = Annotated[int | None, typer.Option(help="Batches between looks at dev, which epochs count; default a pass.")]
Patience = Annotated[int | None, typer.Option(help="Epochs without a lower development loss before training ends.")]
Schedule = Annotated[str | None, typer.Option(help="constant, plateau or halved(after=10).")]
Budget = Annotated[int | None, typer.Option(help="Positions of a batch.")]
Threads = Annotated[int | None, typer.Option(help="Threads to compute with.")]
Seed = Annotated[int | None, typer.Option(help="Of initial weights, order, dropout.")]
Out = Annotated[Path, typer.Option(help="Folder of the model.")]
# Of models of words.
Inputs = Annotated[list[str] | None, typer.Option("--input", help="Encoder that is read; may be repeated.")]
Layer = Annotated[str | None, typer.Option(help="Layer of encoders that have several: last, a number.")]
Learn = Annotated[bool, typer.Option("--learn", help="The inputs learn too.")]
Combine = Annotated[str | None, typer.Option(help="Several inputs: concat, average or attention.")]
Hidden = Annotated[int | None, typer.Option(help="Units of each direction of the body.")]
BodyLayers = Annotated[int | None, typer.Option(help="LSTM layers of the body, 0 for none.")]


def into(context: typer.Context, kind: str, ends: str, shown: tuple[str, ...], **instead: Any) -> None:
    """Make a recipe into a user's folder and tell what was found.

    The command's parameters are the recipe's options by name, `corpus` and `out` aside; `instead` has those that are
    written in another way, None for those that are none. What was not given is the recipe's own.
    """
    from probekit import recipes
    from probekit.specs import Spec

    options = {**{name: context.params[name] for name in context.params if _was_given(context, name)}, **instead}
    out, corpus = context.params["out"], options.pop("corpus")
    given = {name: value for name, value in options.items() if name != "out" and value is not None}
    found = recipes.into(out, Spec(kind, corpus, (), given))
    for name in shown:
        if name in found:
            value = found[name]
            typer.echo(f"{name}: {round(value, 4) if isinstance(value, float) else value}")
    typer.echo(f"{ends}{out}")


def _was_given(context: typer.Context, parameter: str) -> bool:
    source = context.get_parameter_source(parameter)
    return source is not None and source.name != "DEFAULT"


def numbered(layer: str | None) -> int | str | None:
    """A layer as its number, where it is one."""
    return int(layer) if layer and layer.lstrip("-").isdigit() else layer


def _say_scores(out: Path, corpus: str) -> None:
    """What a classifier reaches on the development and test texts of its corpus; `probekit score` says it again."""
    from probekit.cli.score import say_scores
    from probekit.learners.loading import load_classifier

    try:
        say_scores(load_classifier(out), corpus)
    except ProbekitError as error:  # trained it is all the same
        typer.echo(f"note: not scored: {error}", err=True)


@train.command()
def classifier(
    context: typer.Context,
    corpus: Texts,
    out: Annotated[Path, typer.Option(help="Folder of the classifier.")],
    model: Annotated[str | None, typer.Option(help="bilstm(...) or text-cnn(...) with options.")] = None,
    vectors: Annotated[str | None, typer.Option(help="Word-vector table, or random(width=100).")] = None,
    regularizer: Annotated[str | None, typer.Option(help="What is added to the loss: tying(delta=1) ...")] = None,
    trainable: Annotated[bool, typer.Option("--trainable", help="The embeddings learn too.")] = False,
    min_count: Annotated[int | None, typer.Option(help="How often train must have a word.")] = None,
    lower: Annotated[bool, typer.Option("--lower/--keep-case", help="Read words in lower case.")] = True,
    batch: Batch = None,
    epochs: Epochs = None,
    patience: Patience = None,
    rate: Rate = None,
    optimizer: Annotated[str | None, typer.Option(help="adam or sgd.")] = None,
    momentum: Annotated[float | None, typer.Option(help="Of sgd.")] = None,
    decay: Decay = None,
    seed: Seed = None,
) -> None:
    """Train a text classifier on labelled texts."""
    into(context, "classifier", "Classifier: ", ("epochs", "best", "dev_loss"))
    _say_scores(out, corpus)


@train.command("fine-tuned")
def fine_tuned(
    context: typer.Context,
    corpus: Texts,
    out: Annotated[Path, typer.Option(help="Folder of the classifier.")],
    model: Annotated[str | None, typer.Option(help="Encoder to begin from: minilm or hf:FOLDER.")] = None,
    batch: Batch = None,
    epochs: Epochs = None,
    patience: Patience = None,
    rate: Rate = None,
    decay: Decay = None,
    seed: Seed = None,
) -> None:
    """Fine-tune a Hugging Face encoder on labelled texts; the folder is one of that library's."""
    into(context, "fine-tuned", "Classifier: ", ("epochs", "best", "dev_loss"))
    _say_scores(out, corpus)


@train.command()
def translation(
    context: typer.Context,
    out: Out,
    source: Annotated[Path | None, typer.Option(help="Text file, a sentence a line.")] = None,
    target: Annotated[Path | None, typer.Option(help="Its translation, line by line.")] = None,
    corpus: Annotated[str | None, typer.Option(help="Instead of files: the spec of a parallel corpus.")] = None,
    words: Annotated[str, typer.Option(help="How files are cut into words: treebank or blanks.")] = "treebank",
    width: Width = None,
    layers: Layers = None,
    dropout: Dropout = None,
    merges: Merges = None,
    target_merges: Annotated[int | None, typer.Option(help="Merges of the target side; default as the source.")] = None,
    rate: Rate = None,
    epochs: Epochs = None,
    patience: Patience = None,
    schedule: Schedule = None,
    budget: Budget = None,
    threads: Threads = None,
    seed: Seed = None,
    vectors: Annotated[str | None, typer.Option(help="Table from which source words begin; with --merges 0.")] = None,
) -> None:
    """Train a translation model from two text files; its encoder reads the source language."""
    from probekit.specs import Spec

    if corpus is not None and (source or target):
        raise ProbekitError("give --source and --target, or --corpus, not both")
    if corpus is None:
        if source is None or target is None:
            raise ProbekitError("give --source and --target, two text files, or --corpus, a parallel corpus")
        cut = {} if words == "treebank" else {"words": words}
        corpus = str(Spec("parallel", f"{source},{target}", (), cut))
    sizes = ("pairs_train", "pairs_dev", "pairs_test", "coverage")
    shown = (*sizes, "epochs", "best_epoch", "dev_loss", "bleu", "bleu_on")
    into(context, "translation", "Encoder: saved:", shown, corpus=corpus, source=None, target=None, words=None)


@train.command()
def paraphrases(
    context: typer.Context,
    out: Out,
    pairs: Annotated[Path | None, typer.Option(help="Table of two columns, parted by a tab: a pair a line.")] = None,
    corpus: Annotated[str | None, typer.Option(help="Instead: the spec of a corpus of pairs or meanings.")] = None,
    model: Annotated[str | None, typer.Option(help="wordavg, wordsum, lstmavg, lstm-gaussian or wlo.")] = None,
    width: Annotated[int | None, typer.Option(help="Of words and operators.")] = None,
    hidden: Annotated[int | None, typer.Option(help="Units of the LSTM.")] = None,
    margin: Annotated[float | None, typer.Option(help="By which a pair is to beat its negatives.")] = None,
    prior: Annotated[float | None, typer.Option(help="Weight of the divergence of a Gaussian from the prior.")] = None,
    prior_reading: Annotated[str | None, typer.Option(help="word or prefix: what the divergence is of.")] = None,
    l2: Annotated[float | None, typer.Option(help="Weight of the squared parameters.")] = None,
    scramble: Annotated[float | None, typer.Option(help="Chance that a sentence's words are reordered.")] = None,
    batch: Annotated[int | None, typer.Option(help="Pairs a step.")] = None,
    mega: Annotated[int | None, typer.Option(help="Steps whose sentences are searched for negatives together.")] = None,
    rare: Annotated[int | None, typer.Option(help="A word that occurs less often is unknown.")] = None,
    unknown: Annotated[str | None, typer.Option(help="own or neutral: what an unknown word does.")] = None,
    rate: Rate = None,
    epochs: Epochs = None,
    patience: Patience = None,
    threads: Threads = None,
    seed: Seed = None,
) -> None:
    """Train a sentence encoder on pairs of sentences that mean the same."""
    from probekit.specs import Spec

    if (pairs is None) == (corpus is None):
        raise ProbekitError("give --pairs, a table of two columns, or --corpus, a corpus of pairs; one of the two")
    shown = ("meanings", "meanings_dev", "same_sentences", "words", "mega", "margin", "epochs", "best_epoch")
    read = corpus or str(Spec("parallel", str(pairs)))
    into(context, "paraphrases", "Encoder: saved:", shown, corpus=read, pairs=None)


@train.command()
def pretrained(
    context: typer.Context,
    corpus: Annotated[str, typer.Argument(help="Text to read: the spec of a corpus.")],
    out: Out,
    beside: Annotated[list[str] | None, typer.Option(help="A further corpus, a language of its own.")] = None,
    layers: Annotated[int | None, typer.Option(help="Blocks of the encoder.")] = None,
    width: Annotated[int | None, typer.Option(help="Units of a state.")] = None,
    heads: Annotated[int | None, typer.Option(help="Heads of attention; they share the width evenly.")] = None,
    vocabulary: Annotated[int | None, typer.Option(help="Pieces, special ones among them.")] = None,
    pieces: Annotated[str | None, typer.Option(help="unigram or wordpiece.")] = None,
    length: Annotated[int | None, typer.Option(help="Positions of a sequence.")] = None,
    batch: Annotated[int | None, typer.Option(help="Sequences a step.")] = None,
    steps: Annotated[int | None, typer.Option(help="Steps of training.")] = None,
    looks: Annotated[int | None, typer.Option(help="Times at which perplexity is told.")] = None,
    mask: Annotated[float | None, typer.Option(help="Share of positions to guess.")] = None,
    power: Annotated[float | None, typer.Option(help="Pieces are chosen by their count to minus this power.")] = None,
    size_power: Annotated[float | None, typer.Option(help="Languages are drawn by size to this power.")] = None,
    rate: Rate = None,
    warmup: Annotated[int | None, typer.Option(help="Steps in which the rate rises.")] = None,
    dropout: Dropout = None,
    states: Annotated[bool, typer.Option("--states", help="Keep the model of every look.")] = False,
    threads: Threads = None,
    seed: Seed = None,
) -> None:
    """Pretrain an encoder from scratch on masked pieces of text; the folder is one that hf: reads."""
    shown = ("languages", "pieces", "sequences", "rounds", "looks", "best_look", "perplexities")
    into(context, "pretrained", "Encoder: hf:", shown)


@train.command()
def labeller(
    context: typer.Context,
    out: Out,
    corpus: Annotated[str, typer.Option(help="Spec of a corpus with a train split.")],
    task: Annotated[str, typer.Option(help="Word task whose labels are learned, such as word/upos.")],
    width: Width = None,
    layers: Layers = None,
    dropout: Dropout = None,
    merges: Merges = None,
    rare: Annotated[int | None, typer.Option(help="Without merges: a word that occurs less often is unknown.")] = None,
    rate: Rate = None,
    epochs: Epochs = None,
    patience: Patience = None,
    schedule: Schedule = None,
    budget: Budget = None,
    threads: Threads = None,
    seed: Seed = None,
) -> None:
    """Train a network to label every word from what it has read so far."""
    shown = ("sentences_train", "sentences_dev", "epochs", "best_epoch", "dev_loss", "dev_left_out")
    into(context, "labeller", "Encoder: saved:", shown)


@train.command()
def tagger(
    context: typer.Context,
    out: Out,
    corpus: Annotated[str, typer.Argument(help="Corpus with a train split: a spec, or bio:FILE,FILE.")],
    task: Annotated[str | None, typer.Option(help="Word task that is learned; default word/bio:entity.")] = None,
    inputs: Inputs = None,
    layer: Layer = None,
    learn: Learn = False,
    before: Annotated[
        int | None, typer.Option(help="Pieces that a window repeats where a sentence is longer than the encoder reads.")
    ] = None,
    combine: Combine = None,
    hidden: Hidden = None,
    layers: BodyLayers = None,
    head: Annotated[str | None, typer.Option(help="crf, crf(forbid=true), softmax, or one of yours.")] = None,
    experts: Annotated[int | None, typer.Option(help="Units of each expert, 0 for none.")] = None,
    detection: Annotated[str | None, typer.Option(help="Second head: none, binary or bio.")] = None,
    mapped: Annotated[bool, typer.Option("--mapped", help="Inputs go through F(x) = tanh(W x).")] = False,
    adversary: Annotated[str | None, typer.Option(help="Attribute that F(x) is to hide: language ...")] = None,
    against: Annotated[str | None, typer.Option(help="Corpus whose sentences the adversary is taught by.")] = None,
    weight: Annotated[float | None, typer.Option(help="Of the reversed gradient.")] = None,
    every: Annotated[int | None, typer.Option(help="Batches to a step of the adversary.")] = None,
    dropout: Dropout = None,
    rate: Rate = None,
    head_rate: HeadRate = None,
    decay: Decay = None,
    dtype: Annotated[str | None, typer.Option(help="float32 or bfloat16, of inputs that learn.")] = None,
    optimizer: Annotated[str | None, typer.Option(help="adam or sgd.")] = None,
    schedule: Schedule = None,
    epochs: Epochs = None,
    patience: Patience = None,
    look: Look = None,
    budget: Budget = None,
    threads: Threads = None,
    seed: Seed = None,
) -> None:
    """Train a tagger of words: entities of a file in columns, parts of speech, any labels of words."""
    shown = ("sentences_train", "sentences_dev", "unread_words", "epochs", "best_epoch", "dev_score")
    into(context, "tagger", "Tagger: ", shown, layer=numbered(layer))


@train.command()
def tuned(
    context: typer.Context,
    corpus: Annotated[str, typer.Argument(help="Corpus with splits train and dev: a spec, or text:FILE,FILE.")],
    out: Annotated[Path, typer.Option(help="Folder of the tuned encoder and its heads.")],
    task: Annotated[str | None, typer.Option(help="Task that is learned; default sentence/label.")] = None,
    model: Annotated[str | None, typer.Option(help="Encoder to begin from: minilm, hf:FOLDER, bilstm(...).")] = None,
    objective: Annotated[
        str | None, typer.Option(help="standard, adv, smart, alice, coco(scale=10), one of yours ...")
    ] = None,
    head: Annotated[str | None, typer.Option(help="linear, mlp or embedding; default the objective's own.")] = None,
    pooling: Annotated[str | None, typer.Option(help="Of texts: cls, mean or max.")] = None,
    learn: Annotated[str | None, typer.Option(help="What learns: all, head, or layers such as 5,6.")] = None,
    also: Annotated[str | None, typer.Option(help="A second corpus, trained in turn with the first.")] = None,
    also_task: Annotated[str | None, typer.Option(help="Its task.")] = None,
    batch: Batch = None,
    epochs: Epochs = None,
    patience: Patience = None,
    rate: Rate = None,
    schedule: Annotated[str | None, typer.Option(help="linear(warmup=0.1), slanted, constant, plateau ...")] = None,
    optimizer: Annotated[str | None, typer.Option(help="adam, rmsprop or sgd.")] = None,
    decay: Decay = None,
    dropout: Dropout = None,
    dtype: Annotated[str | None, typer.Option(help="float32 or bfloat16.")] = None,
    seed: Seed = None,
) -> None:
    """Tune an encoder on a task with an objective; the folder is one that hf:FOLDER and saved:FOLDER read."""
    numbers = learn is not None and learn.replace(",", "").isdigit()
    learning = [int(one) for one in str(learn).split(",")] if numbers else learn
    shown = ("units_train", "units_dev", "cut", "epochs", "best_epoch", "dev_measures", "terms")
    into(context, "tuned", "Encoder: hf:", shown, learn=learning)


@train.command()
def parser(
    context: typer.Context,
    out: Out,
    corpus: Annotated[str, typer.Argument(help="Treebank with a train split: a spec, or conllu:FILE,FILE.")],
    inputs: Inputs = None,
    layer: Layer = None,
    learn: Learn = False,
    combine: Combine = None,
    hidden: Hidden = None,
    layers: BodyLayers = None,
    arc: Annotated[int | None, typer.Option(help="Units in which a word and a head are compared.")] = None,
    label: Annotated[int | None, typer.Option(help="The same for relations.")] = None,
    decode: Annotated[str | None, typer.Option(help="tree, or greedy: each word's best head.")] = None,
    dropout: Dropout = None,
    rate: Rate = None,
    head_rate: HeadRate = None,
    schedule: Schedule = None,
    epochs: Epochs = None,
    patience: Patience = None,
    look: Look = None,
    budget: Budget = None,
    threads: Threads = None,
    seed: Seed = None,
) -> None:
    """Train a parser of dependencies on a treebank."""
    shown = ("sentences_train", "sentences_dev", "epochs", "best_epoch", "dev_las")
    into(context, "parser", "Parser: ", shown, layer=numbered(layer))
