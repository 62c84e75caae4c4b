"""Saved text classifiers by folder: our own, and Hugging Face sequence classifiers."""

from __future__ import annotations

from pathlib import Path

from probekit.encoders.model_folder import find_folder
from probekit.learners.classifier import Classifier, is_own, load_own
from probekit.learners.huggingface_classifier import HuggingFaceClassifier
from probekit.recipes import check_finished


def load_classifier(folder: str | Path) -> Classifier:
    """The classifier of a folder that `save_classifier` wrote, or of a Hugging Face sequence classifier.

    folder: a path, a folder below PROBEKIT_DATA, or a name on the hub. Raises ProbekitError that names what is
    missing or wrong and the way out.
    """
    check_finished(Path(folder).expanduser())
    if is_own(folder):
        return load_own(Path(folder).expanduser())
    found, local = find_folder(str(folder))
    return HuggingFaceClassifier(found, found.name if local else str(folder))
