"""Bilingual dictionaries: PanLex-BLI, xling-eval, Swadesh lists; files with checksums, licence, citations.

Of the two split ones the training part is in order of frequency: `first=1000` of it is the 1K dictionary. A training
pair that is tested too, of which xling-eval has some hundred a pair of languages, is left out of training and counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from probekit import resources
from probekit.corpora.catalogue import word_items
from probekit.corpora.readers.dictionaries import dictionary_of, read_aligned_lists, read_pairs
from probekit.corpora.word_items import WordItems
from probekit.errors import UnknownName
from probekit.resources import File, Resource
from probekit.values import LessThanAll, Whole

# Languages, sha256 of the training and of the test file.
_PANLEX = (
    (
        "fi-bg",
        "5df64fd3e6264c1e7647c7d944f6b07f0a24bdcbd9c7b77fb98ebe4bf0598b1a",
        "f8d18db4c370f3008f0927a0139e6d354635f85dc6fe309d4d94f47d41cc3389",
    ),
    (
        "fi-ca",
        "a2138c243155053e71d695937ce59b3543d1b9072507faadfb91ce71a84d5b7f",
        "db0c22fba9987707ce2e9912847ef0e9360fc5b3734631e04f2cea58cec061be",
    ),
    (
        "fi-eo",
        "07081d164faf7b3a28993233bd57b35d81fc1662328b97dc96b4c1e6ed2667e1",
        "d7d7f038cc791cdc86bab43881fc4477259e1a91dab48a4031df155cba4b9062",
    ),
    (
        "fi-et",
        "08a653b396514927cc4141181b8be41a3f9cd3d935f630d8b0c918f26e670334",
        "b5ad91306b36a933f56393bf1afd76de0bacaa8ad1a76587f89b272971541324",
    ),
    (
        "fi-eu",
        "62b0d724eb2aa048db508627883072e7c66aca8648d0bbbbcf983cc642bc4811",
        "dc8079654a82fad0d142ebf1212c2e395cad64b3b738a9fae35abdfd427cdcaf",
    ),
    (
        "fi-he",
        "ac91c9762b90e577db44cb54a51b4624fab4899d521e95b75dfc304f6442b319",
        "173993ba21e59d5840e5d2c7d388ba655ed62c957340f5acd8d88b4f2c0cc331",
    ),
    (
        "fi-hu",
        "29e85b264ac360174a32a69459b4e535114ca93098ba789738932f624a1e01fe",
        "8af6d96557e30f9713735c79fc4745428d56e68195deea73a091ec1f7faf80cf",
    ),
    (
        "fi-id",
        "37e328d662fb07ea4d949be763babb622f9f48d4c75c5cc0702a5aaad314e0c7",
        "cec69f85ef3283682d447dd61191927edb7f3294d4c0c356403deb559835051c",
    ),
    (
        "fi-ka",
        "1de7519e1a2c51092102015c7f6ea85dfb1a8eba284bd9bdc071ec51c327b07d",
        "49bb8c4dddccd8a3edb0acc3217175e7c9b852f1bab8b3a4d88610a04e5df15f",
    ),
    (
        "fi-ko",
        "92eec1e3365f9c429a7161b6372f6c9c3a1b46c649a211a72fd709a3b30d1b1e",
        "d937656441fa671a4467b09690d679e90a39ee06815da9542358cc04a28bf74b",
    ),
    (
        "fi-lt",
        "337e516e618dfdc4df80bf9ace2b0437399f497d6e8404d8a3e480e3ae810355",
        "41c6f755e41fd43e6518d28eca0a4ade01f3eff405644640f0369ad4e387308f",
    ),
    (
        "fi-no",
        "56d9ab35ecb19ab0fd4bf54e1b91978f1ebd1b7d8a0693b2768c2d4479b3e461",
        "1bee3003ab13fe0fb587051bbc93ee1efce97353814155e92b8160cb1439fe73",
    ),
    (
        "fi-th",
        "920114a79237fa792ed40ea32f3e2f09c203d66519484a8031bba1b6d6c734b0",
        "7f77d231e7a98c83c8db3d7b399ec4f7134a0dbff541a5b4c217227192c9f7af",
    ),
    (
        "fi-tr",
        "682264a977d48dfad48b62879323a0085f497ea1e87d2f27c0f3e45486fbd16e",
        "6ac0d4ed9fa8c406614b4dd5ceb76f08db62b5ed09fa344473e1fa1d71a084dd",
    ),
)
_XLING = (
    (
        "de-fr",
        "1c8784b865c6d2fef317f436e032c0ff4014b22afaeeff08fc8bfdff25473c49",
        "a301a0121281cf39edda62914c59df0b105c0188b6d63cc044539f799fdd6ead",
    ),
    (
        "de-hr",
        "3c680e975c0dcaf38bdf96a31b4f89a4358c3c52e65ef613ec76f9d0ad26e687",
        "bd21f0dad9bab5726cc0723670e4d7bedf074e936687ff891015b252c28d7467",
    ),
    (
        "de-it",
        "8d266e74488b581bae7a4dcd42137bdab92481cbf12e9332d8e83aeb20401c28",
        "fb2f40da63d0b161c8f6e55e28dcc14f2d0d217254be81b67727b1430213d179",
    ),
    (
        "en-de",
        "21fdbd393b25a4748bade79201f29c53b7c71cdc8f4447f4153187c08e319f00",
        "e9c66b38391423f1ab3143fa768946ce9421b4ed3831a206ed7b4bad4307ec07",
    ),
    (
        "en-fi",
        "53614e37a23557ecee35ac27f2a6d010a8d047f0b7e4925a4768a89763f05ba5",
        "1becbe6afca19cf74e551742bc68321aa589c7cd4009058c4f6ebb2edeae8b76",
    ),
    (
        "en-fr",
        "308766ea894ddf7cfb2d1643b5ab7b8a497fd09530a03dfe49ace19bdbad1b84",
        "c8dba512791b1f4342ffeb38e48ac1b25222c008f712d2130fdc66f799901681",
    ),
    (
        "en-hr",
        "a2236557e0743df8d5df8c33f6559f7005d16c3ec9f8d9a961661b9106883a88",
        "f1c267df20e62262bfc06013edba80b339dedf0c1cb1dd48ce08323ae444a743",
    ),
    (
        "en-it",
        "9214a1d9a775788115ea7a8476fd3c4ae56474690c842e7c36d506e8d457a140",
        "60bc5b2ac00f33f8cd773371bcde5869ea42ab9f154b9546dcaa81d1bc2955ba",
    ),
    (
        "en-ru",
        "3e180c613844c245e570062fa29c35a589022d914d3300d16bddafc5ae922bc4",
        "83d64ac19d13931d9ceeaac26eeddef637f2d8af8c921abbbc65412718885797",
    ),
    (
        "en-tr",
        "a9aa66d7017eccbc41379261ba7f9b898e28a9e1379cc8d6be0b318deddea292",
        "14f9ed1dbc24cb8bf4829aa66dff7e56188c34f0491444640845dc4dfadbe6ba",
    ),
    (
        "fi-fr",
        "16c9521a0ddecbee71de428350a8b15df44189708ac4cd652dc681f8627f4311",
        "07b72998e6a698a017e7b0ebbb17c95dc7b95e1d7a9cdff3590d6945ab1c8146",
    ),
    (
        "hr-fr",
        "d2be0c13f98a6eb94963a6df6a585c0d52134fc0e3dbde5a4f9af2713854a6fd",
        "6f8e8381f2f2d6e1a81c6d4b2cba70bfb9fbe2c162b7921d6c76b9ab5391fdcc",
    ),
    (
        "it-fr",
        "5cae63b8d8f420b1d9352235f05b3686e738c1c642d27474850c4244bacd2127",
        "f73debb0393ddb1ee75de6079000cc842ee3695c7d688e884e13abcfe7ffeec6",
    ),
)
_SWADESH = {
    "be": "9ce245099094c8b230a0e6dcaf9985cb676b7e7e83b6956c8dffa2864c791a6e",
    "bg": "5330d8b528e774b3e3021d95c9924d1af0ebb3ef2407b20c2afaf86235cd94bc",
    "bs": "60fbe8276995ea2cda46d5ef98bb36dbbd6a4f27fa278c7ebc32fdeb1a142314",
    "ca": "6405226723f8585cdd1376e023b3f1b77bf4bd923c4c2cebe660c46c9e5a40cb",
    "cs": "54af48886766fe48831fc21a30270dbbc0e54dd5f7e2582da0b6f8da845f72f9",
    "cu": "bcf52ba96cea1fe69a3a956735d0fe560d436bcef415cdd71eed17c1ae8729e5",
    "de": "cf198fd55bdc8d2e78e605aa974a5a76effa69eaad01a4602d141c746749ce3a",
    "en": "cff3eb8f083f772ef79c0b3ba0f3a6601dedd21f169abe59c4e8719b110b14ce",
    "es": "11b2631921f00516d5f493feed609c882551bf50ed17f0366cbbe6bc6f57b3e3",
    "fr": "718f84d3a106a184d9be0fd2b07bed3e7c2918c03b569cdf77946121e30f4698",
    "hr": "d216ee1923777ba5b8504deac68fa1a3d19424fbbaf8552378ae5b1dcc824bc3",
    "it": "2b6871125999fff7a089cfd7c052b453218d808e0c4f822c4ed215d09e2760db",
    "la": "a396061b3f7fabbb2dce325a38d3c8a489003cd981242883d3db362c7a073379",
    "mk": "c8f91dc9febc3a86eb3235aafc7aefa10229774050e809a42fa38a4f7e1c85b9",
    "nl": "1814130b756e7493b9e319944ba98fd379ecda044308f16806f151b278083103",
    "pl": "a518855aea95055d3745a63a8a16993e49c1d47c3876de0150676d3d3d9d1dc9",
    "pt": "50d25838633fecb5b99337a35e2b040379bf6773e32d9bb582955c342b598d68",
    "ro": "b1e80088f3d5ec26a1230f27f4b4cf10f41c3d9de42667b3a71cf53fe1dbe0de",
    "ru": "07a21d8d2c3ab4eb43c0d2ca82d0c16a96526f62c70d99dd42eaa6d7874896dc",
    "sk": "078bdd792e8723db1aae6640f19256e988764a5d4b2c1b7ec1d346377216e802",
    "sl": "86172b761efdfc45c6dab3a99cf1ca9206ed3cd52ee6397baa7f93d8e61f787e",
    "sr": "fdd6b4f469cfa6eb95fce479f7fa7a85766f7ed34d35ca1bafe8b526f4fb94d7",
    "sw": "f657d5cba00a177ef6d59f521f4cad7670609dec3d2dca9b9db5dd340c5a0369",
    "uk": "2c497936a1d42ba4b47440828dba90fc92cb49cd602ddc8b7c01e5b4e2440275",
}
_WIKTIONARY = {
    "ca": "e3de8de64dd0afcbfadf5eca2304eef66bb6b904e37fbff14f102cdddf5c64c7",
    "de": "d5054d8f460c8d94f5626725ace2a49605314abca4ca5e240f632dbfa83d7b26",
    "es": "f516b7f40b3f7ad580c8ca5e1b63566b9b185f9d7faab29513d227034489ee46",
    "fi": "2add130a1128377ba9833c400190644ec5815c3945eaebfc2612558a98b47e4d",
    "nl": "1dc2142a83dbe9d76a5c96c8300eea11410a10101c8c20ebfa82b08547237330",
    "pt": "bc500859a588e336e20fb3936079db6dc452ca33c0113f61bcfa6aab49964ecc",
}
_SETS = (
    (
        "panlex",
        "bli_dictionaries/panlex-bli",
        _PANLEX,
        ("{pair}.train.1000.cc.trans", "{pair}.test.2000.cc.trans"),
        "",  # inside zip archives of the repository
        "https://github.com/cambridgeltl/panlex-bli at bb9b7cd58f3a",
        "Apache-2.0",
        "Vulic, Glavas, Reichart and Korhonen 2019, Do We Really Need Fully Unsupervised Embeddings? (EMNLP)",
    ),
    (
        "xling",
        "bli_dictionaries/xling-eval",
        _XLING,
        ("yacle.train.freq.5k.{pair}.tsv", "yacle.test.freq.2k.{pair}.tsv"),
        "https://github.com/codogogo/xling-eval/raw/008a64343970/bli_datasets/{pair}/",
        "https://github.com/codogogo/xling-eval at 008a64343970",
        "none given",
        "Glavas, Litschko, Ruder and Vulic 2019, How to (Properly) Evaluate Cross-Lingual Word Embeddings (ACL)",
    ),
)


@dataclass(frozen=True)
class Dictionary:
    """Calling it reads a registered dictionary, in a training and a test part or in one; options as `dictionary_of`."""

    resource: str
    languages: tuple[str, str]

    def __call__(self, first: Whole = 0, reverse: bool = False, held_out: LessThanAll = 0.0) -> WordItems:
        files = [read_pairs(path) for path in resources.get(self.resource)]
        parts = dict(zip(("train", "test") if len(files) == 2 else ("",), files, strict=True))
        return dictionary_of(parts, self.languages, first, reverse, held_out)


def swadesh(
    source: str = "en", target: str = "fr", first: Whole = 0, reverse: bool = False, held_out: LessThanAll = 0.0
) -> WordItems:
    """Words of 207 concepts in two of 24 languages, not split. Raises UnknownName for another language."""
    for language in (source, target):
        if language not in _SWADESH:
            raise UnknownName("language of the Swadesh lists", str(language), _SWADESH)
    place = dict(zip(_SWADESH, resources.get("swadesh"), strict=True))
    pairs = read_aligned_lists(place[source], place[target])
    return dictionary_of({"": pairs}, (source, target), first, reverse, held_out)


def register() -> None:
    """Add every dictionary to the resources and to the registry of word items."""
    for kind, folder, pairs, files, url, source, licence, citation in _SETS:
        for pair, *digests in pairs:
            name, plain = f"{kind}-{pair}", [file.format(pair=pair) for file in files]
            found = tuple(
                File(file, sha256, url.format(pair=pair) + file if url else None)
                for file, sha256 in zip(plain, digests, strict=True)
            )
            languages = (pair[:2], pair[3:])
            summary = f"a dictionary, {languages[0]} to {languages[1]}, for training and test"
            _add(Resource(name, folder, found, licence, citation, source, summary), Dictionary(name, languages))
    source = "https://github.com/open-dsl-dict/wiktionary-dict at 74c2c11f3398, src, pairs of single words"
    licence, citation = "CC BY-SA 3.0 and GFDL", "Wiktionary, the free dictionary; open-dsl-dict 2012"
    for target, sha256 in _WIKTIONARY.items():
        words, summary = (File(f"en-{target}.tsv", sha256),), f"Wiktionary's single words, en to {target}, not split"
        name = f"wiktionary-en-{target}"
        _add(
            Resource(name, "wiktionary_pairs", words, licence, citation, source, summary),
            Dictionary(name, ("en", target)),
        )
    source = "https://github.com/nltk/nltk_data at 5db857e6f7df: packages/corpora/swadesh.zip"
    licence, citation = "CC BY-SA 3.0 (Wiktionary)", "Swadesh 1952, Lexico-statistic dating (APS 96); Wiktionary"
    lists = tuple(File(language, sha256) for language, sha256 in _SWADESH.items())
    summary = "words of 207 concepts in two of 24 languages: swadesh(source=en, target=fr)"
    _add(Resource("swadesh", "swadesh", lists, licence, citation, source, summary), swadesh)


def _add(resource: Resource, component: Callable[..., WordItems]) -> None:
    resources.add(resource)
    word_items.add(resource.name, component, summary=resource.summary, kind="dictionary", **resource.about)
