"""`probekit cache`: what was computed and is kept."""

from __future__ import annotations

from typing import Annotated

import typer

from probekit.errors import UnknownName

cache = typer.Typer(no_args_is_help=True, help="What was computed and is kept.")


@cache.command("info")
def cache_info() -> None:
    """What is kept, by kind, with sizes."""
    from probekit.store import cache_root, default_store

    entries = default_store().entries()
    typer.echo(f"{cache_root()}: {len(entries)} entries, {sum(e.size for e in entries) / 2**20:.1f} MiB")
    for kind in sorted({entry.kind for entry in entries}):
        own = [entry for entry in entries if entry.kind == kind]
        typer.echo(f"  {kind:<14} {len(own):>6} entries {sum(e.size for e in own) / 2**20:>10.1f} MiB")


@cache.command("clear")
def cache_clear(kind: Annotated[str | None, typer.Option(help="Only entries of this kind.")] = None) -> None:
    """Remove what is kept; it is computed again when needed."""
    from probekit.store import default_store

    store = default_store()
    kinds = {entry.kind for entry in store.entries()}
    if kind is not None and kind not in kinds:
        raise UnknownName("kind of cache entry", kind, kinds)
    typer.echo(f"{store.clear(kind) / 2**20:.1f} MiB freed")
