"""Golden cases of encoders and poolings, and of the recipe that keeps their vectors."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
from golden import CORPUS, At, Golden, fingerprint, place, written

from probekit import corpora
from probekit.embeddings.tables import load_table
from probekit.encoders import pooling as pools
from probekit.encoders.activations import encode
from probekit.specs import Spec

golden = Golden(__file__)
TINY = "budget=400, dropout=0.1, epochs=2, layers=1, rate=0.05, width=8"


@cache
def bert_folder() -> Path:
    """A BERT of two layers with weights and vocabulary that no library draws: waves of fixed numbers."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    letters = sorted(set("abcdefghijklmnopqrstuvwxyz0123456789.,?!-'"))
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    pieces = [*special, *letters, *("##" + x for x in letters), "the", "##er", "##s"]
    backend = Tokenizer(models.WordPiece({piece: i for i, piece in enumerate(pieces)}, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=True)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), special, strict=True))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, **names)
    config = BertConfig(
        vocab_size=len(pieces),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        max_position_embeddings=64,
    )
    model = BertModel(config)
    rng = np.random.default_rng(11)
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            drawn = rng.normal(size=tuple(weight.shape)) * 0.3
            weight.copy_(torch.tensor(drawn + ("LayerNorm.weight" in name), dtype=weight.dtype))
    folder = place() / "tiny-bert"
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@cache
def table_file() -> Path:
    """Vectors of the commonest words of the corpus, lower case; capitals of some differ."""
    corpus = corpora.load_corpus(CORPUS)
    common = pd.Series([str(word) for word in corpus.form]).str.lower().value_counts().sort_index()
    words = [word for word, count in common.items() if count > 2]
    rng = np.random.default_rng(5)
    lines = [f"{word} " + " ".join(f"{x:.4f}" for x in rng.normal(size=6)) for word in [*words, "The", "A", "<unk>"]]
    return written("vectors.txt", "\n".join(lines) + "\n")


@cache
def saved_folder() -> Path:
    """A translation model trained into a folder."""
    from probekit.learners.translation import train_translation

    folder = place() / "tiny-translation"
    corpus = corpora.load_corpus("grammar(n=40)|translated(copy)")
    train_translation(corpus, folder, width=8, layers=2, merges=30, epochs=1, rate=0.05, budget=400)
    return folder


def hf() -> str:
    return f"hf:{bert_folder()}"


def encoder_numbers(spec: str, poolings: tuple[str, ...] = ("mean", "max", "words")) -> list[float]:
    corpus = CORPUS
    if spec.startswith("paraphrases:"):
        corpus, poolings = "retold(n=30)", poolings if set(poolings) <= set(pools.WHOLE) else pools.WHOLE
    reps = encode(corpora.load_corpus(corpus), spec, "all", poolings)
    return [x for vectors in reps.values() for x in fingerprint(vectors)]


VECTORS = At('word2vec:"grammar(n=40)"(epochs=1, size=8)', {"merges": 0})
TRANSLATION = f'translation:"grammar(n=40)|translated(mirrored)"(merges=30, {TINY})'
PARAPHRASES = 'paraphrases:"retold(n=40)"(batch=8, epochs=2, hidden=5, mega=2, rare=1, rate=0.05, width=6)'
PAIRED = {
    "model": At("lstm-gaussian"), "width": 5, "order": "backward", "margin": 9.0, "prior": 0.5, "l2": 0.5,
    "prior_reading": At("prefix", {"prior": 0.5}), "scramble": 0.0, "batch": 5, "mega": 1, "rare": 3, "seed": 1,
    "unknown": At("neutral", {"rare": 3}), "rate": 0.5, "epochs": 1,
}  # fmt: skip
SOFTPLUS, HIDDEN = (At(value, {"model": "lstm-gaussian"}) for value in ("softplus", 4))
WHILE_TRAINING = dict.fromkeys(("lower", "patience", "schedule", "threads"), "learners/test_paraphrases.py")
STRICT = {"strict": "encoders/test_alignment.py"}
TRAINED = dict.fromkeys(("patience", "schedule", "threads"), "encoders/test_recurrent.py")
LEARNED = {"width": 7, "layers": 2, "dropout": 0.5, "rate": 0.5, "epochs": 1, "budget": 100, "seed": 1}
WORD2VEC = {
    "size": 10, "window": 1, "algorithm": "cbow", "negative": 2, "min_count": 2, "epochs": 1, "sample": 0,
    "alpha": 0.05, "seed": 1, "lower": "never", "oov": At("zero", {"min_count": 2}),  # some words are unknown then
}  # fmt: skip
HF = {"piece": "first", "unit": "word", "dtype": "bfloat16"}
LOOKED = dict.fromkeys(("looks", "look", "states", "threads"), "learners/test_pretraining.py")
PRETRAINED = (
    'pretrained:"grammar(n=60)"(batch=4, heads=2, layers=1, length=12, looks=1, pieces=wordpiece, rate=0.05, steps=4, '
    "vocabulary=140, warmup=1, width=8)"
)
BESIDE = "grammar(n=90, seed=1)"
MASKED = {
    "beside": [BESIDE], "layers": 2, "width": 12, "heads": 4, "vocabulary": 170, "pieces": "unigram", "length": 16,
    "batch": 3, "steps": 5, "mask": 0.4, "power": 3.0, "size_power": At(4.0, {"beside": [BESIDE]}), "rate": 0.5,
    "warmup": 3, "dropout": 0.5, "seed": 1, **HF,
}  # fmt: skip
# Options that fastText shares with word2vec are tried there; at so few words most move nothing that float32 shows.
SPELLED = {"size": 10, "min_n": 2, "max_n": 4, "buckets": 90, "epochs": 1, "seed": 1}
FASTTEXT = dict.fromkeys(
    ("window", "algorithm", "negative", "min_count", "sample", "alpha", "lower"), "embeddings/test_golden_embeddings.py"
)
for _name, _spec, _options, _elsewhere in (
    ("hf", hf, HF, STRICT),
    ("random", lambda: f"random:{hf()}", {**HF, "piece": "last", "init_seed": 1}, STRICT),
    ("minilm", "minilm", {}, {}),
    ("static", lambda: f"static:{table_file()}", {"oov": "zero", "lower": "never"}, {}),
    ("word2vec", f'word2vec:"{CORPUS}"(size=12, epochs=2)', WORD2VEC, {}),
    ("subwords", f'subwords:"{CORPUS}"(size=12, epochs=2, buckets=100)', SPELLED, FASTTEXT),
    (
        "bilstm",
        str(Spec("bilstm", None, (), {"hidden": 4, "vectors": VECTORS.value})),
        {"hidden": 5, "layers": 2, "lower": False, "init_seed": 1},
        {"vectors": "encoders/test_live.py"},
    ),
    (
        "characters",
        lambda: f"characters:static:{table_file()}(epochs=1, width=6)",
        {},
        dict.fromkeys(
            ("distance", "output", "epochs", "at", "every", "width", "rate", "batch", "dropout", "held_out", "seed"),
            "embeddings/test_golden_embeddings.py",
        ),
    ),
    ("drawn", "drawn(width=12)", {"width": 10, "seed": 1}, {}),
    ("saved", lambda: f"saved:{saved_folder()}", {"piece": "first"}, {}),
    (
        "translation",
        TRANSLATION,
        {**LEARNED, "merges": 20, "target_merges": 0, "piece": "mean", "vectors": VECTORS},
        TRAINED,
    ),
    (
        "labeller",
        f'labeller:"grammar(n=40)"(merges=30, task=word/upos, {TINY})',
        {**LEARNED, "task": "word/xpos", "merges": 0, "piece": "first"},
        {**TRAINED, "rare": "encoders/test_recurrent.py"},
    ),
    ("pretrained", PRETRAINED, MASKED, {**STRICT, **LOOKED}),
    ("paraphrases", PARAPHRASES, {**PAIRED, "variance": SOFTPLUS, "hidden": HIDDEN}, WHILE_TRAINING),
):
    golden.case(f"encoder:{_name}", encoder_numbers, _spec, tolerance=1e-4, options=_options, elsewhere=_elsewhere)
golden.case(
    "word-vector table:paraphrase-words",
    lambda spec: fingerprint(load_table(spec).vectors),
    str(Spec("paraphrase-words", PARAPHRASES, (), {"part": "shift"})),
    tolerance=1e-4,
    options={"part": "log-scale"},
)
golden.case("encoder:glove", encoder_numbers, tolerance=1e-4, data=True)
KEPT = "recipe:activations"
for _name in pools.WHOLE:
    _numbers = partial(encoder_numbers, poolings=(_name,))
    golden.case(f"pooling:{_name}", _numbers, PARAPHRASES, tolerance=1e-4, revised=KEPT)
for _name in (*pools.POOLINGS, *pools.UNPOOLED):
    golden.case(f"pooling:{_name}", partial(encoder_numbers, poolings=(_name,)), hf, tolerance=1e-4, revised=KEPT)
golden.case(KEPT, partial(encoder_numbers, poolings=("sum", "word:-1")), hf)

golden.case(
    "encoder step:first-layers", encoder_numbers, lambda: f"{hf()}|first-layers(n=1)", tolerance=1e-3, options={"n": 2}
)
test_numbers_stay, test_options_move_numbers = golden.tests()
