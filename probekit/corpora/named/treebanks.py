"""Named treebanks: their files with checksums, licences and citations, and the corpora made of them.

Repository references are the commits (or the tag) that the checksums were taken from.
"""

from __future__ import annotations

from probekit import resources
from probekit.corpora.catalogue import UD_LAYERS
from probekit.corpora.named.named_corpus import NamedCorpus, add
from probekit.resources import File, Resource

_BY_SA_4, _BY_SA_3 = "CC BY-SA 4.0", "CC BY-SA 3.0"
_BY_NC_SA_4, _BY_NC_SA_3 = "CC BY-NC-SA 4.0", "CC BY-NC-SA 3.0"
_PUD = "Zeman et al. 2017, CoNLL 2017 Shared Task: Multilingual Parsing"
_LOW, _FAMILY = "ud_low_resource", "ud_family"


def _resource(
    name: str, folder: str, repository: str, ref: str, files: dict[str, str], licence: str, citation: str, summary: str
) -> Resource:
    source = f"https://github.com/UniversalDependencies/{repository}"
    listed = tuple(File(file, sha256, f"{source}/raw/{ref}/{file}") for file, sha256 in files.items())
    return Resource(name, folder, listed, licence, citation, f"{source} at {ref}", summary)


TREEBANKS: tuple[Resource, ...] = (
    _resource(
        "ud-english-ewt",
        "ud_english_ewt",
        "UD_English-EWT",
        "15d613d8447b",
        {
            "en_ewt-ud-train.conllu": "3fb78e2b55482c8ee00caa653af436c88c9e5bc9a73ce26e4ae3ddc79d2b7e7b",
            "en_ewt-ud-dev.conllu": "531a54ff90d6ab12201c5a50c3e78e6ddac4de69abc4bce5d275d3cd29efe2b6",
            "en_ewt-ud-test.conllu": "e266e515a0a7547657ed3d90d9ba46487d6bd251f27ad4269d4e8a427c8555cd",
        },
        _BY_SA_4,
        "Silveira et al. 2014, A Gold Standard Dependency Corpus for English (LREC)",
        "English web text: blogs, newsgroups, email, reviews, answers",
    ),
    _resource(
        "ud-english-gum",
        "ud_english_gum_r2_4",
        "UD_English-GUM",
        "r2.4",
        {
            "en_gum-ud-train.conllu": "dd3ef6082c2391ed70123ce3ecdc81c86d5b48f3a5ae0cd00cbc0a3eecf69e7a",
            "en_gum-ud-dev.conllu": "b1a59c90150daab76a0accf7170d2ba98494defe729f5c9df5b3d51136b8fb11",
            "en_gum-ud-test.conllu": "e4fe3453470cf4b90c431e3502c193d71ddbde9fa82261596cf742927aeab03a",
        },
        _BY_NC_SA_4,
        "Zeldes 2017, The GUM corpus: creating multilayer resources in the classroom (LRE 51)",
        "English of several genres, as in UD release 2.4",
    ),
    _resource(
        "ud-english-partut",
        "ud_english_partut",
        "UD_English-ParTUT",
        "bd9434bf851c",
        {
            "en_partut-ud-train.conllu": "d7f3fa31fd8a6536e5c1ddcf37911621e77b6d37e20e73dbad1f8fc65e56ef84",
            "en_partut-ud-dev.conllu": "f52fe2eeedcbb916516a7cabaeda89a618e3832ade19750e30b4f514865cdb86",
            "en_partut-ud-test.conllu": "fdc9c5a5fd95f9b426b98cbe43fecad011cd4c33f9bf211d4673d060ee9d0e96",
        },
        _BY_NC_SA_4,
        "Sanguinetti and Bosco 2015, PartTUT: The Turin University Parallel Treebank",
        "English legal text, talks, Wikipedia",
    ),
    _resource(
        "ud-italian-isdt",
        "ud_italian_isdt",
        "UD_Italian-ISDT",
        "689c1bf3c7d1",
        {
            "it_isdt-ud-dev.conllu": "1bc7dda04c58a4d87e2e6607a0e612462b87e7da6dde56be610d3749521af744",
            "it_isdt-ud-test.conllu": "cea8ca0e8d1ddf7ce509f10afff426d00e058982f49473e0744cd0ee477129e3",
        },
        _BY_NC_SA_3,
        "Bosco, Montemagni and Simi 2013, Converting Italian Treebanks (LAW)",
        "Italian, development and test sentences only",
    ),
    _resource(
        "ud-pud-en",
        "ud_pud_parallel",
        "UD_English-PUD",
        "f16eba4ae7f3",
        {"en_pud-ud-test.conllu": "c80584f2bc2b31d5bada78a1136f9feec7ac49e5e18898db02dea434b5b8f0aa"},
        _BY_SA_3,
        _PUD,
        "English side of the 1,000 parallel PUD sentences",
    ),
    _resource(
        "ud-pud-it",
        "ud_pud_parallel",
        "UD_Italian-PUD",
        "71d932aa0963",
        {"it_pud-ud-test.conllu": "ad5d302bdfd05194155d9ad43dc54c3cb915076d66b3eb6ef33eca9a11f1372a"},
        _BY_SA_3,
        _PUD,
        "Italian side of the 1,000 parallel PUD sentences",
    ),
    _resource(
        "ud-pud-es",
        "ud_pud_parallel",
        "UD_Spanish-PUD",
        "818a82b8628c",
        {"es_pud-ud-test.conllu": "48a7b5c7f409100b24eba90c7397e01f6fecaaf3207315a9a1bda029f77e98d3"},
        _BY_SA_3,
        _PUD,
        "Spanish side of the 1,000 parallel PUD sentences",
    ),
    _resource(
        "ud-pud-de",
        "ud_pud_parallel",
        "UD_German-PUD",
        "ff80846ae60a",
        {"de_pud-ud-test.conllu": "a530bdb50349bbd7c13706b6a759a9d73e8f514fff41fbf27149e914b0c3e723"},
        _BY_SA_3,
        _PUD,
        "German side of the 1,000 parallel PUD sentences",
    ),
    _resource(
        "ud-pud-fr",
        "ud_pud_parallel",
        "UD_French-PUD",
        "c245786cfb30",
        {"fr_pud-ud-test.conllu": "793540702db111d2bfe04f846edddb23e7a2a432294fe17cb612dd795fb0301f"},
        _BY_SA_3,
        _PUD,
        "French side of the 1,000 parallel PUD sentences",
    ),
    _resource(
        "ud-buryat-bdt",
        _LOW,
        "UD_Buryat-BDT",
        "300aa7089987",
        {
            "bxr_bdt-ud-train.conllu": "35a11f72735d9a9ed43500a60876b3348387a2a59108557273374f2ac2bde94f",
            "bxr_bdt-ud-test.conllu": "3099b7649e08c0ae97d29539b2be42a21a6591565b5c0bb0807bfb32b751bee9",
        },
        _BY_SA_4,
        "Badmaeva and Tyers 2017, A Dependency Treebank for Buryat (TLT 15)",
        "Buryat",
    ),
    _resource(
        "ud-kurmanji-mg",
        _LOW,
        "UD_Kurmanji-MG",
        "0dad7c35ec21",
        {
            "kmr_mg-ud-train.conllu": "12b4ba91cca2748fb4bcdca03d6fb31c8792ee5e649b17f3209c68abd9ad17db",
            "kmr_mg-ud-test.conllu": "db9501d607afa1480f958558823e733568ce6b10696de80b7c6cbc408827467a",
        },
        _BY_SA_4,
        "Gökırmak and Tyers 2017, A Dependency Treebank for Kurmanji Kurdish (Depling)",
        "Kurmanji Kurdish",
    ),
    _resource(
        "ud-upper-sorbian-ufal",
        _LOW,
        "UD_Upper_Sorbian-UFAL",
        "6dc559486190",
        {"hsb_ufal-ud-test.conllu": "eeb14b07ff7af360f8afefc2907fd2c53cb64fa8ebd3dde07438c953c67a0063"},
        _BY_SA_4,
        "Zeman et al. 2018, CoNLL 2018 Shared Task: Multilingual Parsing",
        "Upper Sorbian",
    ),
    _resource(
        "ud-breton-keb",
        _LOW,
        "UD_Breton-KEB",
        "639600f9b15a",
        {"br_keb-ud-test.conllu": "f6eec6ee7f844a92df0023314202655c0a5a6341f9c1708d40c0d3beebcbeff9"},
        _BY_SA_4,
        "Tyers and Ravishankar 2018, A prototype dependency treebank for Breton (TALN)",
        "Breton",
    ),
    _resource(
        "ud-bambara-crb",
        _LOW,
        "UD_Bambara-CRB",
        "e218582fa649",
        {"bm_crb-ud-test.conllu": "b0c220c66fb6b04c715e26ad8e9a48b16a024e9814d3384b99121de77aff6fe9"},
        _BY_SA_4,
        "Aplonova and Tyers 2017, Towards a dependency-annotated treebank for Bambara (TLT 16)",
        "Bambara",
    ),
    _resource(
        "ud-tagalog-trg",
        _LOW,
        "UD_Tagalog-TRG",
        "7151bec17280",
        {"tl_trg-ud-test.conllu": "d21eb1072f6da530de2e0e3a9065a76ae36559efd43afc7c6d48264024afa8c1"},
        _BY_SA_4,
        "Samson 2018, A treebank prototype of Tagalog (University of Tübingen)",
        "Tagalog grammar examples",
    ),
    _resource(
        "ud-amharic-att",
        _LOW,
        "UD_Amharic-ATT",
        "2a7b52094758",
        {"am_att-ud-test.conllu": "7960fde84b71012ee0aac89fc6a23fb13856f095b0186d48f220ab09115bc0c3"},
        _BY_SA_4,
        "Seyoum, Miyao and Mekonnen 2018, Universal Dependencies for Amharic (LREC)",
        "Amharic",
    ),
    _resource(
        "ud-marathi-ufal",
        _LOW,
        "UD_Marathi-UFAL",
        "c02a08246fdb",
        {
            "mr_ufal-ud-train.conllu": "bfd0e45a4a065a27adc621c7b30c3d14095ceef03db63cae5f58a8d759d7a430",
            "mr_ufal-ud-dev.conllu": "daca927607183525e6b443e7a54550fb4b49fe252e5551941eb2530f2767f4aa",
            "mr_ufal-ud-test.conllu": "fa70d27491912b156a26908a885e6120fd478b8a08bd189e05b3ab205d0bad25",
        },
        _BY_SA_4,
        "Ravishankar 2017, A Universal Dependencies Treebank for Marathi (TLT 16)",
        "Marathi",
    ),
    _resource(
        "ud-kazakh-ktb",
        _LOW,
        "UD_Kazakh-KTB",
        "e9f3b87a5faa",
        {
            "kk_ktb-ud-train.conllu": "6297597914a3f319db573573f927a6577c702f5fa00dcd653162aab46026aeaa",
            "kk_ktb-ud-test.conllu": "1100846ee50c2f970562a21dca8415a381c470ea06bdb8496ae213d59c3a3c4e",
        },
        _BY_SA_4,
        "Tyers and Washington 2015, Towards a universal-dependency treebank for Kazakh (TurkLang)",
        "Kazakh",
    ),
    _resource(
        "ud-naija-nsc",
        _LOW,
        "UD_Naija-NSC",
        "be1b5101e917",
        {"pcm_nsc-ud-test.conllu": "c866f65fa2d6d07f04296636b6b09b0dd8a93f59bc79ad868718178edecc1759"},
        _BY_SA_4,
        "Caron et al. 2019, A Surface-Syntactic UD Treebank for Naija (TLT)",
        "Naija (Nigerian Pidgin), transcribed speech",
    ),
    _resource(
        "ud-afrikaans-afribooms",
        _FAMILY,
        "UD_Afrikaans-AfriBooms",
        "a6dd726120c8",
        {
            "af_afribooms-ud-train.conllu": "5dfd07a87750b4b535eca5a4b4254352d2d40fbdd3fc1a9d332e62cec0f0c05f",
            "af_afribooms-ud-dev.conllu": "9be338cd501863631e03c123be2399e32b3d845d91347e5d6aa10c76254fbb49",
            "af_afribooms-ud-test.conllu": "e41f9111795ea733f91a93787e76a3191a088c213375c50f8ec6a9597a94e967",
        },
        _BY_SA_4,
        "Augustinus et al. 2016, AfriBooms: An Online Treebank for Afrikaans (LREC)",
        "Afrikaans",
    ),
    _resource(
        "ud-latvian-lvtb",
        _FAMILY,
        "UD_Latvian-LVTB",
        "aaedfc18ee5f",
        {"lv_lvtb-ud-dev.conllu": "55cf847b992a38d2205eab712a9e48112fdd1d5a6700cb172607309b303237ab"},
        _BY_SA_4,
        "Pretkalnina, Rituma and Saulite 2018, Deriving Enhanced Universal Dependencies from a Hybrid Treebank (TSD)",
        "Latvian, development sentences only",
    ),
    _resource(
        "ud-lithuanian-alksnis",
        _FAMILY,
        "UD_Lithuanian-ALKSNIS",
        "46ffdba3396a",
        {
            "lt_alksnis-ud-dev.conllu": "638ff53f0e3d0ea3c19ce970086ada947aa9d00afe07c3b78637e04f8ea81492",
            "lt_alksnis-ud-test.conllu": "5992220412e2aa5090551d77e5b6abee97cdae2653de098f73c630731efd10fa",
        },
        _BY_SA_4,
        "Bielinskiene et al. 2016, Lithuanian Dependency Treebank ALKSNIS (Baltic HLT)",
        "Lithuanian, development and test sentences only",
    ),
    _resource(
        "ud-dutch-alpino",
        _FAMILY,
        "UD_Dutch-Alpino",
        "95e374a608d1",
        {
            "nl_alpino-ud-dev.conllu": "3d6ad878d8b7b362fd756da22ae230951233be1e5596743af772150c89ba346d",
            "nl_alpino-ud-test.conllu": "f5b5000fcbb6745d42f7cccf3986bb2550f9b56a171b0d4808fb45d2df7972a2",
        },
        _BY_SA_4,
        "Bouma and van Noord 2017, Increasing Return on Annotation Investment (UDW)",
        "Dutch newspaper text, development and test sentences only",
    ),
    _resource(
        "ud-dutch-lassysmall",
        _FAMILY,
        "UD_Dutch-LassySmall",
        "7880e0bc4c81",
        {
            "nl_lassysmall-ud-dev.conllu": "5e756efff04efc3f410778dab0d0a2c151b1d1507c98a054af7fc208e722f458",
            "nl_lassysmall-ud-test.conllu": "26e0e40c67e80fbe9f905fb1fe952dc609bd6c1a6c82dbcb3079ae474a01e8f3",
        },
        _BY_SA_4,
        "Bouma and van Noord 2017, Increasing Return on Annotation Investment (UDW)",
        "Dutch Wikipedia, development and test sentences only",
    ),
    _resource(
        "ud-finnish-tdt",
        _FAMILY,
        "UD_Finnish-TDT",
        "5e3a88a671ea",
        {
            "fi_tdt-ud-dev.conllu": "f42cfdc427116b8152ee012541c2f99d95cbc734e629c4eb5c80e20dd67edc0c",
            "fi_tdt-ud-test.conllu": "3317528f16ab74333dce44051971e1ed0d115c8ffa1359a20f3bddb8e63498ee",
        },
        _BY_SA_4,
        "Pyysalo et al. 2015, Universal Dependencies for Finnish (NoDaLiDa)",
        "Finnish, development and test sentences only",
    ),
    _resource(
        "ud-german-gsd",
        _FAMILY,
        "UD_German-GSD",
        "297fcf350481",
        {
            "de_gsd-ud-dev.conllu": "00431f2624cbbf66796c097a9303bbc8f8e8ca88ef35c4c5664aa396b2d674c9",
            "de_gsd-ud-test.conllu": "bceb8e867ba3ee7f1449d44fb31538d63a514f07e6763e7d9a5ffe794407bed4",
        },
        _BY_SA_4,
        "McDonald et al. 2013, Universal Dependency Annotation for Multilingual Parsing (ACL)",
        "German reviews, news and Wikipedia, development and test sentences only",
    ),
    _resource(
        "ud-spanish-gsd",
        _FAMILY,
        "UD_Spanish-GSD",
        "57c045644664",
        {
            "es_gsd-ud-dev.conllu": "d5018974cb6a4adb03435f76ac4914a388f4fc763b35b6c4a6a2dc27874b0dff",
            "es_gsd-ud-test.conllu": "37612cb7cc13eab62e6f95b06504a31f252ecc56acb52a06d142bf872318b872",
        },
        _BY_SA_4,
        "McDonald et al. 2013, Universal Dependency Annotation for Multilingual Parsing (ACL)",
        "Spanish reviews, news and blogs, development and test sentences only",
    ),
    _resource(
        "ud-pud-fi",
        _FAMILY,
        "UD_Finnish-PUD",
        "fa2c5ad1df6b",
        {"fi_pud-ud-test.conllu": "a33821b600b818be9d3b0620d33ca54057605ab68845cdee3d649220dbd62e6e"},
        _BY_SA_4,
        _PUD,
        "Finnish side of the 1,000 parallel PUD sentences",
    ),
)

# The pooled English treebanks of the linguistic-profiling study: 16,622 + 5,231 + 2,090 = 23,943 sentences.
POOLED = {"ud-english": ("ud-english-ewt", "ud-english-gum", "ud-english-partut")}


def register() -> None:
    """Add every treebank to the resources and, with its pools, to the registry of corpora."""
    for resource in TREEBANKS:
        resources.add(resource)
        add(NamedCorpus(resource.name, (resource.name,)), UD_LAYERS)
    for name, parts in POOLED.items():
        add(NamedCorpus(name, parts), UD_LAYERS, f"{' + '.join(parts)}, all splits")
