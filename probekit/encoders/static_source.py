"""Static tables as a kind of encoder: described without reading them, passed over in one step."""

from __future__ import annotations

from collections.abc import Collection

from probekit.corpora.corpus import Corpus
from probekit.encoders import pooling as pools
from probekit.encoders.encoder import EncoderSource, EncodingPass, Layer, WholePass
from probekit.encoders.static import StaticEncoder, describe_static, load_static
from probekit.specs import Spec
from probekit.store import digest

POOLINGS = tuple(p for p in pools.POOLINGS if p != "cls")


def describe(spec: str | Spec) -> EncoderSource:
    """What is known of a static encoder before its table is read or trained."""
    table = describe_static(spec)
    return EncoderSource(table.spec, table.name, digest(["static", table.digest, table.name]), (None,), POOLINGS)


def load(spec: str | Spec, device: str | None = None) -> StaticTableEncoder:
    """The encoder of a spec; tables need no device."""
    return StaticTableEncoder(load_static(spec), describe(spec))


class StaticTableEncoder:
    """A `StaticEncoder` with the face that all encoders show."""

    def __init__(self, static: StaticEncoder, source: EncoderSource) -> None:
        self.static, self.source, self.width = static, source, static.width

    def start_pass(self, corpus: Corpus, layers: Collection[Layer], poolings: Collection[str]) -> EncodingPass:
        return WholePass(self.static, corpus, poolings, self.static.coverage(corpus))
