"""How much text of a language Wikipedia had: WikiSize, and its buckets (Wu and Dredze 2020, Table 1).

WikiSize is the logarithm to base 2 of the compressed dump's size in megabytes, rounded: bucket b holds sizes from
2^(b - .5) to 2^(b + .5), a gigabyte being 1,024 megabytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np

from probekit.errors import ProbekitError

# Languages of multilingual BERT in the named-entity data of Pan et al. 2017, by WikiSize at the time.
BUCKETS: Mapping[int, tuple[str, ...]] = {
    size: tuple(codes.split())
    for size, codes in {
        3: "io pms scn yo",
        4: "cv lmo mg min su vo",
        5: "an bar br ce fy ga gu is jv ky lb mn my nds ne pa pnb sw tg",
        6: "af ba cy kn la mr oc sco sq tl tt uz",
        7: "az bn bs eu hi ka kk lt lv mk ml nn ta te ur",
        8: "ast be bg da el et gl hr hy ms sh sk sl th war",
        9: "fa fi he id ko no ro sr tr vi",
        10: "ar ca cs hu nl sv uk",
        11: "ceb it ja pl pt zh",
        12: "de es fr ru",
        14: "en",
    }.items()
}
SIZES: Mapping[str, int] = {code: size for size, codes in BUCKETS.items() for code in codes}


def wiki_size(megabytes: float) -> int:
    """WikiSize of a compressed dump of so many megabytes. Raises ProbekitError for a size that is none."""
    if not (megabytes > 0 and math.isfinite(megabytes)):
        raise ProbekitError(f"a dump of {megabytes} MB has no size; give megabytes above 0")
    return math.floor(math.log2(megabytes) + 0.5)


def bucket_range(size: int) -> tuple[float, float]:
    """Megabytes at which a bucket begins and ends."""
    return 2 ** (size - 0.5), 2 ** (size + 0.5)


def resource_buckets(values: Mapping[str, Iterable[float]]) -> dict[int, tuple[float, int]]:
    """By WikiSize the mean over languages of each language's mean, and how many languages that is.

    values: scores of each language by its code (its treebanks); languages without a WikiSize, and without a score, are
    left out.
    """
    means: dict[int, list[float]] = {}
    for code, own in values.items():
        scores = np.array([one for one in own if np.isfinite(one)], dtype=np.float64)
        if code in SIZES and len(scores):
            means.setdefault(SIZES[code], []).append(float(scores.mean()))
    return {size: (float(np.mean(own)), len(own)) for size, own in sorted(means.items())}
