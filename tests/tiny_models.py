"""Tiny model folders with real architectures and tokenizers trained here: made once a test run, removed at its end.

`folder(family)` gives the folder of one of FAMILIES (or of EXTRA), `encoder(family, **options)` the loaded encoder.
Weights are drawn wide, so that what a model reads moves what it says; every table of positions is short, so
that windows are needed.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

FAMILIES = ("bert", "roberta", "xlm-roberta", "distilbert", "electra", "gpt2")
EXTRA = ("bart", "llama", "t5", "xlnet")
# Special tokens around a text, and the positions that each model can read.
SPECIALS = {
    "bert": 2, "roberta": 2, "xlm-roberta": 2, "distilbert": 2, "electra": 2, "gpt2": 0, "bart": 2, "llama": 1, "t5": 1,
    "xlnet": 2,
}  # fmt: skip
POSITIONS = {
    "bert": 40, "roberta": 38, "xlm-roberta": 36, "distilbert": 40, "electra": 32, "gpt2": 24, "bart": 40, "llama": 48,
    "t5": 40, "xlnet": 44,
}  # fmt: skip
# Tokenizers that the library builds anew by their class, as for most models on the hub; others are read as they are.
CLASSES = {
    "bert": "BertTokenizer", "roberta": "RobertaTokenizer", "xlm-roberta": "XLMRobertaTokenizer",
    "electra": "ElectraTokenizer",
}  # fmt: skip
LAYERS = dict.fromkeys((*FAMILIES, *EXTRA), 2) | {"bert": 3}
WIDTH = 32

TEXT = [
    "the old house stood at the end of the street and nobody lived there",
    "She didn't know whether they would arrive before the others had left .",
    "the children were playing in the garden while their mother was reading",
    "A reader who finds the house finds the garden , the street and the river .",
    "Das alte Haus stand am Ende der Straße , und niemand wohnte dort .",
    "les enfants jouaient dans le jardin près de la rivière , l'été dernier",
    "дети играли в саду у старого дома на конце улицы",
    "الأطفال يلعبون في الحديقة قرب البيت القديم",
    "הילדים שיחקו בגן ליד הבית הישן",
    "孩子们在花园里玩 母亲在读书",
    "子供たちは庭で遊んでいる",
    "naïve café résumé coöperate Ångström",
    "1999 2024 3.14 50% $20 @home #tag",
    "👩‍👩‍👧 🙂 👍🏽 🇪🇪",
]

# Sentences that a reader meets, from one word to more than any of the models can read at once.
SENTENCES = [
    ["the", "house"],
    ["She", "did", "n't", "know", "whether", "they", "would", "arrive", "."],
    ["Yes"],
    ["the", "children", "were", "playing", "in", "the", "garden", "near", "the", "river"],
    ["unbelievably", "incomprehensible", "antidisestablishmentarianism"],
    ["الأطفال", "يلعبون", "في", "الحديقة"],
    ["孩子们", "在", "花园里", "玩"],
    ["the", "old", "house", "stood", "at", "the", "end", "of", "the", "street", "and", "nobody", "lived", "there"],
    ["les", "enfants", "jouaient", "dans", "le", "jardin"],
    ["🙂"],
]
LONG = ["the", "old", "house", "of", "the", "incomprehensible", "children", "and", "their", "garden"] * 8


@cache
def root() -> Path:
    """Where the folders of this test run lie."""
    import atexit

    place = Path(tempfile.mkdtemp(prefix="probekit-tiny-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return place


@cache
def folder(family: str) -> Path:
    """The folder of a tiny model: config.json, model.safetensors, tokenizer files."""
    import torch

    from probekit.encoders.model_folder import quiet_transformers

    place = root() / family
    tokenizer = make_tokenizer(family)
    with quiet_transformers(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(sum(map(ord, family)))
        model = make_model(family, len(tokenizer))
        model.save_pretrained(place)
        tokenizer.save_pretrained(place)
    if family in CLASSES:
        config = place / "tokenizer_config.json"
        written = json.loads(config.read_text()) | {"tokenizer_class": CLASSES[family]}
        config.write_text(json.dumps(written))
    return place


@cache
def encoder(family: str, **options: Any) -> Any:
    """A loaded encoder of a tiny model, one for all tests: do not change it."""
    from probekit.encoders import load_encoder
    from probekit.specs import Spec

    return load_encoder(Spec("hf", str(folder(family)), (), dict(sorted(options.items()))), device="cpu")


def make_tokenizer(family: str) -> Any:
    """A tokenizer trained on TEXT of the kind that the family has."""
    from transformers import PreTrainedTokenizerFast

    if family in ("bert", "distilbert", "electra"):
        backend, names = word_piece(lower=family != "distilbert")
    elif family in ("xlm-roberta", "t5", "xlnet"):
        backend, names = unigram(family)
    else:
        backend, names = byte_level(family)
    if family in ("t5", "xlnet"):
        names["model_max_length"] = POSITIONS[family]  # it has no table of positions
    return PreTrainedTokenizerFast(tokenizer_object=backend, **names)


def word_piece(lower: bool) -> tuple[Any, dict[str, Any]]:
    """WordPiece as BERT has it."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=lower)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=500, special_tokens=specials, show_progress=False)
    made.train_from_iterator(TEXT, trainer)
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), specials, strict=True)
    return made, dict(names)


def byte_level(family: str) -> tuple[Any, dict[str, Any]]:
    """Byte-level BPE as RoBERTa, BART, GPT-2 and Llama 3 have it."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    if family in ("gpt2", "llama"):
        specials = ["<|endoftext|>"]
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    if family == "llama":
        made.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(r"'[a-z]+| ?\p{L}+| ?\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s+"), "isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=500,
        special_tokens=specials,
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    made.train_from_iterator(TEXT, trainer)
    if family in ("roberta", "bart"):
        made.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    if family == "llama":
        made.post_processor = processors.TemplateProcessing(
            single="<|endoftext|> $A", pair="<|endoftext|> $A $B", special_tokens=[("<|endoftext|>", 0)]
        )
    if family in ("gpt2", "llama"):
        return made, {"bos_token": specials[0], "eos_token": specials[0], "unk_token": specials[0]}
    return made, {
        "bos_token": "<s>",
        "cls_token": "<s>",
        "pad_token": "<pad>",
        "eos_token": "</s>",
        "sep_token": "</s>",
        "unk_token": "<unk>",
        "mask_token": "<mask>",
    }


def unigram(family: str) -> tuple[Any, dict[str, Any]]:
    """Unigram over blanks made visible, as SentencePiece models have it."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    xlm = family == "xlm-roberta"
    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"] if xlm else ["<pad>", "</s>", "<unk>"]
    if family == "xlnet":
        specials += ["<sep>", "<cls>", "<mask>"]
    made = Tokenizer(models.Unigram())
    made.normalizer = normalizers.Sequence([normalizers.NFKC()])
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]
    )
    trainer = trainers.UnigramTrainer(vocab_size=400, special_tokens=specials, unk_token="<unk>", show_progress=False)
    made.train_from_iterator(TEXT, trainer)
    ids = {token: made.token_to_id(token) for token in specials}
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>" if xlm else "$A </s>",
        pair="<s> $A </s> $B </s>" if xlm else "$A </s> $B </s>",
        special_tokens=[(token, ids[token]) for token in (("<s>", "</s>") if xlm else ("</s>",))],
    )
    if family == "xlnet":  # both special tokens stand after the text
        made.post_processor = processors.TemplateProcessing(
            single="$A <sep> <cls>",
            pair="$A <sep> $B <sep> <cls>",
            special_tokens=[(token, ids[token]) for token in ("<sep>", "<cls>")],
        )
        return made, {
            "pad_token": "<pad>",
            "eos_token": "</s>",
            "unk_token": "<unk>",
            "sep_token": "<sep>",
            "cls_token": "<cls>",
            "mask_token": "<mask>",
        }
    names: dict[str, Any] = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    if xlm:
        names |= {"bos_token": "<s>", "cls_token": "<s>", "sep_token": "</s>", "mask_token": "<mask>"}
    return made, names


def make_model(family: str, vocabulary: int) -> Any:
    """The architecture with wide random weights."""
    import transformers as hf

    n, size = LAYERS[family], POSITIONS[family]
    common = {"vocab_size": vocabulary, "initializer_range": 0.25}
    blocks = {
        "hidden_size": WIDTH,
        "num_hidden_layers": n,
        "num_attention_heads": 4,
        "intermediate_size": 48,
        "max_position_embeddings": size,
    }
    if family == "bert":
        return hf.BertModel(hf.BertConfig(**common, **blocks))
    if family in ("roberta", "xlm-roberta"):
        # Both keep two more positions than they read: numbering begins after the padding index, which is 1.
        blocks["max_position_embeddings"] = size + 2
        if family == "roberta":
            return hf.RobertaModel(hf.RobertaConfig(**common, **blocks, pad_token_id=1, type_vocab_size=1))
        return hf.XLMRobertaModel(hf.XLMRobertaConfig(**common, **blocks, pad_token_id=1, type_vocab_size=1))
    if family == "distilbert":
        return hf.DistilBertModel(
            hf.DistilBertConfig(**common, dim=WIDTH, n_layers=n, n_heads=4, hidden_dim=48, max_position_embeddings=size)
        )
    if family == "electra":
        return hf.ElectraModel(hf.ElectraConfig(**common, **blocks, embedding_size=16))
    if family == "gpt2":
        return hf.GPT2Model(
            hf.GPT2Config(**common, n_embd=WIDTH, n_layer=n, n_head=4, n_positions=size, bos_token_id=0, eos_token_id=0)
        )
    if family == "xlnet":
        return hf.XLNetModel(hf.XLNetConfig(**common, d_model=WIDTH, n_layer=n, n_head=4, d_inner=48))
    if family == "llama":
        return hf.LlamaModel(hf.LlamaConfig(**common, **blocks, num_key_value_heads=2, bos_token_id=0, eos_token_id=0))
    if family == "bart":
        return hf.BartModel(
            hf.BartConfig(
                vocab_size=vocabulary,
                init_std=0.25,
                d_model=WIDTH,
                encoder_layers=n,
                decoder_layers=1,
                encoder_attention_heads=4,
                decoder_attention_heads=4,
                encoder_ffn_dim=48,
                decoder_ffn_dim=48,
                max_position_embeddings=size,
            )
        )
    return hf.T5Model(
        hf.T5Config(
            vocab_size=vocabulary,
            d_model=WIDTH,
            d_kv=8,
            d_ff=48,
            num_layers=n,
            num_heads=4,
            initializer_factor=1.0,
            pad_token_id=0,
            eos_token_id=1,
            decoder_start_token_id=0,
        )
    )
