"""The report as JSON, in the published form. The same report always gives the same bytes."""

import json
from typing import Any

from spybuild.model.report import Report

_ORDER = ("schema_version", "tool", "subject", "contract", "verdict", "warnings", "platforms")
_PLATFORM_ORDER = ("platform", "digest", "verdict", "problem", "evidence", "interpreter", "modules", "findings")


def render(report: Report) -> str:
    """The report as indented JSON, ASCII only (so that no name from an image can trick a terminal), with a newline."""
    form = report.model_dump(mode="json")
    form["platforms"] = [_ordered(platform, _PLATFORM_ORDER) for platform in form["platforms"]]
    return json.dumps(_ordered(form, _ORDER), indent=2) + "\n"


def _ordered(form: dict[str, Any], first: tuple[str, ...]) -> dict[str, Any]:
    return {**{key: form[key] for key in first}, **form}
