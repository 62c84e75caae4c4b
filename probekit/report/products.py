"""The files of a study, made one after another: what the rows cannot show is left out and said."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

from probekit.errors import ProbekitError
from probekit.report.claims import NotTestable


def make_files(products: Mapping[str, Callable[[], list[Path]]]) -> list[Path]:
    """Files that some makers write, by the product's name; a maker whose rows are missing is left out with a warning.

    `NotTestable` and `ProbekitError` of a maker are the reasons that the warning gives; anything else is raised.
    """
    files: list[Path] = []
    for name, make in products.items():
        try:
            files += make()
        except (NotTestable, ProbekitError) as reason:
            warnings.warn(f"{name} is left out: {reason}", stacklevel=3)
    return files
