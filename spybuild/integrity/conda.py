"""What conda knows of the files it installed: it rewrites paths in them, so their RECORD no longer fits."""

import json
import posixpath

from spybuild.errors import ImageInvalid
from spybuild.images.files import Files

_MOST = 64 << 20


def conda_hashes(files: Files, prefix: str, name: str) -> dict[str, str]:
    """The sha256 of each file that conda's packages of a name have in a prefix, as installed, by path.

    Args:
        files: the tree.
        prefix: the environment's folder, which has `conda-meta`.
        name: the normalised name of the distribution, which mostly is the package's too.
    """
    found: dict[str, str] = {}
    folder = posixpath.join(prefix, "conda-meta")
    for each in files.names(folder):
        if each.lower().replace("_", "-").startswith(f"{name}-") and each.endswith(".json"):
            found.update(_paths(files, posixpath.join(folder, each), prefix))
    return found


def _paths(files: Files, path: str, prefix: str) -> dict[str, str]:
    try:
        said = json.loads(files.read(path, _MOST))
        entries = said["paths_data"]["paths"]
        return {
            posixpath.join(prefix, entry["_path"]): entry.get("sha256_in_prefix") or entry["sha256"]
            for entry in entries
            if "sha256" in entry
        }
    except (FileNotFoundError, ImageInvalid, ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return {}
