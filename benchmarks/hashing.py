"""Reads an image's layer, and hashes the files that its RECORDs name if it is told to: what only hashing costs.

`python -m benchmarks.hashing ARCHIVE PATHS [--hash]`; PATHS is a file with their paths, one a line.
"""

import sys
from pathlib import Path

from spybuild.images.layers.store import LayerStore
from spybuild.images.opening import open_source


def main(archive: str, paths: str, *flags: str) -> int:
    """Index the layer without a cache, and look up every path; with `--hash`, have all their hashes in the end."""
    hashes = "--hash" in flags
    source = open_source(f"oci-archive://{archive}", store=LayerStore(hashes=hashes))
    try:
        (image,) = source.image().platforms
        files = source.files(image)
        for path in Path(paths).read_text().splitlines():
            if not files.find(path):
                raise FileNotFoundError(path)
            if hashes:
                files.sha256(path)
    finally:
        source.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
