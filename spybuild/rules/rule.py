"""What a rule is, and how a breach of it becomes a finding."""

from dataclasses import dataclass
from typing import Any

from spybuild.model.base import Location
from spybuild.model.finding import Category, Finding, ImageLocation


@dataclass(frozen=True)
class Rule:
    """One check: its stable id and name, what it means, and what mends a breach of it.

    `category` is what a breach usually is; `importspy_code` the code that ImportSpy has for it, if any.
    """

    id: str
    name: str
    category: Category
    meaning: str
    remedy: str
    importspy_code: str | None = None

    def breach(self, message: str, *, category: Category | None = None, **details: Any) -> Finding:
        """The finding that this rule is broken; `details` are the other fields of `Finding`."""
        fields = {"remedy": self.remedy, "importspy_code": self.importspy_code, **details}
        return Finding(rule=self.id, name=self.name, category=category or self.category, message=message, **fields)


@dataclass(frozen=True)
class Place:
    """The element under check: the module's name in the contract, what messages call it, where it is in the image."""

    module: str
    label: str
    image: ImageLocation | None

    def breach(
        self, rule: Rule, message: str, contract: Location | None, expected: str | None = None, found: str | None = None
    ) -> Finding:
        """The finding that `rule` is broken here; `contract` is the place in the contract that asks."""
        return rule.breach(
            message,
            expected=expected,
            found=found,
            module=self.module,
            contract_location=contract,
            image_location=self.image,
        )
