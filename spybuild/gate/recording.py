"""Evidence as a file: what was found on an image, verified or not, so that a decision can be replayed offline.

The form is `ImageEvidence`'s JSON (`docs/evidence.schema.json`, schema version 1). It holds no signature and is no
proof: whoever decides on a recording trusts whoever wrote it. That is what policies are tested with.
"""

import json
import re
from pathlib import Path

from spybuild.gate.documents import parse_document, read_document
from spybuild.model.attested import ImageEvidence

# what JSON lets stand as it is, and YAML refuses or takes for the end of a line; the readers of both take the escape
_NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def dump_evidence(evidence: ImageEvidence) -> str:
    """The evidence as JSON, two spaces deep, what is not known left out. The same evidence gives the same text."""
    said = {"schemaVersion": 1, **evidence.model_dump(mode="json", by_alias=True, exclude_defaults=True)}
    text = json.dumps(said, indent=2, ensure_ascii=False)
    return _NOT_IN_YAML.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n"


def load_evidence(path: Path | str) -> ImageEvidence:
    """Read the recorded evidence in the file at `path`. Raises as `parse_evidence`; also where it cannot be read."""
    return parse_evidence(read_document(path), str(path))


def parse_evidence(content: bytes, name: str) -> ImageEvidence:
    """Read recorded evidence.

    Args:
        content: JSON, or YAML of the same form.
        name: what messages call it.

    Raises:
        PolicyError: it cannot be used; `problems` holds all reasons, by line.
    """
    return parse_document(content, name, ImageEvidence).sound()
