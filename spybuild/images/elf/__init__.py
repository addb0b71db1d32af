"""What ELF files say of themselves, read without executing or mapping them; hostile offsets and counts are bounded.

The names below are loaded when they are first used: several threads load parts of this package, and one that loads the
package, which loads a part, would wait for one that loads that part, which waits for the package.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spybuild.images.elf.header import MAGIC as MAGIC
    from spybuild.images.elf.header import ReadAt as ReadAt
    from spybuild.images.elf.header import reader_of as reader_of
    from spybuild.images.elf.reading import read_elf as read_elf

__all__ = ["MAGIC", "ReadAt", "read_elf", "reader_of"]

_HOMES = {"MAGIC": "header", "ReadAt": "header", "read_elf": "reading", "reader_of": "header"}


def __getattr__(name: str) -> Any:
    """Load a name when it is first asked for (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
