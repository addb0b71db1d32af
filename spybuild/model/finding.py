"""A finding: one rule broken, or undecided, at one place. A value, never an exception."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator

from spybuild.model.base import Location, Model
from spybuild.model.names import encodable

Told = Annotated[str, AfterValidator(encodable)]  # may speak of a path of the image, which is bytes


class Category(StrEnum):
    """What kind of breach: not there, different, not well formed, or not to be known."""

    MISSING = "MISSING"
    MISMATCH = "MISMATCH"
    INVALID = "INVALID"
    UNKNOWN = "UNKNOWN"


class ImageLocation(Model):
    """A place in the image: the file's path there, and the line where it is known."""

    path: Told
    line: int | None = None

    def __str__(self) -> str:
        return self.path if self.line is None else f"{self.path}:{self.line}"


class Finding(Model):
    """One rule broken, or undecided, at one place. `rule` and `name` are those of the catalogue."""

    rule: str
    name: str
    category: Category
    message: Told
    expected: Told | None = None
    found: Told | None = None
    module: str | None = None
    contract_location: Location | None = None
    image_location: ImageLocation | None = None
    importspy_code: str | None = None
    remedy: str
