"""Domains of BLESS attributes, by hand, after the domains of the paper's 65 properties (Binder et al. 2016).

They were given by the meaning of the adjectives, before any score was seen. Size, shape and colour are Vision there,
speed is its Motion, taste has ripeness and freshness beside it; age is Temporal, room Spatial.
"""

from __future__ import annotations

DOMAINS = {
    "Vision": "big large small little huge tall long short white brown black green red grey gray yellow silver "
    "colorful colourful round rectangular shiny dirty clean fast slow",
    "Somatic": "heavy soft hard sharp warm comfortable loose slimy dusty rusty",
    "Audition": "noisy loud silent",
    "Gustation": "tasty delicious sweet juicy ripe unripe rotten fresh",
    "Spatial": "spacious full empty",
    "Temporal": "old new young",
    "Emotion": "good nice pretty beautiful dangerous scary frightening deadly lethal aggressive",
    "Social": "fancy elegant fashionable formal luxury luxurious expensive cheap domestic",
    "Drive": "edible nutritious useful",
    "other": "strong powerful wild electric electrical",
}
DOMAIN_OF = {word: domain for domain, words in DOMAINS.items() for word in words.split()}
BODY, SPACE_AND_TIME, REST = "sensorimotor", "spatio-temporal", "other domains"
KINDS = dict.fromkeys(("Vision", "Somatic", "Audition", "Gustation"), BODY) | dict.fromkeys(
    ("Spatial", "Temporal"), SPACE_AND_TIME
)


def kind_of_property(name: str) -> str:
    """Whether a property is sensorimotor, spatio-temporal or of another domain; "" for one without a domain."""
    return KINDS.get(DOMAIN_OF[name], REST) if name in DOMAIN_OF else ""
