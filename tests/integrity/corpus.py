"""The corpus: broken images of real wheels, each with its sound twin, and the rules that must find what is broken."""

from tests.integrity import binary_cases, package_cases, starting_cases  # they enter their cases
from tests.integrity.cases import CASES, PATH, Case

__all__ = ["CASES", "PATH", "Case", "binary_cases", "package_cases", "starting_cases"]
