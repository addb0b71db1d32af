"""The image's config as evidence: names, never values, and nothing of a secret in what else it says."""

import re

from spybuild.model.image import ImageConfig
from spybuild.model.integrity import ConfigFacts

_SHOWN_HISTORY = 400
_ASSIGNED = re.compile(r"(?<![\w$%{.-])([A-Za-z_]\w*)=(?!=)(\"(?:[^\"\\]|\\.)*\"|'[^']*'|\S+)")
_WITHHELD = "(not shown)"
_SHORTEST = 4  # shorter values are words that occur anywhere


def config_facts(config: ImageConfig, secrets: tuple[str, ...]) -> ConfigFacts:
    """The config's facts.

    Args:
        config: of the image.
        secrets: names that the contract declares secret; what they are set to is withheld wherever it occurs.
    """
    variables = [each.partition("=") for each in config.env]
    hidden = [value for name, _, value in variables if name in secrets and len(value) >= _SHORTEST]

    def shown(text: str) -> str:
        for value in hidden:
            text = text.replace(value, _WITHHELD)
        return text

    return ConfigFacts(
        environment=tuple(name for name, _, _ in variables),
        user=config.user,
        workdir=config.workdir,
        entrypoint=tuple(shown(_without_values(word)) for word in config.entrypoint),
        cmd=tuple(shown(_without_values(word)) for word in config.cmd),
        labels={key: _WITHHELD if key in secrets else shown(value) for key, value in config.labels.items()},
        history=tuple(shown(_without_values(line))[:_SHOWN_HISTORY] for line in config.history),
    )


def _without_values(text: str) -> str:
    return _ASSIGNED.sub(lambda match: f"{match[1]}={_WITHHELD}", text)
