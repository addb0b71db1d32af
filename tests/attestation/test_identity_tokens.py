"""Where identity tokens come from, and that they stay secret."""

from pathlib import Path

import pytest

from spybuild.attestation.identity_tokens import Token, ambient_token, given_token
from spybuild.errors import SigningUnavailable, UsageError
from tests.fakes.sigstore import FakeSigstore

AMBIENT = ("GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "CIRCLECI", "CIRCLE_OIDC_TOKEN", "SIGSTORE_ID_TOKEN")


@pytest.fixture(autouse=True)
def outside_of_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever these tests run."""
    for name in (*AMBIENT, "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL"):
        monkeypatch.delenv(name, raising=False)


def test_a_token_is_given_itself_or_in_a_file(sigstore: FakeSigstore, tmp_path: Path) -> None:
    """As cosign's --identity-token takes it; a line's end after it does not matter."""
    raw = sigstore.token()
    (tmp_path / "token").write_text(f"{raw}\n")
    assert given_token(raw).raw == given_token(str(tmp_path / "token")).raw == raw


@pytest.mark.parametrize("text", ["", "eyJsecret", "/no/such/file", "a\0b", "eyJ" + "x" * 5000])
def test_what_is_neither_is_refused_and_not_repeated(text: str) -> None:
    """It may be a token that was cut, so it is never quoted."""
    with pytest.raises(UsageError, match="neither a token nor a file") as refusal:
        given_token(text)
    assert "eyJ" not in str(refusal.value)


def test_files_that_hold_no_token_are_refused(tmp_path: Path) -> None:
    """Empty, too large, a folder, no text."""
    (tmp_path / "empty").write_text(" \n")
    (tmp_path / "large").write_text("x" * 70_000)
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for name in ("empty", "large", "binary", "."):
        with pytest.raises(UsageError, match="neither"):
            given_token(str(tmp_path / name))


def test_a_token_is_not_shown() -> None:
    """Only where it came from."""
    assert repr(Token("eyJsecret", "--identity-token")) == "Token(origin='--identity-token')"


def test_outside_of_ci_there_is_none() -> None:
    """Then the user is asked, or gives one."""
    assert ambient_token(20) is None


def test_gitlabs_token_is_found(sigstore: FakeSigstore, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the variable that `id_tokens:` sets for the audience `sigstore`."""
    monkeypatch.setenv("GITLAB_CI", "true")
    raw = sigstore.token()
    monkeypatch.setenv("SIGSTORE_ID_TOKEN", raw)
    found = ambient_token(20)
    assert found is not None
    assert found.raw == raw


def test_a_job_without_permission_is_told_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """GitHub gives tokens to jobs with `id-token: write` only."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    with pytest.raises(SigningUnavailable, match="id-token: write"):
        ambient_token(20)
