"""Where a name points."""

import pytest

from spybuild.errors import UsageError
from spybuild.images.registry.names import RemoteImage, RepositoryName


@pytest.mark.parametrize(
    ("name", "host", "path"),
    [
        ("python", "docker.io", "library/python"),
        ("bitnami/python", "docker.io", "bitnami/python"),
        ("docker.io/python", "docker.io", "library/python"),
        ("index.docker.io/a/b", "docker.io", "a/b"),
        ("registry-1.docker.io/python", "docker.io", "library/python"),
        ("ghcr.io/a/b/c", "ghcr.io", "a/b/c"),
        ("localhost/a", "localhost", "a"),
        ("localhost:5000/a", "localhost:5000", "a"),
        ("Host/a", "Host", "a"),
        ("[::1]:5000/a", "[::1]:5000", "a"),
        ("team/a", "docker.io", "team/a"),
    ],
)
def test_the_first_part_is_a_host_if_it_looks_like_one(name: str, host: str, path: str) -> None:
    """As docker has it, Docker Hub under its many names."""
    assert RepositoryName.of(name) == RepositoryName(host, path)


def test_docker_hub_is_asked_under_another_name() -> None:
    """Its API is not where its name points."""
    assert RepositoryName.of("python").server == "registry-1.docker.io"
    assert RepositoryName.of("ghcr.io/a").server == "ghcr.io"


def test_a_digest_decides_over_a_tag() -> None:
    """And without either it is `latest`."""
    digest = f"sha256:{'a' * 64}"
    assert RemoteImage.parse(f"h.example/a:1@{digest}").asked == digest
    assert RemoteImage.parse("h.example/a:1").asked == "1"
    assert RemoteImage.parse("h.example/a").asked == "latest"


@pytest.mark.parametrize(
    "text", ["", "h.example/UPPER", "h.example/a:", f"sha256:{'a' * 64}", f"h.example/{'a' * 300}", "h.example/../a"]
)
def test_what_is_no_name_is_refused(text: str) -> None:
    """As a mistake of the command line."""
    with pytest.raises(UsageError):
        RemoteImage.parse(text)


def test_a_password_in_a_name_is_not_shown() -> None:
    """The message would end in a log."""
    with pytest.raises(UsageError) as caught:
        RemoteImage.parse("ann:hunter2@h.example/a")
    assert "hunter2" not in str(caught.value)
