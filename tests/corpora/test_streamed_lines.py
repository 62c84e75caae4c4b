"""Lines that are read piece by piece are those of the whole file, and so are its errors."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from probekit import resources
from probekit.corpora.readers.lines import read_lines, stream_lines
from probekit.errors import DataError


@pytest.mark.parametrize("size", [1, 3, 7, 1 << 20])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "content",
    [
        b"", b"\n", b"one", b"one\n", b"one\n\n", b"\n\none\r\ntwo \xc3\xa9\xe2\x80\xa8x\n",
        "\ufeffa\n\ufeffb\n".encode(),
        b"a\n\xff\n", b"a\nb\rc\nd", b"a\r\nb\r", b"last \xe2\x80",
    ],
)  # fmt: skip
def test_pieces_of_any_size_give_the_lines_of_the_whole(
    content: bytes, packed: bool, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "_CHUNK", size)
    file = tmp_path / ("text.txt.gz" if packed else "text.txt")
    file.write_bytes(gzip.compress(content) if packed else content)
    try:
        wanted = read_lines(file)
    except DataError as error:
        with pytest.raises(DataError) as found:
            list(stream_lines(file))
        assert str(found.value) == str(error)
    else:
        assert list(stream_lines(file)) == wanted


def test_a_file_that_is_not_there_or_not_packed_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.gz").write_bytes(b"plain")
    for name in ("absent.txt", "text.gz"):
        with pytest.raises(DataError, match=name):
            list(stream_lines(tmp_path / name))
