"""The parts that the interpreter is put together from."""

import inspect
from collections import Counter

from spybuild.static.interpreter import Interpreter


def test_no_part_hides_a_method_of_another() -> None:
    """A method is one part's own; only those that a part declares for another one to fill are there twice."""
    owners = [owner for owner in Interpreter.__mro__ if owner.__module__.startswith("spybuild.static")]
    names = Counter(
        name
        for owner in owners
        for name, method in vars(owner).items()
        if inspect.isfunction(method) and "raise NotImplementedError" not in inspect.getsource(method)
    )
    assert not [name for name, count in names.items() if count > 1 and name != "__init__"]
