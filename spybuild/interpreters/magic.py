"""The magic numbers of compiled files, by which an interpreter tells its own from others (importlib, PEP 552)."""

# each release of CPython accepts one number; those of its alphas and betas are before it. From 3.11 on, 50 numbers are
# set aside for each minor version
_RANGES = {
    (3, 6): range(3379, 3380),
    (3, 7): range(3390, 3395),
    (3, 8): range(3410, 3414),
    (3, 9): range(3420, 3426),
    (3, 10): range(3430, 3440),
}
_FIRST_OF_311, _EACH = 3450, 50


def is_foreign(head: bytes, minor: tuple[int, int]) -> bool:
    """Whether CPython of this minor version surely refuses a compiled file.

    Args:
        head: the first bytes of the file; fewer than four are no compiled file's.
        minor: major and minor version; of those before 3.6 the numbers are not known, so nothing is refused for sure.
    """
    if minor < min(_RANGES):
        return False
    first = _FIRST_OF_311 + _EACH * (minor[1] - 11)
    numbers = _RANGES.get(minor, range(first, first + _EACH))
    return head[2:4] != b"\r\n" or int.from_bytes(head[:2], "little") not in numbers
