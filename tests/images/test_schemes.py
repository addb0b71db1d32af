"""What stands before `://`."""

import pytest

from spybuild.errors import UsageError
from spybuild.images.schemes import ENGINES, PLACES, split_scheme


@pytest.mark.parametrize("scheme", [*ENGINES, *PLACES])
def test_every_scheme_is_split_off(scheme: str) -> None:
    """What is behind it is given as it is."""
    assert split_scheme(f"{scheme}://a/b:1@x") == (scheme, "a/b:1@x")


@pytest.mark.parametrize("name", ["shop/api:1", "docker:1", "", "/a:/b"])
def test_a_bare_name_has_none(name: str) -> None:
    """Colons alone make no scheme."""
    assert split_scheme(name) == ("", name)


@pytest.mark.parametrize("reference", ["ftp://host/x", "://x", "DOCKER://x", "\x1b[31m://x"])
def test_any_other_is_refused(reference: str) -> None:
    """The message shows it without what a terminal would obey, and names those there are."""
    with pytest.raises(UsageError, match="is no source of images") as caught:
        split_scheme(reference)
    assert "\x1b" not in str(caught.value)
    assert "oci-dir://" in caught.value.hint
