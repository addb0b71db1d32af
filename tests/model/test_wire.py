"""Digests, platforms and moments are read from text in one way only."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from spybuild.model.digests import Digest
from spybuild.model.platforms import Platform
from spybuild.model.wire import (
    LONGEST_TEXT,
    DigestText,
    Instant,
    PlatformText,
    ShortText,
    WireModel,
    digest_of_text,
    instant_of_text,
    instant_text,
    platform_of_text,
)


class Part(WireModel):
    """A model of two words."""

    some_name: ShortText = ""


def test_keys_are_written_in_camel_case() -> None:
    """Both spellings are taken; one is written."""
    assert Part(some_name="x") == Part.model_validate({"someName": "x"})
    assert Part(some_name="x").model_dump(by_alias=True) == {"someName": "x"}
    with pytest.raises(ValidationError):
        Part.model_validate({"somename": "x"})


@pytest.mark.parametrize("text", ["sha256:" + "aB" * 32, "sha512:" + "0" * 128])
def test_a_digest_has_all_its_digits(text: str) -> None:
    """In either case of letters."""
    assert digest_of_text(text) == Digest.parse(text)


@pytest.mark.parametrize("text", ["", "sha256", "sha256:", "sha256:" + "a" * 63, "sha256:" + "a" * 65, "sha256:" + "g" * 64, "md5:" + "a" * 32, "SHA256:" + "a" * 64, "sha256:" + "٣" * 64, "sha256:" + "a" * 64 + "\n"])  # fmt: skip
def test_what_is_no_digest_is_refused(text: str) -> None:
    """Of another length or algorithm, or with anything around it."""
    with pytest.raises(ValueError, match="is no digest"):
        digest_of_text(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-20T12:00:00Z", datetime(2026, 11, 20, 12, tzinfo=UTC)),
        ("2026-11-20t12:00:00z", datetime(2026, 11, 20, 12, tzinfo=UTC)),
        ("2026-11-20T12:00:00+02:00", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("2026-11-20T12:00:00.5Z", datetime(2026, 11, 20, 12, microsecond=500000, tzinfo=UTC)),
        ("2026-11-20T12:00:00.123456789Z", datetime(2026, 11, 20, 12, microsecond=123456, tzinfo=UTC)),
    ],
)
def test_a_moment_is_rfc_3339(text: str, moment: datetime) -> None:
    """Made UTC; cosign and Go write nanoseconds, which are cut off."""
    assert instant_of_text(text) == moment
    assert instant_of_text(text).tzinfo is UTC


@pytest.mark.parametrize("text", ["", "2026-11-20", "2026-11-20T12:00:00", "2026-11-20 12:00:00Z", "2026-13-20T12:00:00Z", "2026-11-20T25:00:00Z", "1700000000", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "٢٠٢٦-11-20T12:00:00Z", "2026-11-20T12:00:00Z\n"])  # fmt: skip
def test_what_is_no_moment_is_refused(text: str) -> None:
    """Without a zone, out of range, or a number that could be read as one."""
    with pytest.raises(ValueError, match="is no time"):
        instant_of_text(text)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_survives_being_written(moment: datetime) -> None:
    """To the microsecond."""
    assert instant_of_text(instant_text(moment)) == moment


def test_a_platform_is_read_in_any_spelling() -> None:
    """As everywhere."""
    assert platform_of_text("aarch64") == platform_of_text("linux/arm64/v8") == Platform("linux", "arm64")
    with pytest.raises(ValueError, match="is no platform"):
        platform_of_text("a/b/c/d")


@pytest.mark.parametrize("type_", [DigestText, PlatformText, Instant])
@pytest.mark.parametrize(
    "value", [None, 7, True, [], {"algorithm": "sha256", "hex": ""}, {"os": "a", "architecture": "b"}]
)
def test_only_text_is_read(type_: Any, value: object) -> None:
    """No number, and no mapping that has the fields."""
    with pytest.raises(ValidationError, match="must be text"):
        TypeAdapter(type_).validate_python(value)


def test_values_of_the_type_itself_are_taken() -> None:
    """From code; a moment needs its zone and becomes UTC."""
    adapter: TypeAdapter[datetime] = TypeAdapter(Instant)
    moment = datetime(2026, 11, 20, 12, tzinfo=timezone(timedelta(hours=2)))
    assert adapter.validate_python(moment).tzinfo is UTC
    with pytest.raises(ValidationError, match="time zone"):
        adapter.validate_python(datetime(2026, 11, 20, 12))
    assert TypeAdapter(DigestText).validate_python(Digest.of(b"")) == Digest.of(b"")


def test_text_has_a_limit() -> None:
    """What attackers write is held to a length that reports and terminals can bear."""
    assert Part(some_name="x" * LONGEST_TEXT).some_name
    with pytest.raises(ValidationError, match="longer than 4096"):
        Part(some_name="x" * (LONGEST_TEXT + 1))
