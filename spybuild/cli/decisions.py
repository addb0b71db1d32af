"""Decisions and promotions as text and as JSON, in camelCase as the gate's other documents."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from spybuild.cli.options import Format
from spybuild.gate.decision import Decision, Judged, PlatformDecision
from spybuild.gate.text import render_decision
from spybuild.reports.escaping import one_line
from spybuild.verifying import Undecided

if TYPE_CHECKING:
    from spybuild.gate.promote import Promotion
    from spybuild.images.registry.copying import Moved
    from spybuild.verifying import Verification


def shown_verification(verification: "Verification", format_: Format, *, verbose: bool) -> str:
    """What was found on an image, and decided."""
    if format_ is Format.JSON:
        return _dumped(verification_form(verification))
    lines = [f"{verification.evidence.repository}@{verification.evidence.digest}\n"]
    if root := verification.root:
        lines.append(f"trusted root {one_line(root.origin)}{f'  sha256:{root.digest}' if root.digest else ''}\n")
    return "".join(lines) + render_decision(verification.decision, verbose=verbose)


def shown_verifications(results: "Sequence[Verification | Undecided]", format_: Format, *, verbose: bool) -> str:
    """What was found on several images, and decided; `reasons` say why nothing could be."""
    if format_ is Format.JSON:
        return _dumped(
            {"schemaVersion": 1, "exitCode": max(map(exit_code, results)), "images": list(map(_form, results))}
        )
    return "\n".join(_text_of(each, verbose=verbose) for each in results)


def exit_code(result: "Verification | Undecided") -> int:
    """The exit code that one image gives."""
    return result.problem.exit_code if isinstance(result, Undecided) else result.decision.exit_code


def _text_of(result: "Verification | Undecided", *, verbose: bool) -> str:
    if not isinstance(result, Undecided):
        return shown_verification(result, Format.TEXT, verbose=verbose)
    return f"{one_line(str(result.image))}\nrefused: {one_line(result.problem.message)}\ngate: REFUSED\n"


def _form(result: "Verification | Undecided") -> dict[str, Any]:
    if not isinstance(result, Undecided):
        return verification_form(result)
    return {
        "image": str(result.image),
        "admitted": False,
        "exitCode": exit_code(result),
        "reasons": [str(result.problem)],
    }


def verification_form(verification: "Verification") -> dict[str, Any]:
    """A verification as JSON has it."""
    root = verification.root
    return {
        "schemaVersion": 1,
        "image": str(verification.image),
        "repository": verification.evidence.repository,
        "digest": str(verification.evidence.digest),
        "trustedRoot": {"origin": root.origin, "sha256": root.digest or None} if root else None,
        **decision_form(verification.decision),
    }


def shown_promotion(promotion: "Promotion", format_: Format, *, verbose: bool) -> str:
    """What became of a promotion."""
    if format_ is Format.JSON:
        return _dumped(promotion_form(promotion))
    head = f"{promotion.source} -> {promotion.destination}  {promotion.digest}\n"
    moved = _moved(promotion.moved) if promotion.decision.admitted else ""
    return f"{head}{render_decision(promotion.decision, verbose=verbose)}{moved}{_tag(promotion)}\n"


def _moved(moved: "Moved") -> str:
    return (
        f"copied {moved.manifests} manifests, {moved.blobs} blobs ({moved.bytes} bytes; {moved.mounted} more mounted), "
        f"{moved.referrers} referrers; {moved.present} were there already\n"
    )


def _tag(promotion: "Promotion") -> str:
    before = promotion.replaced
    if promotion.is_tagged:
        return f"tag {promotion.destination} moved{f', it was {before}' if before else ''}"
    if promotion.decision.admitted:
        return f"tag {promotion.destination} is this image already"
    return f"tag {promotion.destination} is as it was: {before or 'not there'}"


def promotion_form(promotion: "Promotion") -> dict[str, Any]:
    """A promotion as JSON has it."""
    moved = promotion.moved
    return {
        "schemaVersion": 1,
        "source": str(promotion.source),
        "destination": str(promotion.destination),
        "digest": str(promotion.digest),
        "replaced": _text(promotion.replaced),
        "tagged": promotion.is_tagged,
        "moved": {
            "blobs": moved.blobs,
            "bytes": moved.bytes,
            "mounted": moved.mounted,
            "manifests": moved.manifests,
            "referrers": moved.referrers,
            "present": moved.present,
        },
        "problems": list(promotion.problems),
        **decision_form(promotion.decision),
    }


def decision_form(decision: Decision) -> dict[str, Any]:
    """A decision as JSON has it; `reasons` are those against the image as a whole."""
    return {
        "admitted": decision.admitted,
        "exitCode": decision.exit_code,
        "reasons": list(decision.reasons),
        "attestation": _text(decision.chosen),
        "attestations": [_judged(each) for each in decision.index_attestations],
        "platforms": [_platform(each) for each in decision.platforms],
    }


def _platform(platform: PlatformDecision) -> dict[str, Any]:
    return {
        "platform": str(platform.platform),
        "digest": str(platform.digest),
        "required": platform.is_required,
        "admitted": platform.admitted,
        "reasons": list(platform.reasons),
        "attestation": _text(platform.chosen),
        "attestations": [_judged(each) for each in platform.attestations],
    }


def _judged(judged: Judged) -> dict[str, Any]:
    return {
        "digest": _text(judged.digest),
        "counts": judged.counts,
        "verified": judged.is_verified,
        "fromBuild": judged.from_build,
        "reasons": list(judged.reasons),
    }


def _text(value: object | None) -> str | None:
    return None if value is None else str(value)


def _dumped(form: dict[str, Any]) -> str:
    """ASCII only, so that no name from an image can trick a terminal."""
    return json.dumps(form, indent=2) + "\n"
