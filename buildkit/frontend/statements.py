"""What a build says of a platform that passed: the predicate of a statement, which BuildKit makes and attaches.

It is not signed: `spybuild scan --from-build --sign` does that, if the image has the very files that it speaks of.
"""

import json
from typing import Any

from buildkit.frontend.options import Options
from buildkit.frontend.validation import Outcome
from buildkit.frontend.wire import gateway_pb2 as wire
from spybuild.model.from_build import EXTENSION, SCHEMA_VERSION, TEST_RESULT

FILE = "predicate.json"


def predicate(outcome: Outcome, options: Options) -> bytes:
    """The predicate on a platform that passed: in-toto's test-result/v0.1, with the report and the files' digests.

    Args:
        outcome: what validating the platform came to.
        options: what the build asked for: a verdict holds in the surroundings that it was made in.
    """
    report = outcome.report
    assert report is not None
    contract = report["contract"]
    form: dict[str, Any] = {
        "result": "PASSED",
        "configuration": [{"name": contract["path"], "digest": dict([contract["digest"].split(":")])}],
        "passedTests": sorted({module["name"] for platform in report["platforms"] for module in platform["modules"]}),
        "warnedTests": [],
        "failedTests": [],
        EXTENSION: {
            "schemaVersion": SCHEMA_VERSION,
            "platform": outcome.built.name,
            "report": report,
            "madeWith": {
                "variables": sorted(options.variables),
                "python": options.arguments.get("python", ""),
                "user": options.arguments.get("user", "nobody"),
            },
            "contents": [{"path": path, "digest": digest} for path, digest in sorted(outcome.contents.items())],
        },
    }
    return json.dumps(form, sort_keys=True, separators=(",", ":")).encode()


def attestation(ref: wire.Ref) -> wire.Attestation:
    """What BuildKit is to attach: it makes the statement, with the platform's manifest as its subject.

    Args:
        ref: a folder with the predicate in it.
    """
    return wire.Attestation(
        ref=ref,
        path=f"/{FILE}",
        in_toto_predicate_type=TEST_RESULT,
        in_toto_subjects=[wire.InTotoSubject()],
        metadata={"inline-only": b"true"},  # else `--output type=docker` would become an index, which does not load
    )
