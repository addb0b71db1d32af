"""Evidence is recorded and read back without loss, strictly."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spybuild.errors import PolicyError
from spybuild.gate.decision import decide
from spybuild.gate.recording import dump_evidence, load_evidence, parse_evidence
from spybuild.model.attested import ImageEvidence, KeylessSigner, Refused
from tests.gate.making import AMD64, BY_KEY, NOW, attested, child, image, passed, policy, verified

_ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def test_a_decision_can_be_replayed(tmp_path: Path) -> None:
    """The same evidence from a file gives the same decision, reasons and all."""
    evidence = image(child(AMD64, passed(), verified(attested(), signer=BY_KEY, signed_at=None), Refused(reason="bad")))
    path = tmp_path / "evidence.json"
    path.write_text(dump_evidence(evidence))
    assert load_evidence(path) == evidence
    assert decide(policy(), load_evidence(path), NOW) == decide(policy(), evidence, NOW)


def test_a_recording_is_reproducible() -> None:
    """Reading and writing anew gives the same bytes."""
    text = dump_evidence(image())
    assert dump_evidence(parse_evidence(text.encode(), "e.json")) == text
    assert text.startswith('{\n  "schemaVersion": 1,\n  "repository": ')


@settings(max_examples=60, deadline=None)
@given(_ANY_TEXT, _ANY_TEXT, _ANY_TEXT)
def test_any_text_survives(reason: str, identity: str, repository: str) -> None:
    """Also control characters, byte order marks and what lies beyond the basic plane: JSON is read as the YAML it is."""
    signer = KeylessSigner(identity=identity, issuer="x")
    hostile = verified(attested(repository=repository), signer=signer)
    evidence = image(child(AMD64, hostile, Refused(reason=reason)))
    assert parse_evidence(dump_evidence(evidence).encode(), "e.json") == evidence


def test_line_ends_of_yaml_were_folded_away() -> None:
    """NEL and Unicode's separators are text in JSON; YAML took them for ends of lines and made them blanks."""
    evidence = image(child(AMD64, Refused(reason="a\x85b\u2028c\u2029d")))
    assert parse_evidence(dump_evidence(evidence).encode(), "e.json") == evidence


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"schemaVersion": 1', '"schemaVersion": 2', "schemaVersion: must be the number 1"),
        ('"isIndex": true', '"isIndex": "yes"', "isIndex: must be true or false"),
        ('"isIndex": true,', "", "`isIndex` is missing"),
        ('"passed": true', '"pased": true', "pased: unknown key; did you mean passed?"),
        ('"platform": "linux/amd64"', '"platform": 7', "platform: '7' is no platform"),
        ('"validatedAt": "2026-11-19T12:00:00Z"', '"validatedAt": "2026-11-19"', "is no time"),
        ('"source": "certificate"', '"source": "word"', "must be certificate, timestamp or log, not 'word'"),
        ('"sourceRepository"', '"source"', ""),
        ('"identity"', '"identity": "x", "identity"', "this key is written twice"),
        ('"runtime",', '"hearsay",', "must be runtime, static or config, not 'hearsay'"),
    ],
)
def test_a_recording_is_read_strictly(old: str, new: str, problem: str) -> None:
    """A recording that is not of its form is refused at its place, also deep inside."""
    text = dump_evidence(image())
    assert old in text
    broken = text.replace(old, new, 1)
    line = 1 + next(number for number, (one, other) in enumerate(zip(text.split("\n"), broken.split("\n"), strict=False)) if one != other)  # fmt: skip
    if not problem:
        assert parse_evidence(broken.encode(), "e.json") != image()
        return
    with pytest.raises(PolicyError) as caught:
        parse_evidence(broken.encode(), "e.json")
    assert any(problem in told for told in caught.value.problems)
    if "missing" not in problem:
        assert any(told.startswith(f"e.json:{line}:") for told in caught.value.problems)


def test_a_digest_is_whole() -> None:
    """Sixty-four hexadecimal digits, and no mapping that looks like one."""
    for digest in ('"sha256:ab"', '{"algorithm": "sha256", "hex": ""}', "null", '"md5:' + "a" * 32 + '"'):
        text = dump_evidence(image()).replace(f'"digest": "{image().digest}"', f'"digest": {digest}', 1)
        with pytest.raises(PolicyError, match=r"e\.json:4:13: digest: "):
            parse_evidence(text.encode(), "e.json")


def test_evidence_is_closed() -> None:
    """A type of ours takes no field that it does not know, also from code."""
    with pytest.raises(ValueError, match="surprise"):
        ImageEvidence.model_validate({**image().model_dump(), "surprise": 1})
