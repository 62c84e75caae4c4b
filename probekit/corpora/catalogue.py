"""What is registered in this room: readers, named corpora, steps, ratings. A revision rises when numbers change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from probekit.registry import Registry

# Layers of a CoNLL-U file.
UD_LAYERS = ("lemma", "upos", "xpos", "feats", "head", "deprel", "misc", "ranges", "empty")

# A function(**options) -> Corpus. One that reads files is registered with reader=True and takes their paths first; one
# of named data lists its `resources`. Any other is taken to make its sentences up, unless it says generated=False: its
# digest is its name, revision and options.
registry: Registry[Callable[..., Any]] = Registry("corpus")
# A function(corpus, **options) -> Corpus, named after `|`. One with `check` in its metadata refuses options that do not
# fit the corpus before any work: check(options, its name, a function that gives its number of sentences). One with
# generated=True adds what a program made up; one with words=True changes the words of each text by itself, and is done
# again to the texts that a classifier trained on its corpus is asked about.
steps: Registry[Callable[..., Any]] = Registry("corpus step")
# A function(**options) -> Ratings, or of a path first where reader=True.
ratings: Registry[Callable[..., Any]] = Registry("ratings")
# A function(**options) -> WordItems, or of a path first where reader=True (a folder too where folders=True). Its
# metadata say the `kind` of its items, and which options name `corpora`.
word_items: Registry[Callable[..., Any]] = Registry("word items")

_READERS = "probekit.corpora.readers"
_REVISIONS = {"ptb": 2}  # of readers whose numbers changed
for _name, _place, _summary in (
    ("conllu", "conllu:read_conllu", "CoNLL-U files: conllu:FILE,FILE"),
    ("ptb", "brackets:read_ptb", "bracketed constituency trees: ptb:FILE,FILE"),
    ("plain", "plain:read_plain", "running text, a paragraph or sentence a line: plain:FILE,FILE"),
    ("bio", "bio:read_bio", "entity spans in columns (BIO, IOB, BIOES): bio:FILE,FILE"),
    ("word-classes", "columns:read_word_classes", "words with their class in columns: word-classes:FILE,FILE(tag=2)"),
    ("timeml", "timeml:read_timeml", "time expressions in running text, .tml, .xml or .zip: timeml:FILE,FILE"),
    ("gum", "gum:read_gum", "CoNLL-U with entities and coreference in MISC: gum:FILE,FILE"),
    ("up", "propbank:read_propbank", "CoNLL-U with PropBank roles in further columns: up:FILE,FILE"),
    ("litbank-files", "litbank:read_litbank", "LitBank's entities, coreference or both: litbank-files:FILE,FILE"),
    ("spans", "edge_probing:read_edge_probing", "edge-probing JSON lines: spans:FILE,FILE"),
    (
        "parallel",
        "parallel:read_parallel",
        "sentences and translations: parallel:SOURCE.txt,TARGET.txt or parallel:PAIRS.tsv",
    ),
    ("rated", "rated:read_rated", "sentences and a number people gave each, with a heading: rated:FILE,FILE"),
    ("pairs", "pairs:read_pairs", "pairs of sentences and what is said of them, with a heading: pairs:FILE,FILE"),
    (
        "questions",
        "choices:read_choices",
        "questions with options, .csv .tsv .jsonl: questions:FILE,FILE(text=, label=)",
    ),
    ("flips", "flips:read_flips", "labelled texts and flips that turn their label, with a heading: flips:FILE,FILE"),
    ("supertags", "supertags:read_supertags", "words with categories in columns: supertags:FILE,FILE(category=5)"),
    ("ccg-terms", "ccg_terms:read_ccg_terms", "derivations as Prolog terms of the C&C tools: ccg-terms:FILE,FILE"),
    ("ccgbank", "supertags:read_ccgbank", "derivations of CCGbank, AUTO files: ccgbank:FILE,FILE"),
    (
        "subjectivity",
        "subjectivity:read_subjectivity",
        "subjective and objective sentences of Pang and Lee 2004: subjectivity:quote.tok.gt9.5000,plot.tok.gt9.5000",
    ),
):
    revision = _REVISIONS.get(_name, 1)
    registry.add(_name, f"{_READERS}.{_place}", revision=revision, summary=f"{_summary}, plain or .gz", reader=True)
registry.add(
    "text",
    f"{_READERS}.texts:read_texts",
    summary="labelled texts, .tsv .csv .jsonl or a folder with a subfolder a class: text:FILE,FILE",
    reader=True,
    folders=True,
)
_GENERATED = "probekit.corpora.generated"
registry.add(
    "grammar",
    f"{_GENERATED}.grammar:grammar",
    summary="sentences of a generative grammar, fully annotated",
    layers=(*UD_LAYERS[:-2], "trees", "entity", "predicate-argument", "coreference"),
)
registry.add(
    "gazetteers",
    f"{_GENERATED}.gazetteers:gazetteers",
    summary="generated sentences of shared carriers with names of one of two domains",
    layers=("entity",),
)
registry.add(
    "cues",
    f"{_GENERATED}.cues:cues",
    summary="generated texts of two classes, told by cue words among fillers",
    layers=("label",),
)
registry.add(
    "topics",
    f"{_GENERATED}.topics:topics",
    summary="generated labelled documents: words of topics in noise",
    layers=("label",),
)
registry.add(
    "polarity-phrases",
    f"{_GENERATED}.polarity:polarity_phrases",
    summary="generated sentences of known polarity: labels at every node, and a flip of each",
    layers=("label", "trees", "flip"),
)
registry.add(
    "meanings",
    f"{_GENERATED}.ciphers:meanings",
    summary="generated sentences of words that have meanings: what vectors of words can be learned from",
)
registry.add(
    "retold",
    f"{_GENERATED}.paraphrases:retold",
    summary="generated meanings told in two sentences, and how much each says",
    layers=("meaning", "specificity"),
)
registry.add(
    "rules",
    f"{_GENERATED}.choices:rules",
    summary="generated questions with four options, of which a rule that is not shown says the right one",
    layers=("pair", "answer"),
)
registry.add(
    "plausible",
    f"{_GENERATED}.choices:plausible",
    summary="generated questions and candidates, plausible or not, a group a question",
    layers=("pair", "label"),
)
registry.add(
    "narrowed",
    f"{_GENERATED}.paraphrases:narrowed",
    summary="generated pairs of equal length of which the second says less, as much or other things",
    layers=("pair", "entailment"),
)

registry.add(
    "mini-hans",
    f"{_GENERATED}.inference:mini_hans",
    summary="generated inference after HANS, biased to overlap, with roles; challenge=true asks of all 30 subcases",
    layers=("pair", "entailment", "label", "predicate-argument"),
)
registry.add(
    "compared",
    f"{_GENERATED}.inference:compared",
    summary="generated comparisons, same, more-less and not: entailed and contradicted hypotheses of the same words",
    layers=("pair", "label"),
)
registry.add(
    "ccg-grammar",
    f"{_GENERATED}.supertags:ccg_grammar",
    summary="generated sentences with derivations; dev and test hold categories that train lacks",
    layers=("ccg",),
)

_STEPS = "probekit.corpora.steps"
steps.add("sample", f"{_STEPS}.parts:sample", summary="a random subset of n sentences", check=f"{_STEPS}.parts:fits")
steps.add("at-least", f"{_STEPS}.parts:at_least", summary="the sentences, or pairs, of which a number is that or more")
steps.add("fewer-pairs", f"{_STEPS}.parts:fewer_pairs", summary="at most so many pairs of sentences of each split")
steps.add("equal-lengths", f"{_STEPS}.parts:equal_lengths", summary="the pairs of sentences of as many words")
steps.add("split", f"{_STEPS}.parts:split", summary="the sentences of one split: train, dev or test")
steps.add("cut", f"{_STEPS}.sentences:cut", summary="sentences at closing punctuation, never within a span")
steps.add(
    "labelled", f"{_STEPS}.sentences:labelled", summary="an attribute of sentences, such as language, as their label"
)
steps.add("holding", f"{_STEPS}.parts:holding", summary="the sentences in which some words stand one after another")
steps.add("relabelled", f"{_STEPS}.parts:relabelled", summary="the spans of some labels under other names, alone")
steps.add("without-fold", f"{_STEPS}.parts:without_fold", summary="the sentences outside fold k of a cross-validation")
steps.add(
    "translated",
    f"{_STEPS}.translated:translated",
    summary="each sentence and its invented translation: copy, verb-final, inflecting or mirrored",
    generated=True,
)
for _name, _summary in (
    ("lower", "every word in lower case"),
    ("digits", "every word with a digit in it becomes one and the same word"),
    ("letters", "only words of letters, apostrophes, hyphens and points"),
    ("truncate", "the first n words of every text"),
):
    steps.add(_name, f"{_STEPS}.texts:{_name}", summary=_summary, words=True)
steps.add(
    "cipher",
    f"{_GENERATED}.ciphers:cipher",
    summary="every word in cipher: a second language where there is none",
    generated=True,
)
for _name, _summary in (
    ("lengths", "texts of at least and at most so many words"),
    ("classes", "the texts of some classes: classes(keep=[A, B])"),
    ("resplit", "shares of every class become dev and test at random, the rest train"),
    ("holdout", "a share of every class of train becomes dev, at random"),
):
    steps.add(_name, f"{_STEPS}.texts:{_name}", summary=_summary)
_RUNNING = f"{_STEPS}.running"
steps.add("sentences", f"{_RUNNING}:sentences", summary="texts cut into sentences after . ! ? that are words")
steps.add(
    "without",
    f"{_RUNNING}:without",
    summary="English stop words or punctuation left out: without(stopwords, punctuation)",
)
steps.add(
    "joined", f"{_RUNNING}:joined", summary="several corpora as one: joined(with=[CORPUS, CORPUS])", corpora=("with",)
)
steps.add(
    "plain-words",
    f"{_STEPS}.treebank_words:plain_words",
    summary="a treebank's words as running text has them: didn 't, brackets and slashes as characters",
)
steps.add(
    "heideltime",
    f"{_STEPS}.heideltime:heideltime",
    revision=2,
    summary="time expressions as HeidelTime's rules find them, for its own: heideltime(language=CODE)",
    check=f"{_STEPS}.heideltime:check",
)
steps.add(
    "split-documents",
    f"{_STEPS}.documents:split_documents",
    summary="shares of the documents become dev and test at random, the rest train",
)
steps.add(
    "holdout-documents",
    f"{_STEPS}.documents:holdout_documents",
    summary="a share of the documents of train becomes dev, at random",
)
steps.add(
    "fewer-documents",
    f"{_STEPS}.documents:fewer_documents",
    summary="at most so many documents of each split, drawn at random",
)
steps.add(
    "documents-once",
    f"{_STEPS}.documents:documents_once",
    summary="a document that stands in several parts is kept in one: test before dev before train",
)

_RATINGS = f"{_READERS}.ratings"
ratings.add("ratings", f"{_RATINGS}:read_ratings", summary="a CSV or TSV of words and properties", reader=True)
ratings.add(
    "categories",
    f"{_RATINGS}:read_categories",
    summary="a CSV or TSV of categories and words as ratings 6 and 0",
    reader=True,
)
ratings.add(
    "relations",
    f"{_RATINGS}:read_relations",
    summary="a CSV or TSV of word pairs by relation: second words of one as properties of the first, 6 and 0",
    reader=True,
)
ratings.add(
    "generated-ratings",
    f"{_GENERATED}.ratings:ratings_alone",
    summary="ratings that a program made; their vectors are the table generated-vectors",
)

for _name, _place, _summary, _kind in (
    ("word-pairs", "word_pairs:read_word_pairs", "rated pairs: word, word, rating, by tabs, commas or blanks", "pairs"),
    (
        "scws",
        "word_pairs:read_scws",
        "rated pairs of Stanford's contextual word similarity, contexts left out",
        "pairs",
    ),
    (
        "analogies",
        "analogies:read_analogies",
        "analogies: four words a line below `: CATEGORY`, or a table",
        "analogies",
    ),
    ("choices", "analogies:read_choices", "multiple-choice analogies in blocks, as those of the SAT", "choices"),
    ("bilingual", "dictionaries:read_dictionary", "a dictionary: word, translation, by a tab or blanks", "dictionary"),
    ("words", "word_lists:read_words", "a list of words, one a line", "words"),
    ("categories", "word_lists:read_category_items", "a table with the columns word and category", "categories"),
    ("relations", "word_lists:read_relation_items", "a table with the columns word1, word2, relation", "relations"),
    ("outliers", "word_lists:read_outliers", "groups and outliers, a file each, as WikiSem500's", "outliers"),
    ("compounds", "word_lists:read_compounds", "compounds: modifier, head, ..., rating", "compounds"),
    ("lexicon", "lexicons:read_lexicon", "a head word and the words it goes with a line", "lexicon"),
    ("wordnet", "lexicons:read_wordnet", "WordNet's database files: wordnet:FOLDER", "lexicon"),
    ("synsets", "lexicons:read_synset_table", "a table of synsets: id, members, hypernyms", "lexicon"),
):
    folders = _name in ("outliers", "wordnet")
    word_items.add(_name, f"{_READERS}.{_place}", summary=_summary, reader=True, kind=_kind, folders=folders)
word_items.add(
    "cipher-dictionary",
    f"{_GENERATED}.ciphers:cipher_dictionary",
    summary="words of meanings(words=1000) and their ciphers",
    kind="dictionary",
)
word_items.add(
    "function-words",
    "probekit.corpora.function_words:function_words",
    summary="words of a treebank whose tokens are of closed classes: function-words(of=CORPUS)",
    kind="words",
    corpora=("of",),
    generated=False,
)


def names_with(layer: str) -> list[str]:
    """Names of the registered corpora that have a layer, in order of registration."""
    return [name for name in registry.names() if layer in registry.entry(name).meta.get("layers", ())]
