"""SemEval-2012 task 2: its 79 files of ratings with checksums, licence and citation."""

from __future__ import annotations

from probekit import resources
from probekit.corpora.catalogue import word_items
from probekit.corpora.readers.prototypes import read_prototypes
from probekit.corpora.word_items import WordItems
from probekit.resources import File, Resource

NAME = "semeval-2012-2"
_GOLD = "SemEval-2012-Gold-Ratings"
_PARADIGMS = "SemEval-2012-Complete-Data-Package/subcategories-paradigms.txt"
_LICENCE = "CC BY-SA 3.0"
_CITATION = (
    "Jurgens, Mohammad, Turney and Holyoak 2012, SemEval-2012 Task 2: Measuring Degrees of Relational Similarity"
)
_SOURCE = "https://github.com/SBelkaid/degrees_of_similarities at f15c3c9f8249"
_TRAINING = """
    1a 3b39a8dd34bdb45983a7a8379d291a0821d3a4f004f4791abb83480935b26cea
    2c cb69bd70340f3925e7424d7aa1de37d6c369f0acd10a63ce2a415d81502d6951
    2h ee5ce0c50650ce5ff07fecd9af283aa1ced63257b6364a98bf3676abf809dd2e
    3a c40b4c742876d73046f245e65fa8330101e3a710d125de0935cc0c7122878112
    3c 74247e9c2fa6847edc53675327cde393e2741b414dd1a89e317e1be7b1f09fc4
    4c 1549087a6cbd4045f614a127ebc7161560bfb0556982b0af131c2c756820b0a1
    5d fa86af5af62c53a8476f870f1cf283beb289645b263b80f5ff24cccfa8c8f438
    5i bae44d2f14b2a2506e3df9d1a9ac115a3d12969554562c1df0c72fba947c6ad0
    7a 71ef546355d230c71b4c542a6879bee7a1e99ee498e510a519529517f15313af
    10a be5f52119c14f793fcd8e26ab18c6bf53408bbe1778204fb0bcebf32353a4baf
"""
_TESTING = """
    1b bc3ec7a2b056d7ae726ae80aa9974fc3c0e42f82eaaa947f0a363f2df64812e2
    1c 4cec7ce7ee8bfc7a91e2b159d82fbedd323d609065a9399a5aa6070b15c7d754
    1d d5c08a9884df415c1eb36de6263ad5ad742f7adf584d802127a928acd115dab3
    1e 3511b199cb827797ffe91af072b7fa7c13af6d93b3fc9c934d09457034ea28c1
    2a 0a519d750791fc013d187781a45c21ef72ee2e562c9b9b262e609b25f9fab35b
    2b a2ce14ca7f42a5394b1738a4dea8e5351409f0042ee4d3d311748a29cb22a2bb
    2d eb5a3e903ebba221f6bc130f9f47f02b57d4b1641f87fe300b91903a33b3725b
    2e c83ac10d261f1dd81374aae07711bb802303897c7fe1518d6c669247d2eeeda1
    2f 4be08bf5fa80a7e9484890795608aa2ca0c00766a34d7e210c7d9912f6fb5991
    2g beee036f9e4bd4c8a9bfa33152c48c0956aaa05d3867058ff3acb6a664233c24
    2i 1e3d7216c1b14831d5994ec723f9c2afbf3ea71a5d0381d937c863b2e9e0fc8e
    2j d2323db04746a8c1b807cf24b724eaeab73ad92b0c8a1591ab23b5274cde552f
    3b 3e83c70b51cff3ec959ca89c197f3b57866d70f38475e8b90b37970bf20213f1
    3d 7da6cfc5bbd63d284f31ec85fa11d0d4c77482c4ba21a183eac07c90f03fdb9d
    3e a3a05a456e968d8643d57bf2f7e440d85d997e60260f2411b40f7c21e56be402
    3f 57bc72e00869c54a5119c060d893e3cc8cd47e5d9114011727d7fb356fe6a122
    3g 2ea720905b89eb826b186d2023c446324ede6d2a95d256c9e36b71cf6e322ae2
    3h 6a18fabbe79fc9c0f599205000e1f64fd0ee4213bfc8a2df83668be2efac8329
    4a 34232ab6ccbfc8e32edf86a48521aec95480c7ed5e121e90a439dbb610f01289
    4b b968032680044b4a1ac0f6e5808f7044b58a5fda274f60163c843e944f915a0a
    4d 2c1df6c69872184ea5998c9d6ea7378a7739faf3760d36cb4fe0f01c3587c498
    4e 212a6128fbb29f34c415f4e681babd61720412620da20e17e99f3e027ab798cc
    4f ee94de4886daa24b0016784321ed407a5470e5b78b1df9f81d15ce5437904f23
    4g d3193fdc19e691a17cc8f9c439ce2720073136f2b148e46333899d6d57926662
    4h 101c659df5c645f8243e685f440a93ed6636d69a02067e58087000c71443adf2
    5a 5ea8ede91c1c609abd24c201e3ef5416cd2658f64c071440bc91da01694601e1
    5b e34fb219b9b99ca881316f36f00d56b6124998b34d6064a31e9634c0c542fb03
    5c cefabac695dce3ad585e67b9fbf8a418ac814de6d8f4e9485a2f227e5820bfc5
    5e 4151ccc0659d6b8208019d4ee594cb5d9f260bc32510f8669e87f422910d948a
    5f 19bad668368c335fd2fc74af4b02baa05a33f9272adee23b3cc826ef6d81f27a
    5g 0c3543775c3460108d516dbec24c83a833f2d95e43b8fbc60e261bb5acf61fc2
    5h c1be050cd050b051fe1d85765a09de6d70cc8ff04dc20facd407299422e56331
    6a 7970e00a08ce96d8b78ac9f902c54acdc8dbf036356b82b56553adbeda6cec0c
    6b ac1779316c28ff787c0ef07a0c0ba3d83a969ef2dd4f49f8753f4e1282d7d0cb
    6c eda6d08287893b9ee595c5e83ba5e09aaf5dd16081a9f6a26072d6ecd6bf46b6
    6d e2f13229708465d9eca508e0d82e8917490494be18db7ab0c0e0750fd06b1a9d
    6e f2ba56e07b316ecd04f70442e2480cccba2fbf887d5475082b535fa5b66859da
    6f 4a9e18ac7b54acd7280755943e0e8d2d72d02ca37be6355dc88f34c6ed369eaf
    6g 91448cd6547e2ea4b4bf0f4be816ad54bda76e9356a043c84876338dbcef8d1a
    6h d7cee08b5bc548c11096ff7e9b9d10ff95b072d74fd9525d0c7e62815ef63149
    7b c113ffa71fd0cc2faf9a8bab14d16c78fd581d334fea7cebc0e5635eea2ef4a8
    7c 1d158e1a00772bb42e850cf11656dc4519b67cb891510b5d85bd17cc1646b838
    7d f5d5d4ad2189b746c018061362dc470989bc4ebe80b89518251ddd1d6b67f6df
    7e d7bcea54a9c1c4c34a7d40d0c1c75cac1422fc2859b1beeea68481904a24255f
    7f 01c83bb7e3af0eb09bdbefa1b96b2520f7723c2af3b2a507edd5c84667e5d16e
    7g c6854b43ee6ccd8b1e2c14e7e109f1905c5b7117aa445e547173912cd3564f9f
    7h e1453c4dd6f3bfa25f589db41b6029f5b202a16dfd77dfeb830747988eeeb128
    8a 9ca66bd8232de8f822a8ca34e6bdf5f86b9041933a8cf4774f413c97b1e86ed6
    8b 2c6bc412ca3f2503b72f6246b3ee899dd465ecfec9a216b5c6dce6dbf0c898ba
    8c c14b01a221311c3e8716927d9d5773e11672e1daea80d84f02b2381f7d668db4
    8d 8a10204bee2ebf91a956b2098c79452d2c783443555223a0dcd9339f6c04f16f
    8e 13df9cadae52418b27f4729c165cfe66ec38926edd1ffb4a7e63ef9657baa360
    8f ff560bd25a1c55315eb5feb9e6d9769ac0fa8b068da8658789a485b4006fc348
    8g 5718eb83fd1bed2d6a476c4a24acde3651137323b771375d9141185349338233
    8h 961f6f691bf2e1b2a160b922293c84639b818ec78a4a5eca5af71ddaeddf5871
    9a 5629eda6fed6970922d97cc854e5498cdee78f5a9af5c995905a0d1635975d2d
    9b 5f002aec55c2df1e4face536be92d601aae9d76f956698432d660954ea5f22be
    9c 74f0fa8fd9d2cae29d2528801d670b191365dfe27343c38023e3b742c64dbbde
    9d ee505be0530736098a635040483e6d3c5adb6a2c383c924bb587f0dc144bbe9c
    9e 0d82ecd183ea11d68c2f5aa4a1be1473a51d691714348f850a96675ce036f561
    9f 98c12e5892ad810a7912c4a9f4873caf24e9d118396e744e270cadf8a73f2b86
    9g f1da547ab7a400b8286d7c6d21c75e78505706e5ba4bc52b790e81d028e1bc70
    9h 3785262f2eea66472e294409cb231f64514f3fd23732036f953ab5696ebdb577
    9i 07a2b347a2b859997afaa4147218d776deaa0db86dbd266c5eca19daf8ca97ec
    10b a163cf11462d83a778fe3a9d368ce239e400bfdffd55099a32332fbc6b314e26
    10c d9a0fc9dbbc7f1982ed2e3c73e6e59ef34435140eaa705925ea98a9c1878f442
    10d 24615d5a9a135c77b23d0530b7caa1649624c0029bdee8f7181f515b8b59f605
    10e 6d53cc4fa9c126e6aed2c24f3803e7719700d290571ddb7eaf74c10a9475747b
    10f 14cc777192a6d1f910f2a48910714ced9a7b4ae70399b1ed0ecec27f29ccc0a9
"""


def _files(part: str, listed: str) -> tuple[File, ...]:
    pairs = (line.split() for line in listed.strip().splitlines())
    return tuple(File(f"{_GOLD}/{part}/GoldRatings-{relation}.txt", sha256) for relation, sha256 in pairs)


def semeval_2012() -> WordItems:
    """Pairs of 79 relations with gold prototypicality. Raises as `resources.get` and `read_prototypes`."""
    paradigms, *gold = resources.get(NAME)
    return read_prototypes(paradigms, gold)


def register() -> None:
    """Add the files to the resources and to the registry of word items."""
    paradigms = File(_PARADIGMS, "c550c5d652f5903c6d403803f4be706e95903f50064bf41388bdf34ce6669cda")
    files = (paradigms, *_files("Training", _TRAINING), *_files("Testing", _TESTING))
    summary = "pairs of words with their prototypicality in 79 relations"
    resource = Resource(NAME, "semeval2012_task2", files, _LICENCE, _CITATION, _SOURCE, summary)
    resources.add(resource)
    word_items.add(NAME, semeval_2012, summary=summary, kind="prototypes", **resource.about)
