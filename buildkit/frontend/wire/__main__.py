"""`python -m buildkit.frontend.wire [FOLDER]`: write the modules that protoc makes of `gateway.proto`."""

import sys
from pathlib import Path

from grpc_tools import protoc  # type: ignore[import-untyped]  # it has no types

HERE = Path(__file__).parent


def main(folder: Path) -> int:
    """Write `gateway_pb2.py` and its types; returns protoc's exit code."""
    flags = [f"--proto_path={HERE}", f"--python_out={folder}", f"--pyi_out={folder}"]
    return int(protoc.main(["protoc", *flags, "gateway.proto"]))


if __name__ == "__main__":
    raise SystemExit(main(Path(*sys.argv[1:]) if sys.argv[1:] else HERE))
