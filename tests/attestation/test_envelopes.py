"""DSSE's pre-authentication encoding."""

from spybuild.attestation.envelopes import pre_authentication_encoding


def test_the_encoding_is_the_one_of_the_specification() -> None:
    """DSSE's own test vector (protocol.md)."""
    encoded = pre_authentication_encoding(b"hello world", "http://example.com/HelloWorld")
    assert encoded == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_lengths_are_in_bytes() -> None:
    """A character of two bytes counts twice, in the type and in the payload."""
    assert pre_authentication_encoding("ä".encode(), "ü") == b"DSSEv1 2 \xc3\xbc 2 \xc3\xa4"
