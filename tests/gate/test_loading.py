"""Policies are read strictly: every problem at its place, in one go; what they name is read with them."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from spybuild.errors import PolicyError
from spybuild.gate.loading import load_policy, parse_policy
from spybuild.gate.policy import AcceptedContract, KeyDemand, KeylessDemand, Policy
from spybuild.model.digests import Digest
from spybuild.model.matching import Exactly, Expression, Glob
from spybuild.model.platforms import Platform
from tests.gate.conftest import CONTRACT

DIGEST = "sha256:" + "ab" * 32
SHORTEST = f"""
schemaVersion: 1
signers:
  - keyless: {{identity: ci@example.com, issuer: https://issuer.example}}
contracts:
  - digest: {DIGEST}
maxAge: 30d
"""


def parse(text: str, folder: Path = Path()) -> Policy:
    """The policy in `text`, called p.yml."""
    return parse_policy(text.encode(), "p.yml", folder)


def problems(text: str, folder: Path = Path()) -> list[str]:
    """What is wrong with the policy in `text`."""
    with pytest.raises(PolicyError) as caught:
        parse(text, folder)
    assert caught.value.exit_code == 2
    return list(caught.value.problems)


def with_line(line: str) -> str:
    """The shortest policy and one line more, its eighth."""
    return SHORTEST.rstrip("\n") + "\n" + line


def test_the_shortest_policy_denies_by_default() -> None:
    """Signers, contracts and an age must be said; all else is as strict as it can be without knowing the image."""
    assert parse(SHORTEST) == Policy(
        signers=(KeylessDemand(Exactly("ci@example.com"), Exactly("https://issuer.example")),),
        contracts=(AcceptedContract(Digest.parse(DIGEST)),),
        required=(),
        extra="require-evidence",
        evidence=frozenset(),
        needs_index_statement=True,
        max_age=timedelta(days=30),
        tolerance=timedelta(minutes=10),
        trusts_signers_clock=False,
        attested_for=(),
        lives_in=(),
        source_repositories=(),
        minimum_tool=None,
        validated_since=None,
        waivers=frozenset(),
    )


def test_every_key_is_read(folder: Path, pem: str, fingerprint: Digest) -> None:
    """A policy with all keys, and what each becomes."""
    text = f"""
schemaVersion: 1
signers:
  - keyless:
      identityRegexp: ^https://github\\.com/acme/.+$
      issuerRegexp: ^https://(a|b)\\.example$
      claims: {{sourceRepository: https://github.com/acme/app}}
  - key: {{file: cosign.pub}}
  - key: {{kms: "awskms:///alias/gate"}}
  - key:
      pem: |
{"".join(f"        {line}" for line in pem.splitlines(keepends=True))}
contracts:
  - {{file: spymodel.yml, until: 2026-12-31}}
  - digest: {DIGEST}
maxAge: any
platforms: {{required: [aarch64, linux/amd64], extra: refuse}}
evidence: both
indexStatement: ignore
clockTolerance: 1m30s
unauthenticatedTime: accept
repositories: {{attestedFor: [registry.example/staging/*], livesIn: [registry.example/**]}}
sourceRepositories: [https://github.com/acme/*]
floors: {{tool: 0.10, validatedSince: 2026-11-01T00:00:00+01:00}}
waivers: [SPY101, missing-module]
"""
    key = KeyDemand("cosign.pub", pem, fingerprint)
    assert parse(text, folder) == Policy(
        signers=(
            KeylessDemand(
                Expression("^https://github\\.com/acme/.+$"),
                Expression("^https://(a|b)\\.example$"),
                {"sourceRepository": "https://github.com/acme/app"},
            ),
            key,
            KeyDemand("awskms:///alias/gate", uri="awskms:///alias/gate"),
            KeyDemand(str(fingerprint), pem, fingerprint),
        ),
        contracts=(
            AcceptedContract(Digest.of(CONTRACT.encode()), "spymodel.yml", date(2026, 12, 31)),
            AcceptedContract(Digest.parse(DIGEST)),
        ),
        required=(Platform("linux", "arm64"), Platform("linux", "amd64")),
        extra="refuse",
        evidence=frozenset({"runtime", "static"}),
        needs_index_statement=False,
        max_age=None,
        tolerance=timedelta(minutes=1, seconds=30),
        trusts_signers_clock=True,
        attested_for=(Glob("registry.example/staging/*"),),
        lives_in=(Glob("registry.example/**"),),
        source_repositories=(Glob("https://github.com/acme/*"),),
        minimum_tool=Version("0.10"),
        validated_since=datetime(2026, 10, 31, 23, tzinfo=UTC),
        waivers=frozenset({"SPY101", "SPY010"}),
    )


@pytest.mark.parametrize(("text", "rules"), [("refuse", frozenset()), ("allow", None), ("[SPY101]", {"SPY101"})])
def test_waivers_are_a_word_or_a_list_of_rules(text: str, rules: frozenset[str] | None) -> None:
    """None, any, or those of the rules."""
    assert parse(with_line(f"waivers: {text}")).waivers == rules


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("signer: []", "p.yml:8:1: signer: unknown key; did you mean signers?"),
        ("maxAge: 1d", "p.yml:8:1: maxAge: this key is written twice; the first is at p.yml:7:1"),
        ("evidence: all", "p.yml:8:11: evidence: must be any, runtime, static or both, not 'all'"),
        ("evidence: [runtime]", "p.yml:8:11: evidence: must be any, runtime, static or both, not something else"),
        ("indexStatement: no", "p.yml:8:17: indexStatement: must be require or ignore, not 'no'"),
        ("unauthenticatedTime: true", "p.yml:8:22: unauthenticatedTime: must be refuse or accept, not 'true'"),
        ("waivers: [SPY999]", "p.yml:8:11: waivers[0]: 'SPY999' is no rule"),
        ("waivers: none", "p.yml:8:10: waivers: must be refuse or allow, not 'none'"),
        (
            "waivers: [missing-functoin]",
            "p.yml:8:11: waivers[0]: 'missing-functoin' is no rule; did you mean missing-function?",
        ),
        ("clockTolerance: 10", "p.yml:8:17: clockTolerance: '10' is no length of time; write it as 30d, 12h or 1d12h"),
        ("floors: {tool: new}", "p.yml:8:16: floors.tool: 'new' is no version; write it as 0.3.0"),
        (
            "floors: {validatedSince: 2026-11-01}",
            "p.yml:8:26: floors.validatedSince: '2026-11-01' is no time; write it as 2026-11-20T12:00:00Z",
        ),
        ("repositories: {attestedFor: ['a b']}", "p.yml:8:30: repositories.attestedFor[0]: 'a b' names no repository"),
        ("repositories: {livesin: []}", "p.yml:8:16: repositories.livesin: unknown key; did you mean livesIn?"),
        (
            "sourceRepositories: x",
            "p.yml:8:21: sourceRepositories: must be a list (lines that begin with `- `), not 'x'",
        ),
        (
            "platforms: {extra: allow}",
            "p.yml:8:12: platforms: names no required platform, so that `extra: allow` would leave nothing to prove",
        ),
        ("platforms:", "p.yml:8:11: platforms: must be a mapping (`key: value`), not empty"),
    ],
)
def test_a_problem_is_told_at_its_place(line: str, problem: str) -> None:
    """File, line, column, path and what to do; no other problem follows from it."""
    assert problems(with_line(line)) == [problem]


@pytest.mark.parametrize(
    ("platform", "why"),
    [
        ("linux/amd46", "'amd46' is no architecture we know; did you mean amd64?"),
        ("a/b/c/d", "'a/b/c/d' is no platform"),
    ],
)
def test_a_platform_must_be_one(platform: str, why: str) -> None:
    """A misspelt platform would refuse every image; it is told of when the policy is read."""
    assert why in problems(with_line(f"platforms: {{required: [{platform}]}}"))[0]


SIGNERS = {
    "nobody": ("[]", "signers: is empty: nothing could ever pass"),
    "no list": ("{}", "signers: must be a list (lines that begin with `- `), not a mapping"),
    "neither kind": ("[{}]", "signers[0]: must have one of `keyless` or `key`"),
    "both kinds": (
        "[{key: {kms: 'awskms:///x'}, keyless: {identity: a, issuer: b}}]",
        "signers[0]: must have one of `keyless` or `key`, not several",
    ),
    "no issuer": ("[{keyless: {identity: a}}]", "signers[0].keyless: must have one of `issuer` or `issuerRegexp`"),
    "two identities": (
        "[{keyless: {identity: a, identityRegexp: ^a$, issuer: b}}]",
        "signers[0].keyless: must have one of `identity` or `identityRegexp`, not several",
    ),
    "an empty identity": ("[{keyless: {identity: '', issuer: b}}]", "signers[0].keyless.identity: must not be empty"),
    "not anchored": (
        "[{keyless: {identityRegexp: 'github.com/acme', issuer: b}}]",
        "signers[0].keyless.identityRegexp: 'github.com/acme' is not anchored; begin it with ^ and end it with $",
    ),
    "an unknown claim": (
        "[{keyless: {identity: a, issuer: b, claims: {sourceRepo: c}}}]",
        "signers[0].keyless.claims.sourceRepo: 'sourceRepo' is no claim of a certificate we know; did you mean",
    ),
    "no KMS": ("[{key: {kms: 'file://x'}}]", "signers[0].key.kms: 'file://x' is no key of a KMS"),
    "a missing file": ("[{key: {file: nope.pub}}]", "nope.pub' cannot be read: No such file or directory"),
    "a private key": ("[{key: {file: cosign.key}}]", "holds a private key; to verify, name the public one"),
    "no key": ("[{key: {file: spymodel.yml}}]", "is no public key"),
    "no inline key": ("[{key: {pem: hello}}]", "signers[0].key.pem: the inline key is no public key"),
}


@pytest.mark.parametrize(("signers", "problem"), SIGNERS.values(), ids=SIGNERS.keys())
def test_signers_are_named_completely(signers: str, problem: str, folder: Path) -> None:
    """A signer is an identity with its issuer, or a public key; nothing is left open."""
    text = f"schemaVersion: 1\nsigners: {signers}\ncontracts: [digest: {DIGEST}]\nmaxAge: 30d\n"
    found = problems(text, folder)
    assert len(found) == 1
    assert problem in found[0]
    assert found[0].startswith("p.yml:2:")


@pytest.mark.parametrize(
    ("contracts", "problem"),
    [
        ("[]", "contracts: is empty: nothing could ever pass"),
        ("[{}]", "contracts[0]: must have one of `digest` or `file`"),
        ("[digest: sha256:ab]", "'sha256:ab' is no digest; write it as sha256:<64 hex digits>"),
        (f"[digest: md5:{'a' * 32}]", "is no digest"),
        ("[file: nope.yml]", "this contract cannot be used: "),
        ("[file: broken.yml]", "broken.yml:1:1: fucntions: unknown key; did you mean functions? (and 1 more)"),
        ("[file: spymodel.yml, until: 31.12.2026]", "this key"),
        ("[{file: spymodel.yml, until: 31.12.2026}]", "is no date; write it as 2026-12-31"),
    ],
)
def test_contracts_are_digests_or_files_that_can_be_used(contracts: str, problem: str, folder: Path) -> None:
    """A contract that the gate could not read would accept nothing, and nobody would know why."""
    (folder / "broken.yml").write_text("fucntions: []\nclases: []\n")
    text = f"schemaVersion: 1\nsigners: [keyless: {{identity: a, issuer: b}}]\ncontracts: {contracts}\nmaxAge: 30d\n"
    if problem == "this key":  # two items, of which the second is no contract
        assert "contracts[1]" in problems(text, folder)[0]
    else:
        assert problem in problems(text, folder)[0]


def test_all_problems_are_told_at_once(folder: Path) -> None:
    """Grammar, files and missing keys together, in the order of the lines."""
    text = "schemaVersion: 2\nsigners:\n  - key: {file: nope.pub}\ncontracts:\n  - file: nope.yml\nevidence: all\n"
    places = [problem.split(": ")[0] for problem in problems(text, folder)]
    assert places == ["p.yml:1:1", "p.yml:1:16", "p.yml:3:17", "p.yml:5:11", "p.yml:6:11"]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "just text", "a: &x [*x]", "\x00", "a: !!python/object:x {}", "a: 1\n---\nb: 2", "\t- x", "{" * 200],
)
def test_what_is_no_policy_is_one_clear_error(text: str) -> None:
    """No YAML, no mapping, a bomb: refused at once."""
    assert problems(text)[0].startswith("p.yml")


def test_a_policy_is_read_from_its_file(folder: Path) -> None:
    """Paths in it start from its folder, not from where the program runs."""
    (folder / "gate.yml").write_text(SHORTEST.replace(f"digest: {DIGEST}", "file: spymodel.yml"))
    assert load_policy(folder / "gate.yml").contracts[0].digest == Digest.of(CONTRACT.encode())
    with pytest.raises(PolicyError, match="no such file"):
        load_policy(folder / "nope.yml")


_WORDS = """schemaVersion signers contracts maxAge platforms evidence keyless key identity identityRegexp issuer file kms
pem digest until required extra waivers floors tool validatedSince repositories claims x"""
_KEYS = st.sampled_from(_WORDS.split())
_VALUES = st.recursive(
    st.one_of(
        st.integers(-3, 3), st.booleans(), st.none(), st.sampled_from(["", "^a$", "30d", "x", DIGEST, "linux/arm64"])
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=4)),
    max_leaves=12,
)


@given(st.dictionaries(_KEYS, _VALUES, max_size=6))
def test_any_document_is_a_policy_or_refused(document: dict[str, object]) -> None:
    """Whatever stands where: a policy, or a `PolicyError` whose every problem has its place."""
    try:
        found: tuple[str, ...] = ()
        parse(json.dumps(document))
    except PolicyError as error:
        found = error.problems
    assert all(problem.startswith("p.yml:1:") for problem in found)
