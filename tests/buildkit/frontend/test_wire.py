"""Tests of `buildkit.frontend.wire`."""

from pathlib import Path

from buildkit.frontend.wire import __main__ as making
from buildkit.frontend.wire import gateway_pb2 as wire


def test_the_messages_are_those_of_the_definition(tmp_path: Path) -> None:
    """Protoc makes of `gateway.proto` what is committed."""
    assert making.main(tmp_path) == 0
    assert _descriptor(tmp_path) == _descriptor(making.HERE)


def _descriptor(folder: Path) -> str:
    """What the module says of the messages, whichever protoc wrote it."""
    lines = (folder / "gateway_pb2.py").read_text().splitlines()
    return next(line for line in lines if line.startswith("DESCRIPTOR = "))


def test_what_is_not_known_of_a_message_goes_through() -> None:
    """Newer BuildKits say more; what we hand back has it still."""
    unknown = b"\xfa\x3f\x03new"  # field 1023
    content = wire.Ref(id="x").SerializeToString() + unknown
    assert wire.Ref.FromString(content).SerializeToString() == content
