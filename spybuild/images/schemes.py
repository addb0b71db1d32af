"""What stands before `://` in an image's name, and so where it is. Cheap to load, for the command line asks first."""

from spybuild.errors import UsageError
from spybuild.model.names import shown

ENGINES = ("docker", "podman")  # their images can be run, and read
PLACES = ("registry", "oci-dir", "oci-archive", "docker-archive", "rootfs")  # what is there can be read only


def split_scheme(reference: str) -> tuple[str, str]:
    """The scheme of a reference, empty for a bare name, and what is behind it.

    Raises:
        UsageError: such a scheme is not known.
    """
    scheme, separator, rest = reference.partition("://")
    if not separator:
        return "", reference
    if scheme not in (*ENGINES, *PLACES):
        known = ", ".join(f"{each}://" for each in (*ENGINES, *PLACES))
        raise UsageError(f"{shown(scheme)} is no source of images", f"use a bare name, or one of {known}")
    return scheme, rest
