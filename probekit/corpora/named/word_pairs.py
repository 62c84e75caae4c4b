"""The 13 sets of rated English word pairs of Faruqui and Dyer (2014): files with checksums, licence, citations."""

from __future__ import annotations

from probekit import resources
from probekit.corpora.catalogue import word_items
from probekit.corpora.named.one_file import OneFile
from probekit.corpora.readers.word_pairs import read_word_pairs
from probekit.resources import File, Resource

_SOURCE = "https://github.com/mfaruqui/eval-word-vectors"
_REF = "94b3dd9fdbac"
_LICENCE = "MIT (the repository); each set has its own paper"
SETS = (
    (
        "mc-30",
        "EN-MC-30.txt",
        "33ee05911496ff83d95cac351d0746c6f63b9181b605cb7d307f4daa8864511b",
        "Miller and Charles 1991, Contextual Correlates of Semantic Similarity (Language and Cognitive Processes 6)",
    ),
    (
        "men-3k",
        "EN-MEN-TR-3k.txt",
        "888b13580faa362c7b11da0a670258cf1b1eb4bf0ecbcd418918729a3bd3f43a",
        "Bruni, Tran and Baroni 2014, Multimodal Distributional Semantics (JAIR 49)",
    ),
    (
        "mturk-287",
        "EN-MTurk-287.txt",
        "a9ae3a9decb75a9700fe0cf18b048c1344774d9f40e0196baf8e34d4cd9d1ce5",
        "Radinsky et al. 2011, A Word at a Time (WWW)",
    ),
    (
        "mturk-771",
        "EN-MTurk-771.txt",
        "04dc297c9e86b6fa7cf8ef0e4ba2e2c8d3399ec68d92fb7a53c0b4aae27198b5",
        "Halawi et al. 2012, Large-scale Learning of Word Relatedness with Constraints (KDD)",
    ),
    (
        "rg-65",
        "EN-RG-65.txt",
        "c243f3a91c3f5d8cf67f21a67f6fb80bde8b6bb060851a6a48e6f2d68ec98c9f",
        "Rubenstein and Goodenough 1965, Contextual Correlates of Synonymy (CACM 8)",
    ),
    (
        "rw-2034",
        "EN-RW-STANFORD.txt",
        "5108d54dfc746f44f9c3d7e31d2857c37cf71430bc1594175a61a3b89bb0ae1f",
        "Luong, Socher and Manning 2013, Better Word Representations with RNNs (CoNLL)",
    ),
    (
        "simlex-999",
        "EN-SIMLEX-999.txt",
        "405394ffb7d25f6d0e3c041f87c9f27d29dc6b047506769953e85c4523b11685",
        "Hill, Reichart and Korhonen 2015, SimLex-999 (Computational Linguistics 41)",
    ),
    (
        "simverb-3500",
        "EN-SimVerb-3500.txt",
        "9d84274e7ad029fd3cf69dd0516e9ade624bbef9bd4e2050f6cc1fa01471e0f5",
        "Gerz et al. 2016, SimVerb-3500 (EMNLP)",
    ),
    (
        "verb-143",
        "EN-VERB-143.txt",
        "7259e19961c81912aa4c72de0102e480b2ad2bb9f4ce97d036fbde8e1a403001",
        "Baker, Reichart and Korhonen 2014, An Unsupervised Model for Instance Level SCF Acquisition (EMNLP)",
    ),
    (
        "ws-353",
        "EN-WS-353-ALL.txt",
        "ce12919b240af45bdf46d243601eaca2b6212b159b5e7e9b435ee7ee40c5619c",
        "Finkelstein et al. 2002, Placing Search in Context (TOIS 20)",
    ),
    (
        "ws-353-rel",
        "EN-WS-353-REL.txt",
        "66a7c88100624d0a391605ff61ce84e11d11ee620d51ec0298da49592838f8fa",
        "Agirre et al. 2009, A Study on Similarity and Relatedness (NAACL)",
    ),
    (
        "ws-353-sim",
        "EN-WS-353-SIM.txt",
        "f1da938998863c94e53f72f984a5c6e215f0b46c323aae8f0f4930703a339107",
        "Agirre et al. 2009, A Study on Similarity and Relatedness (NAACL)",
    ),
    (
        "yp-130",
        "EN-YP-130.txt",
        "7643fdbc6158c3424061e2cba450c71285767266ff9f3db947bfc1f1f5ce67ab",
        "Yang and Powers 2006, Verb Similarity on the Taxonomy of WordNet (GWC)",
    ),
)


def register() -> None:
    """Add every set to the resources and to the registry of word items."""
    for name, file, sha256, citation in SETS:
        files = (File(file, sha256, f"{_SOURCE}/raw/{_REF}/data/word-sim/{file}"),)
        summary = "rated pairs of English words"
        resource = Resource(name, "word_similarity", files, _LICENCE, citation, f"{_SOURCE} at {_REF}", summary)
        resources.add(resource)
        word_items.add(name, OneFile(name, read_word_pairs), summary=summary, kind="pairs", **resource.about)
