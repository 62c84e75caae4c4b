"""The floors: what a registry names is there, and stands on no floor above the registry's but for a short list."""

from __future__ import annotations

import configparser
import importlib
import pkgutil
from pathlib import Path

import probekit
from probekit.registry import Registry

PACKAGE = Path(__file__).parents[2] / "probekit"
CONTRACT = configparser.ConfigParser()
CONTRACT.read(PACKAGE.parent / ".importlinter", encoding="utf-8")
# From the top of the house down; of rooms that share a floor neither knows the other.
FLOORS = [line.split(" | ") for line in CONTRACT["importlinter:contract:floors"]["layers"].split("\n") if line]
# Registries that may name what stands above them, and why: a spec finds it, and making it needs what stands there.
UPWARD = {
    "kind of source": "what a spec of a kind names is said in the room of that kind",
    "recipe": "how a thing is made is said in the room that makes it",
    "work": "what a grid asks is said in works",
    "word-vector table": "the input vectors of an encoder, and what it holds of words, are tables",
    "encoder step": "tuning needs tasks and learners",
    "encoder": "encoders whose training needs tasks or learners: translation, labeller, paraphrases, pretrained, and "
    "character-lm",
}


def modules() -> list[str]:
    return [found.name for found in pkgutil.walk_packages([str(PACKAGE)], "probekit.")]


def floor(module: str) -> int:
    room = module.split(".")[1]
    return next(place for place, rooms in enumerate(FLOORS) if room in rooms)


def registries() -> list[tuple[str, Registry]]:
    """Every registry with the lowest module that holds it."""
    held: dict[int, tuple[str, Registry]] = {}
    for name in modules():
        for value in vars(importlib.import_module(name)).values():
            if isinstance(value, Registry):
                known = held.setdefault(id(value), (name, value))
                held[id(value)] = max(known, (name, value), key=lambda one: floor(one[0]))
    return list(held.values())


def test_what_registries_name_is_there_and_on_no_floor_above_but_for_a_list():
    found = registries()
    assert len(found) > 20
    above = set()
    for home, registry in found:
        for name in registry.names():
            entry = registry.entry(name)
            if entry.foreign:  # of another test or an installed package
                continue
            assert entry.load() is not None
            if floor(entry.module) < floor(home):
                above.add(registry.kind)
                assert registry.kind in UPWARD, f"{home} names {registry.kind} '{name}' of {entry.module}, above it"
        for module in registry.homes.values():
            importlib.import_module(module)
            above |= {registry.kind} if floor(module) < floor(home) else set()
    assert above == set(UPWARD), "the list of registries that look up names one that does not"


def test_every_registry_says_of_which_type_its_components_are():
    for _, registry in registries():
        for name in registry.names():
            entry = registry.entry(name)
            assert entry.checked(entry.load()) is entry.load()  # a function where no class is named


def test_every_module_of_the_package_has_a_floor():
    there = {name.split(".")[1] for name in modules()} - {"experiments", "paper_figures"}
    assert there == {room for rooms in FLOORS for room in rooms}
    assert probekit.__file__ and Path(probekit.__file__).parent == PACKAGE
