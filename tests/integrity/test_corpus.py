"""Images of real wheels, broken in one way each: every one is found, and nothing is found in its sound twin."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from spybuild.images.rootfs import FolderFiles
from spybuild.integrity.gathering import gather
from spybuild.interpreters.target import read_target
from spybuild.model.finding import Finding
from spybuild.model.image import ImageConfig
from spybuild.model.platforms import Platform
from spybuild.rules.integrity import check_soundness
from tests.integrity.corpus import CASES, PATH, Case
from tests.integrity.trees import Tree
from tests.stack import Stack
from tests.stack.home import Home

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_broken_is_found_and_its_sound_twin_has_no_finding(case: Case, stack: Stack, tmp_path: Path) -> None:
    """Exactly the rule that the case is about, on the broken image; nothing at all on the twin."""
    assert stack.bases
    broken = _findings(case, tmp_path / "broken", is_broken=True)
    assert {finding.rule for finding in broken} == case.expected
    assert len(broken) == 1, "one cause, one finding"
    assert _findings(case, tmp_path / "sound", is_broken=False) == []


def _findings(case: Case, root: Path, *, is_broken: bool) -> Sequence[Finding]:
    tree = Tree(Home.find(), root)
    tree.base(case.base, case.platform)
    settings = {"env": (PATH,), "cmd": ("python3",), **(case.build(tree, is_broken) or {})}
    config, platform, files = ImageConfig(**settings), Platform.parse(case.platform), FolderFiles(root)
    target = read_target(files, config, platform)
    soundness = gather(files, target, platform, config, secrets=case.secrets)
    assert "s3cr3t" not in soundness.model_dump_json()
    return list(check_soundness(soundness, platform))
