"""`probekit data`: corpora and vectors, which are known and where they are."""

from __future__ import annotations

from collections.abc import Sequence

import typer

data = typer.Typer(no_args_is_help=True, help="Corpora and vectors: which are known, where they are.")


@data.command("list")
def data_list() -> None:
    """Known corpora and vectors: licence, and whether they are here."""
    import probekit.corpora  # noqa: F401  registers its treebanks
    from probekit import resources

    for record in resources.known():
        absent = "can be fetched" if record.downloadable else f"missing {len(record.missing)} files"
        state = absent if record.missing else "here"
        typer.echo(f"{record.name:<28} {state:<18} {record.licence}")


@data.command("get")
def data_get(name: str) -> None:
    """Fetch a corpus that may be downloaded."""
    from probekit import resources

    for member in _resources(name):
        for path in resources.get(member):
            typer.echo(path)


@data.command("path")
def data_path(name: str) -> None:
    """Where a corpus was found."""
    from probekit import resources

    for member in _resources(name):
        for path in resources.path(member):
            typer.echo(path)


def _resources(name: str) -> Sequence[str]:
    """What a name stands for: a resource, or those that a pooled corpus is made of."""
    from probekit import corpora

    if name in corpora.registry:
        return corpora.registry.entry(name).meta.get("resources", (name,))
    return (name,)
