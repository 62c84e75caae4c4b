"""Named pairs of textual inference: RTE 1 to 3, FraCaS, HANS made anew, Comparisons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from xml.etree import ElementTree

from probekit import resources
from probekit.corpora.catalogue import registry
from probekit.corpora.corpus import Corpus
from probekit.corpora.pairs_of_texts import TextPair, corpus_of
from probekit.corpora.readers.tables import named_cells, tsv_rows
from probekit.corpora.readers.tokenising import tokeniser
from probekit.resources import File, Resource, plain_name, read_bytes

_RTE = Resource(
    "rte",
    "rte",
    (
        File("rte1_dev.xml", "c57931072bcab794d4c1dc89e40ad297f9b7ca2029057cb4709eda75098d064b"),
        File("rte1_test.xml", "38756b2bd94668ff7e5466ff55a45915bb820c77daaf0cc3cf2f7b5a3531f40e"),
        File("rte2_dev.xml", "c49d37e1f40bc9ab073e1355c908c952eb8fe0d0bccac2bc2789143a2c064ddf"),
        File("rte2_test.xml", "836c467c55ba2eeb7010799214b32e730400f5cf80bfb2a47da6d0f51c86261c"),
        File("rte3_dev.xml", "c14ad6758b4e65acf9f8333be361b489562eca9df0c396409e7a6b4b78490937"),
        File("rte3_test.xml", "a2ceb2383bf9f9039823faee393bb862febb78edcc73db3d5af5f69a4f72b5dd"),
    ),
    "none stated in the package",
    "Dagan, Glickman and Magnini 2006, The PASCAL Recognising Textual Entailment Challenge (MLCW)",
    "https://github.com/nltk/nltk_data at 5db857e6f7df, packages/corpora/rte.zip",
    "4,167 pairs of RTE 1 to 3, entailment or not-entailment; the published dev parts are the split train",
)
_FRACAS = Resource(
    "fracas-problems",
    "fracas",
    (File("fracas.xml", "4c9463d4e98ade8960c759e3b30a83b0926d90088e00934b3a2b2998b539ed95"),),
    "none stated",
    "Cooper et al. 1996, Using the Framework (FraCaS), as XML by MacCartney",
    "https://github.com/AllanRamsay/dgParser at 88663ffe178a, fracas.xml",
    "problems of inference with an answer yes, no or unknown, premises one after another; all in the split test",
)
_HANS = Resource(
    "hans",
    "hans_regenerated",
    (File("hans.tsv", "729ce79fb2aa44d0457869bd89839a5e796b569574ce1a401ee3f98bc9288700"),),
    "MIT",
    "McCoy, Pavlick and Linzen 2019, Right for the Wrong Reasons (ACL)",
    "https://github.com/tommccoy1/hans at 7299f6f65708, corpus_generator.py and templates.py, run with other seeds",
    "HANS by its authors' generator, other draws: 30 subcases, 100 dev and 300 test pairs of each",
)
_COMPARISONS = Resource(
    "comparisons",
    "comparisons",
    (File("comparisons.tsv", "a0f6bbce5a94cb247a3dbbd51b673bad895ee8233e9507ca2ba4083b018ab228"),),
    "none stated in the repository",
    "Dasgupta et al. 2018, Evaluating Compositionality in Sentence Embeddings (CogSci)",
    "https://github.com/ishita-dg/ScrambleTests at 52f5a3f6d93d (training-experiment), testData/new/{valid,test}/",
    "pairs of comparisons of the types same, more-less and not, short and long: dev and test",
)
_ENTAILED = {"TRUE": "entailment", "YES": "entailment", "FALSE": "not-entailment", "NO": "not-entailment"}
_FRACAS_LABELS = {"yes": "entailment", "no": "contradiction", "unknown": "neutral"}


def rte() -> Corpus:
    """RTE: text and hypothesis, attribute label (of RTE 1, TRUE and FALSE), `challenge` 1 to 3."""
    cut = tokeniser("treebank")

    def read() -> Iterator[TextPair]:
        for path in resources.get("rte"):
            name = plain_name(path)
            split = "test" if "test" in name else "train"
            for number, pair in enumerate(ElementTree.fromstring(read_bytes(path)).iter("pair"), 1):
                said = pair.attrib.get("entailment", pair.attrib.get("value", ""))
                about = {"label": _ENTAILED[said.upper()], "challenge": name[3], "setting": pair.attrib.get("task", "")}
                text, claim = (cut(pair.findtext(side, "")) for side in "th")
                yield TextPair(text, claim, f"{name}:{pair.attrib['id']}", split, name, number, attributes=about)

    return corpus_of(read(), "en")


def fracas() -> Corpus:
    """FraCaS: premises, one after another, and hypothesis; problems with another answer are left out."""
    cut = tokeniser("treebank")

    def read() -> Iterator[TextPair]:
        (path,) = resources.get("fracas-problems")
        for number, problem in enumerate(ElementTree.fromstring(read_bytes(path)).iter("problem"), 1):
            label = _FRACAS_LABELS.get(problem.attrib.get("fracas_answer", ""))
            premises = " ".join(" ".join((p.text or "").split()) for p in problem.iter("p"))
            hypothesis = " ".join(problem.findtext("h", "").split())
            if label and premises and hypothesis:
                name = f"fracas-{problem.attrib['id']}"
                yield TextPair(
                    cut(premises), cut(hypothesis), name, "test", path.name, number, attributes={"label": label}
                )

    return corpus_of(read(), "en")


def hans() -> Corpus:
    """HANS: attributes label (entailment or non-entailment), heuristic, subcase."""
    return _table("hans", ("heuristic", "subcase"), "gold_label", {"dev": "dev", "test": "test"})


def comparisons() -> Corpus:
    """Comparisons: attributes label (entailment or contradiction), type, length."""
    return _table("comparisons", ("type", "length"), "label", {"valid": "dev", "test": "test"})


def _table(name: str, kept: tuple[str, ...], label: str, splits: dict[str, str]) -> Corpus:
    cut = tokeniser("blanks")

    def read() -> Iterator[TextPair]:
        (path,) = resources.get(name)
        for line, row in named_cells(path, tsv_rows(path)):
            about = {"label": row[label], **{one: row[one] for one in kept}}
            premise, claim = (cut(row[side]) for side in ("premise", "hypothesis"))
            yield TextPair(
                premise, claim, f"{name}:{line}", splits[row["split"]], f"{name}.tsv", line, attributes=about
            )

    return corpus_of(read(), "en")


DATA_SETS: tuple[tuple[Resource, Callable[[], Corpus]], ...] = (
    (_RTE, rte),
    (_FRACAS, fracas),
    (_HANS, hans),
    (_COMPARISONS, comparisons),
)


def register() -> None:
    """Add every data set to the resources and to the registry of corpora."""
    for resource, read in DATA_SETS:
        resources.add(resource)
        registry.add(resource.name, read, summary=resource.summary, layers=("pair", "label"), **resource.about)
