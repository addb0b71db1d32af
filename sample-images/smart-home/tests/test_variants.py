"""The table of variants and the folders it speaks of agree. Other tests build and scan what it lists."""

import difflib
import re
import tomllib
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[1]
TABLE = tomllib.loads((HERE / "variants.toml").read_text(encoding="utf-8"))
ROWS = {(plugin, name): row for plugin, rows in TABLE["variants"].items() for name, row in rows.items()}
OVERLAYS = sorted(path for path in HERE.glob("*/broken/*") if path.is_dir())
MOVED = {"backup/plugin.py"}  # a copy in another place


def good_file(plugin: str, file: Path) -> Path:
    package = plugin.replace("-", "_")
    return HERE / plugin / package / "plugin.py" if file.as_posix() in MOVED else HERE / plugin / file


@pytest.mark.parametrize("overlay", OVERLAYS, ids=lambda path: f"{path.parts[-3]}-{path.name}")
def test_an_overlay_is_in_the_table_and_differs_in_a_few_lines(overlay):
    plugin, name = overlay.parts[-3], overlay.name.removesuffix(".arm64")
    assert ROWS[plugin, name]["build-args"] == {"VARIANT": name}
    for file in filter(Path.is_file, overlay.rglob("*.py")):
        good = good_file(plugin, file.relative_to(overlay)).read_text(encoding="utf-8").splitlines()
        broken = file.read_text(encoding="utf-8").splitlines()
        changed = [line for line in difflib.ndiff(good, broken) if line[0] in "+-"]
        assert len(changed) <= 20
        assert changed or file.relative_to(overlay).as_posix() in MOVED


@pytest.mark.parametrize(("plugin", "name"), ROWS)
def test_a_row_names_what_exists(plugin, name):
    row = ROWS[plugin, name]
    assert row.get("base", TABLE["plugins"][plugin]["base"]) in TABLE["bases"]
    arguments = row.get("build-args", {})
    declared = re.findall(r"^ARG (\w+)", (HERE / plugin / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(arguments) <= set(declared)
    if "VARIANT" in arguments:
        assert any(path.parts[-3] == plugin and path.name.split(".")[0] == arguments["VARIANT"] for path in OVERLAYS)


@pytest.mark.parametrize(("plugin", "name"), ROWS)
def test_a_row_passes_where_no_rule_is_broken_and_nowhere_else(plugin, name):
    for expected in ROWS[plugin, name]["on"].values():
        assert expected["verdict"] in ("pass", "fail", "undecided")
        assert (expected["verdict"] == "pass") == (not expected["rules"])
        assert all(re.fullmatch(r"SPY\d{3}", rule) for rule in expected["rules"])


def test_every_plugin_has_a_good_row_and_every_platform_a_pass():
    for plugin in TABLE["plugins"]:
        good = ROWS[plugin, "good"]["on"]
        assert {platform: expected["verdict"] for platform, expected in good.items()} == {
            "linux/amd64": "pass",
            "linux/arm64": "pass",
        }
