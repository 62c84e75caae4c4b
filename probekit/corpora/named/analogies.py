"""Named sets of analogies: files with checksums, licences, citations.

The copy of the SAT questions in this repository has no answers, so those are read from a user's file: `choices:FILE`.
"""

from __future__ import annotations

from probekit import resources
from probekit.corpora.catalogue import word_items
from probekit.corpora.named.one_file import OneFile
from probekit.corpora.named.words import NO_LICENCE, REF, SOURCE
from probekit.corpora.readers.analogies import read_analogies
from probekit.resources import File, Resource

SETS = (
    (
        "google-analogies",
        "google-analogies",
        "3a7d337376275a174f38598ce55057c44f2abedcf58ec72b72909e68f3895ba9",
        "Mikolov, Chen, Corrado and Dean 2013, Efficient Estimation of Word Representations in Vector Space (ICLR)",
        "19,544 questions in 14 categories",
    ),
    (
        "msr-analogies",
        "msr",
        "1f20d6f2ff22bcc6cb03148ac39c82cf9327befa4c15bb034a44ac91a74f1d44",
        "Mikolov, Yih and Zweig 2013, Linguistic Regularities in Continuous Space Word Representations (NAACL)",
        "8,000 questions on forms of words in 16 categories",
    ),
    (
        "jair-analogies",
        "jair",
        "21e5df680c65081d15e6eb65a3136200f8611db772dfc2ea1bfdae7fd20972c0",
        "Turney 2008, The Latent Relation Mapping Engine (JAIR 33)",
        "430 questions of 20 scientific and common analogies",
    ),
)


def register() -> None:
    """Add every set to the resources and to the registry of word items."""
    for name, file, sha256, citation, summary in SETS:
        source = f"{SOURCE}/raw/{REF}/word-analogy/monolingual/en/{file}.csv"
        files = (File(f"word-analogy__monolingual__en__{file}.csv", sha256, source),)
        said = f"analogies: {summary}"
        resource = Resource(name, "word_benchmarks", files, NO_LICENCE, citation, f"{SOURCE} at {REF}", said)
        resources.add(resource)
        word_items.add(name, OneFile(name, read_analogies), summary=said, kind="analogies", **resource.about)
