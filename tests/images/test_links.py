"""Paths resolved inside a tree."""

import pytest

from spybuild.images.links import resolve, resolve_link

LINKS = {
    "/bin": "usr/bin", "/usr/bin/python": "python3", "/usr/bin/python3": "/etc/alternatives/py", "/up": "../../../etc",
    "/etc/alternatives/py": "../../opt/py", "/round": "about", "/about": "round", "/through": "usr/bin/file/../x",
}  # fmt: skip
FOLDERS = {"/", "/usr", "/usr/bin", "/etc", "/etc/alternatives", "/opt"}


@pytest.mark.parametrize(
    ("path", "real"),
    [
        ("/bin/python", "/opt/py"),
        ("/up/passwd", "/etc/passwd"),
        ("/../../bin", "/usr/bin"),
        ("/", "/"),
        ("//usr//bin/./file", "/usr/bin/file"),
        ("/round", None),
        ("/usr/bin/missing", "/usr/bin/missing"),
    ],
)
def test_links_are_followed_inside_the_tree(path: str, real: str | None) -> None:
    """Absolute targets begin at the tree's root, `..` stops there, and rings lead nowhere."""
    assert resolve(path, LINKS.get) == real


def test_nothing_leads_through_a_file_or_what_is_missing() -> None:
    """As in the kernel, `file/..` is nowhere, where it is known what is a directory."""
    assert resolve("/through", LINKS.get) == "/usr/bin/x"
    assert resolve("/through", LINKS.get, FOLDERS.__contains__) is None
    assert resolve("/nowhere/../bin/python", LINKS.get, FOLDERS.__contains__) is None
    assert resolve("/bin/python", LINKS.get, FOLDERS.__contains__) == "/opt/py"


def test_forty_links_are_the_most() -> None:
    """A chain of 40 links is followed, one of 41 is not, as in Linux."""
    chain = {f"/{number}": str(number + 1) for number in range(41)}
    assert resolve("/1", chain.get) == "/41"
    assert resolve("/0", chain.get) is None


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/bin", "/bin"),
        ("/bin/python", "/usr/bin/python"),
        ("/bin/", "/bin"),
        ("/bin/.", "/usr/bin"),
        ("/bin/..", "/usr"),
        ("/", "/"),
        ("/round/x", None),
    ],
)
def test_a_link_at_the_end_is_not_followed(path: str, place: str | None) -> None:
    """Those on the way are; what ends in a dot is no name of a link."""
    assert resolve_link(path, LINKS.get, FOLDERS.__contains__) == place
