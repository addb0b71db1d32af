"""Conformance: what Dockerfiles can do makes the same images through the frontend as without it, feature by feature."""

import json
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from tests.buildkit.frontend.building import CONTRACT, PLUGIN, Client, repository, web
from tests.buildkit.frontend.features import ADDRESS, BOTH, CHECKSUM, COMMIT, FEATURES, FILES, KEY, PYTHON, Feature
from tests.stack import BuildKit, Stack

LAYOUT = "layout"
"""Where all are built to: what one has written, the next need not."""

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("conformance"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def known(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """What features name and only the machine knows; the web server is up as long as they are built."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "tree").mkdir()
    (folder / "tree" / "readme").write_text("in git\n")
    (folder / "a.txt").write_text("a\n")
    bare = repository(folder / "tree", folder / "app.git")
    commit = subprocess.run(["git", "-C", str(bare), "rev-parse", "main"], check=True, capture_output=True, text=True)
    key = folder / "key"
    subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
    with web(folder) as address:
        yield {
            PYTHON: stack.bases["3.13"], ADDRESS: address, KEY: str(key), COMMIT: commit.stdout.strip(),
            CHECKSUM: sha256(b"a\n").hexdigest(), LAYOUT: str(folder / "layout"),
        }  # fmt: skip


@pytest.fixture
def engine(buildkit: BuildKit) -> Mapping[str, str]:
    """The newest BuildKit: it knows every feature."""
    return buildkit.environment()


@pytest.mark.parametrize("name", FEATURES)
def test_a_feature_makes_the_same_image(
    client: Client, context: Path, frontend: str, known: Mapping[str, str], name: str
) -> None:
    """The manifests have the same digests, so files, config and history are the same, and nothing of ours is there."""
    feature = FEATURES[name]
    write(context, feature, known, frontend)
    through, without = (built(client, feature, known, file) for file in ("Dockerfile", "Dockerfile.plain"))
    assert through == without


def test_the_image_is_the_same_where_nothing_is_cached(
    client: Client, context: Path, frontend: str, known: Mapping[str, str]
) -> None:
    """Made twice from nothing, on both platforms, with all times set to one moment."""
    flags = ("--no-cache", "--build-arg=SOURCE_DATE_EPOCH=1000000000")
    feature = Feature("RUN echo made > /made\nRUN mkdir /folder", flags, platforms=BOTH)
    write(context, feature, known, frontend)
    files = ("Dockerfile", "Dockerfile.plain")
    through, without = (built(client, feature, known, file, ",rewrite-timestamp=true") for file in files)
    assert through == without


def write(context: Path, feature: Feature, known: Mapping[str, str], frontend: str) -> None:
    """The context of a feature, with a Dockerfile for the frontend and one without it."""
    for file, content in {**FILES, **feature.files, "plugin.py": PLUGIN, "spymodel.yml": CONTRACT}.items():
        (context / file).parent.mkdir(parents=True, exist_ok=True)
        (context / file).write_text(content)
    with tarfile.open(context / "archive.tar", "w") as tar:
        tar.add(context / "dir", "dir")
    lines = filled(feature.dockerfile, known)
    (context / "Dockerfile").write_text(f"# syntax={frontend}\n{lines}")
    (context / "Dockerfile.plain").write_text(lines)


def filled(text: str, known: Mapping[str, str]) -> str:
    """A text with what only the machine knows."""
    for name, value in known.items():
        text = text.replace(name, value)
    return text


def built(client: Client, feature: Feature, known: Mapping[str, str], file: str, how: str = "") -> list[str]:
    """The digests of the images that a build makes, by platform in its order."""
    flags = (filled(flag, known) for flag in feature.flags)
    metadata = client.folder.parent / "metadata.json"
    done = client.build(
        f"--file={file}", f"--platform={feature.platforms}", "--provenance=false", f"--metadata-file={metadata}",
        f"--output=type=oci,tar=false,dest={known[LAYOUT]}{how}", *flags,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    digest = str(json.loads(metadata.read_text())["containerimage.digest"])
    made = json.loads(Path(known[LAYOUT], "blobs", *digest.split(":")).read_text())
    if "manifests" not in made:
        return [digest]
    found = [each["digest"] for each in made["manifests"] if each["platform"]["os"] != "unknown"]
    assert len(found) == len(feature.platforms.split(","))
    return found
