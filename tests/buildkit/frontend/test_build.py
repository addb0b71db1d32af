"""Tests of `buildkit.frontend.build`: whole builds, on a BuildKit whose results are laid down."""

import base64
import json
from typing import Any

import pytest

from buildkit.frontend.llb import digest_of
from buildkit.frontend.results import platforms_of
from buildkit.frontend.transport import RpcError
from buildkit.frontend.wire import gateway_pb2 as wire
from tests.fakes.buildkit import AMD64, ARM64, CONTRACT, FakeBuildKit, answer, finding, head_of

BOTH = {AMD64: {"Env": ["A=1", "LD_PRELOAD=/evil.so"], "WorkingDir": "/app", "User": "1000"}, ARM64: {}}


def passed(result: wire.Result | wire.Status) -> wire.Result:
    assert isinstance(result, wire.Result), result.message
    return result


def refused(result: wire.Result | wire.Status) -> wire.Status:
    assert isinstance(result, wire.Status), result
    return result


def test_a_build_that_keeps_its_contract_is_handed_back_as_it_was() -> None:
    """Same files, same configs: only statements are added."""
    buildkit = FakeBuildKit(configs=BOTH)
    result = passed(buildkit.build())
    assert {name: ref.id for name, ref in result.refs.refs.items()} == {AMD64: AMD64, ARM64: ARM64}
    assert set(result.metadata) == {"refs.platforms", *(f"containerimage.config/{name}" for name in BOTH)}
    assert set(result.attestations) == {AMD64, ARM64}


def test_every_platform_is_validated_in_its_own_result() -> None:
    """One step each, without network, on a root that it cannot change."""
    buildkit = FakeBuildKit(configs=BOTH)
    passed(buildkit.build())
    steps = buildkit.steps()
    assert {step.platform.architecture for step in steps} == {"amd64", "arm64"}
    for step in steps:
        assert step.exec.network == 2
        root = next(mount for mount in step.exec.mounts if mount.destination == "/")
        assert root.readonly
        assert root.output == -1


def test_variables_of_the_image_are_no_variables_of_the_step() -> None:
    """LD_PRELOAD of a hostile image would run its code in our own interpreter."""
    buildkit = FakeBuildKit(configs=BOTH)
    passed(buildkit.build())
    for step in buildkit.steps():
        assert [variable.partition("=")[0] for variable in step.exec.process.environment] == ["PATH"]


@pytest.mark.parametrize(("asks", "user", "mode"), [("", "", 0o700), ("image", "1000", 0o777)])
def test_the_answer_is_written_where_the_image_cannot(asks: str, user: str, mode: int) -> None:
    """Modules are imported as nobody, and the step's folder is root's; as the image's own user they share it."""
    buildkit = FakeBuildKit(configs={AMD64: BOTH[AMD64]})
    passed(buildkit.build(**({"build-arg:SPYBUILD_USER": asks} if asks else {})))
    (step,) = buildkit.steps()
    assert (step.exec.process.user, step.exec.process.working_directory) == (user, "/app")
    asked = next(each.definition for each in buildkit.solved() if each.evaluate)
    every = [wire.Operation.FromString(each) for each in asked.operations]
    folders = [
        action.make_folder.mode for each in every for action in each.file.actions if action.HasField("make_folder")
    ]
    assert folders == [mode]


def test_a_breach_fails_the_build_at_the_contracts_line() -> None:
    """The client shows the lines as it shows those of a Dockerfile."""
    buildkit = FakeBuildKit(configs=BOTH, answers={ARM64: answer(finding())})
    status = refused(buildkit.build())
    assert status.code == 2
    assert (
        "linux/arm64: SPY102 missing-variable: plugin.py: variable LIMIT is missing (spymodel.yml:3:11)"
        in status.message
    )
    assert AMD64 not in status.message
    (detail,) = status.details
    assert detail.type_url == "github.com/moby/buildkit/errdefs.Source+json"
    place = json.loads(detail.value)
    assert place["info"]["filename"] == "spymodel.yml"
    assert base64.b64decode(place["info"]["data"]) == CONTRACT
    assert place["ranges"] == [{"start": {"line": 3}, "end": {"line": 3}}]


def test_a_finding_of_several_platforms_is_told_once() -> None:
    """With the platforms named."""
    buildkit = FakeBuildKit(configs=BOTH, answers={AMD64: answer(finding()), ARM64: answer(finding())})
    status = refused(buildkit.build())
    assert status.message.count("SPY102") == 1
    assert "linux/amd64, linux/arm64: SPY102" in status.message


def test_names_from_the_image_are_escaped() -> None:
    """A module may put what it likes into its names; a terminal is not to act on it."""
    buildkit = FakeBuildKit(answers={AMD64: answer(finding("variable \x1b[2J\u202e is missing"))})
    assert "\x1b" not in refused(buildkit.build()).message


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (answer(code=2, said="spybuild: spymodel.yml:1:1: no such key", report=None), "spymodel.yml:1:1: no such key"),
        (answer(code=3, said="spybuild: this rootfs has no Python", report=None), "this rootfs has no Python"),
        (answer(code=137, said="", report=None), "ended with 137"),
        (answer(code=1), "it could not be decided"),
        (b"no json", "the validation gave no answer"),
        (b"{}", "the validation gave no answer"),
        (b'{"code": "x", "said": "", "report": null, "contents": {}}', "the validation gave no answer"),
    ],
)
def test_what_is_no_pass_is_refused(told: object, words: str) -> None:
    """Whatever kept a platform from passing, the build fails and says why."""
    assert words in refused(FakeBuildKit(answers={AMD64: told}).build()).message


def test_the_dockerfiles_own_errors_keep_their_lines() -> None:
    """A RUN that fails comes back as BuildKit told it."""
    told = wire.Status(code=2, message="process did not complete", details=[wire.Detail(type_url="x", value=b"y")])
    failure = RpcError(2, "process did not complete", told.SerializeToString())
    assert refused(FakeBuildKit(failure=failure).build()) == told


def test_a_build_without_a_contract_fails_and_says_how_to_name_one() -> None:
    """Nothing to check is never a pass."""
    status = refused(FakeBuildKit(context={}).build())
    assert "no contract: the build's context has no spymodel.yml" in status.message
    assert "SPYBUILD_CONTRACT" in status.message


def test_the_contract_that_the_build_names_is_used() -> None:
    """Whatever the image's label says."""
    buildkit = FakeBuildKit(
        configs={AMD64: {"Labels": {"org.spybuild.contract": "/app/own.yml"}}}, context={"ci/gate.yml": CONTRACT}
    )
    passed(buildkit.build(**{"build-arg:SPYBUILD_CONTRACT": "ci/gate.yml"}))
    assert buildkit.steps()[0].exec.mounts


@pytest.mark.parametrize("wrong", [{"report": None}, {"verdict": "undecided"}, {"platforms": []}, {"code": 1}])
def test_a_pass_is_one_only_where_everything_says_so(wrong: dict[str, Any]) -> None:
    """Whatever wrote the answer: the exit code alone is no verdict."""
    told = answer()
    for name, value in wrong.items():
        (told if name in told else told["report"])[name] = value
    assert "spybuild: " in refused(FakeBuildKit(answers={AMD64: told}, capabilities=()).build()).message


def test_a_buildkit_that_shows_no_warnings_builds_all_the_same() -> None:
    """Before 0.10; the step's output has them."""
    told = answer()
    told["report"]["warnings"] = ["spymodel.yml:1:1: something"]
    passed(FakeBuildKit(answers={AMD64: told}, shows_warnings=False).build())


def test_a_platform_without_anything_is_refused_and_nothing_is_added_to_the_result() -> None:
    """A protobuf map makes what it is asked for."""
    result = wire.Result()
    result.refs.refs[AMD64].id = "a"
    entries = [{"ID": ARM64, "Platform": {"os": "linux", "architecture": "arm64"}}]
    result.metadata["refs.platforms"] = json.dumps({"Platforms": entries}).encode()
    with pytest.raises(RpcError, match="linux/arm64"):
        list(platforms_of(result))
    assert list(result.refs.refs) == [AMD64]


def test_what_fails_in_the_dockerfile_is_not_told_as_a_missing_contract() -> None:
    """Nothing has run yet when the contract is read from the image: `COPY missing.txt` fails only then."""
    labels = {"Labels": {"org.spybuild.contract": "/app/own.yml"}}
    failing = RpcError(2, 'failed to compute cache key: "/missing.txt": not found')
    status = refused(FakeBuildKit(configs={AMD64: labels}, context={}, lazy_failure=failing).build())
    assert "/missing.txt" in status.message
    assert "no contract" not in status.message


def test_a_label_that_is_no_name_is_refused() -> None:
    """It would be shown on a terminal as it is."""
    name = "/a\x1b[2J"
    labels = {"Labels": {"org.spybuild.contract": name}}
    status = refused(FakeBuildKit(configs={AMD64: labels}, context={name: CONTRACT}).build())
    assert "is no file's name" in status.message
    assert "\x1b" not in status.message


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        ("SECRETS=../usr", "no name of a variable"),
        ("SECRETS=A=b", "no name of a variable"),
        ("STRICT=2", "neither true"),
        ("VARIABLES=A=1,B", "no NAME=value"),
        ("VARIABLES==1", "no NAME=value"),
    ],
)
def test_an_option_with_a_value_that_cannot_be_is_refused(argument: str, told: str) -> None:
    """Before anything is built."""
    name, _, value = argument.partition("=")
    buildkit = FakeBuildKit()
    assert told in refused(buildkit.build(**{f"build-arg:SPYBUILD_{name}": value})).message
    assert buildkit.solved() == []


@pytest.mark.parametrize("again", ["a pass", "no pass"])
def test_what_did_not_pass_in_an_earlier_build_is_tried_again(again: str) -> None:
    """BuildKit's cache does not see that a secret is there now, nor that the machine is less busy."""
    first = answer(finding(), made_at=0)
    buildkit = FakeBuildKit(answers={AMD64: [first, answer() if again == "a pass" else answer(finding())]})
    made = buildkit.build()
    (passed if again == "a pass" else refused)(made)
    assert len(buildkit.steps()) >= 2
    _, anew = (each.definition for each in buildkit.solved() if each.evaluate)
    assert all(each.ignore_cache for each in anew.metadata.values() if "[spybuild]" in str(each.description))


def test_a_pass_of_an_earlier_build_is_not_run_again() -> None:
    """That is what the cache is for."""
    buildkit = FakeBuildKit(answers={AMD64: answer(made_at=0)})
    passed(buildkit.build())
    assert len([each for each in buildkit.solved() if each.evaluate]) == 1


def test_a_contract_that_is_a_pipe_is_refused_unread() -> None:
    """BuildKit would wait for somebody to write to it."""
    labels = {"Labels": {"org.spybuild.contract": "/weak.yml"}}
    buildkit = FakeBuildKit(configs={AMD64: labels}, context={"/weak.yml": CONTRACT}, pipes=frozenset(["/weak.yml"]))
    assert "/weak.yml is no regular file" in refused(buildkit.build()).message
    assert "/weak.yml" not in [wire.ReadFileRequest.FromString(each).path for each in buildkit.served.of("ReadFile")]


def test_a_contract_that_the_image_brought_is_named_in_a_warning() -> None:
    """The label may be the base's, and spymodel.yml forgotten."""
    labels = {"Labels": {"org.spybuild.contract": "/weak.yml"}}
    buildkit = FakeBuildKit(configs={AMD64: labels}, context={"/weak.yml": CONTRACT})
    passed(buildkit.build())
    (warning,) = (wire.WarnRequest.FromString(each) for each in buildkit.served.of("Warn"))
    assert b"the image's own /weak.yml" in warning.short


def test_our_own_frontend_as_the_inner_one_does_not_call_itself_for_ever() -> None:
    """What it is handed does not name an inner one."""
    buildkit = FakeBuildKit()
    buildkit.build(**{"build-arg:SPYBUILD_INNER_SYNTAX": "spybuild/frontend"})
    assert not [name for each in buildkit.solved() for name in each.frontend_options if "INNER_SYNTAX" in name]


def test_statements_can_be_left_out() -> None:
    """With `--provenance=false` an image then stays a single manifest."""
    result = passed(FakeBuildKit().build(**{"build-arg:SPYBUILD_STATEMENTS": "0"}))
    assert not result.attestations


def test_a_modules_words_begin_no_line() -> None:
    """CI services read commands at the beginnings of lines."""
    told = finding("plugin.py raised ValueError: x\n::stop-commands::tok\nlinux/arm64: all is well")
    message = refused(FakeBuildKit(answers={AMD64: answer(told)}).build()).message
    assert [line for line in message.splitlines() if line.startswith((":", "linux"))] == []


def test_undecided_is_not_told_as_broken() -> None:
    """Nobody knows."""
    told = answer(finding())
    told["report"]["verdict"] = "undecided"
    assert "could not be decided" in refused(FakeBuildKit(answers={AMD64: told}).build()).message


def test_a_step_that_cannot_be_run_is_told_in_a_sentence() -> None:
    """A file of the image may lie where SpyBuild is to be mounted."""
    failing = 'process "/.spybuild/bin/step" did not complete successfully: exit code: 1'
    status = refused(FakeBuildKit(foreign_failure="", step_failure=failing).build())
    assert "SpyBuild could not be run in this image" in status.message


def test_an_inner_syntax_of_blanks_is_none() -> None:
    """`--build-arg SPYBUILD_INNER_SYNTAX=" "`."""
    passed(FakeBuildKit().build(**{"build-arg:SPYBUILD_INNER_SYNTAX": " "}))


def test_the_json_of_a_call_has_the_platform_that_gave_no_report() -> None:
    """It is undecided, and so is the whole."""
    told = {ARM64: answer(code=3, said="spybuild: no Python", report=None)}
    result = FakeBuildKit(configs={AMD64: {}, ARM64: {}}, answers=told).build(requestid="frontend.spybuild")
    assert isinstance(result, wire.Result)
    report = json.loads(result.metadata["result.json"])
    assert (report["verdict"], [each["problem"] for each in report["platforms"]]) == (
        "undecided", [None, "spybuild: no Python"],
    )  # fmt: skip
    assert "spybuild: no Python" in result.metadata["result.txt"].decode()


def test_many_findings_are_told_in_part() -> None:
    """An error goes over the line several times, and nobody reads a thousand."""
    many = [finding(f"variable V{number} is missing", line=number) for number in range(1000)]
    status = refused(FakeBuildKit(answers={AMD64: answer(*many)}).build())
    assert len(status.details) == 10
    assert "… and 900 more" in status.message


def test_a_label_that_a_base_may_have_brought_does_not_replace_the_contexts_contract() -> None:
    """Whoever made the base would decide what is demanded."""
    labels = {"Labels": {"org.spybuild.contract": "/weak.yml"}}
    context = {"spymodel.yml": CONTRACT, "/weak.yml": b"filename: plugin.py"}
    buildkit = FakeBuildKit(configs={AMD64: labels, ARM64: labels}, context=context)
    passed(buildkit.build())
    read = [wire.ReadFileRequest.FromString(each).path for each in buildkit.served.of("ReadFile")]
    assert ("/found/spymodel.yml" in read, "/weak.yml" in read) == (True, False)


def test_the_contract_that_the_images_label_names_is_read_from_the_image() -> None:
    """Each platform's own."""
    labels = {"Labels": {"org.spybuild.contract": "/app/own.yml"}}
    passed(FakeBuildKit(configs={AMD64: labels, ARM64: labels}, context={"/app/own.yml": CONTRACT}).build())
    missing = refused(FakeBuildKit(configs={AMD64: labels}, context={}).build())
    assert "/app/own.yml, which its label org.spybuild.contract names" in missing.message


def test_an_option_that_there_is_not_is_refused() -> None:
    """A misspelt one would be a check that is not made."""
    status = refused(FakeBuildKit().build(**{"build-arg:SPYBUILD_STRIKT": "1"}))
    assert "no build argument SPYBUILD_STRIKT" in status.message


def test_a_build_of_no_platform_is_refused() -> None:
    """Nothing validated is never a pass."""
    assert "no platform" in refused(FakeBuildKit(configs={}).build()).message


def test_buildkits_without_attestations_get_none() -> None:
    """They would refuse the result; the contract is enforced all the same."""
    assert not passed(FakeBuildKit(capabilities=()).build()).attestations


def test_the_result_of_an_old_buildkit_is_one_platform() -> None:
    """Before 0.11 there is no `refs.platforms`."""
    assert passed(FakeBuildKit(is_old=True, capabilities=()).build()).ref.id == AMD64


@pytest.mark.parametrize("call", ["frontend.outline", "frontend.subrequests.describe", "frontend.lint"])
def test_other_calls_are_the_dockerfile_frontends(call: str) -> None:
    """They build nothing, so there is nothing to validate."""
    buildkit = FakeBuildKit()
    passed(buildkit.build(requestid=call))
    assert not buildkit.steps()


@pytest.mark.parametrize(("told", "code"), [(answer(), b"0"), (answer(finding()), b"1")])
def test_our_own_call_gives_the_table_and_the_exit_code(told: object, code: bytes) -> None:
    """And no image."""
    result = passed(FakeBuildKit(configs=BOTH, answers={ARM64: told}).build(requestid="frontend.spybuild"))
    assert result.WhichOneof("result") is None
    assert result.metadata["result.statuscode"] == code
    assert b"plugin.py" in result.metadata["result.txt"]
    assert len(json.loads(result.metadata["result.json"])["platforms"]) == 2


def test_a_foreign_platform_is_tried_with_a_runtime_of_its_own_where_ours_cannot_be_run() -> None:
    """A BuildKit that brings its own emulators hands them all programs of the step."""
    buildkit = FakeBuildKit(configs={ARM64: {}}, foreign_failure="exec /.spybuild/bin/step: exec format error")
    passed(buildkit.build())
    assert len(buildkit.steps()) == 2


def test_a_step_that_cannot_be_run_at_all_fails_the_build() -> None:
    """No answer is never a pass."""
    buildkit = FakeBuildKit(configs={ARM64: {}}, foreign_failure="no space left on device")
    assert "no space left" in refused(buildkit.build()).message


def test_the_statement_says_what_was_validated() -> None:
    """in-toto's test-result, with the files' digests: the image's own, so it is attached inline only."""
    told = answer(contents={"/app/plugin.py": f"sha256:{'1' * 64}"})
    buildkit = FakeBuildKit(answers={AMD64: told})
    (attached,) = passed(buildkit.build()).attestations[AMD64].attestation
    assert attached.in_toto_predicate_type == "https://in-toto.io/attestation/test-result/v0.1"
    assert attached.metadata == {"inline-only": b"true"}
    predicate = json.loads(head_of(buildkit.solved()[-1].definition).file.actions[0].make_file.data)
    assert predicate["result"] == "PASSED"
    assert predicate["spybuildFromBuild"]["madeWith"] == {"variables": [], "python": "", "user": "nobody"}
    assert predicate["spybuildFromBuild"]["contents"] == [{"digest": f"sha256:{'1' * 64}", "path": "/app/plugin.py"}]


def test_a_validation_is_exported_with_the_cache() -> None:
    """`--cache-to` takes what the result rests on: the statement is made beside the step's answer, not from nothing."""
    buildkit = FakeBuildKit()
    passed(buildkit.build())
    (step,) = buildkit.steps()
    graph = buildkit.solved()[-1].definition
    statement = head_of(graph)
    (below,) = (each for each in graph.operations if digest_of(each) == statement.inputs[0].digest)
    assert wire.Operation.FromString(below) == step
    assert statement.file.actions[0].input == 0


def test_warnings_of_the_contract_are_the_clients_warnings() -> None:
    """Each once, though every platform has it."""
    told = answer()
    told["report"]["warnings"] = ["spymodel.yml:2:1: a key of another time"]
    buildkit = FakeBuildKit(configs=BOTH, answers={AMD64: told, ARM64: told})
    passed(buildkit.build())
    (warning,) = buildkit.served.of("Warn")
    assert b"a key of another time" in warning


def test_no_cache_is_for_our_steps_too() -> None:
    """`--no-cache` without stages is for everything."""
    buildkit = FakeBuildKit()
    passed(buildkit.build(**{"no-cache": ""}))
    ignored = [each.ignore_cache for made in buildkit.solved() for each in made.definition.metadata.values()]
    assert any(ignored)


def test_remote_caches_are_for_our_steps_too() -> None:
    """`--cache-from`: a validation that another machine made is not made again."""
    caches = json.dumps([{"Type": "registry", "Attrs": {"ref": "r/cache"}}])
    buildkit = FakeBuildKit()
    passed(buildkit.build(**{"cache-imports": caches}))
    step = next(each for each in buildkit.solved() if each.evaluate)
    assert [(each.type, dict(each.attributes)) for each in step.cache_imports] == [("registry", {"ref": "r/cache"})]


def test_an_inner_syntax_is_forwarded_to() -> None:
    """The build's own Dockerfile frontend, instead of BuildKit's."""
    buildkit = FakeBuildKit()
    passed(buildkit.build(**{"build-arg:SPYBUILD_INNER_SYNTAX": "docker/dockerfile:1"}))
    forwarded = next(each for each in buildkit.solved() if not each.frontend_inputs)
    assert (forwarded.frontend, forwarded.frontend_options["source"]) == ("gateway.v0", "docker/dockerfile:1")


def test_a_secret_is_mounted_as_a_secret_and_not_as_an_ssh_agent() -> None:
    """BuildKit's numbers of mount kinds: 1 is a secret, 4 a tmpfs; 2, SSH without options, ended a whole dockerd."""
    buildkit = FakeBuildKit()
    passed(buildkit.build(**{"build-arg:SPYBUILD_SECRETS": "TOKEN, KEY"}))
    mounts = {mount.destination: mount for mount in buildkit.steps()[0].exec.mounts}
    assert [mounts[f"/.spybuild-secrets/{name}"].kind for name in ("TOKEN", "KEY")] == [1, 1]
    assert mounts["/.spybuild-secrets/KEY"].secret.optional
    assert mounts["/tmp"].kind == 4
