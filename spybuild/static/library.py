"""The sources of one platform, parsed, and what their text alone tells: each once, for all modules that are asked for.

Nothing here depends on which module is read first, so it may be shared among readings that share nothing else.
"""

import ast
from collections import OrderedDict
from dataclasses import dataclass
from weakref import WeakValueDictionary

from spybuild.errors import ImageInvalid
from spybuild.images.files import Files
from spybuild.model.target import Target
from spybuild.static import parsing
from spybuild.static.budget import Budget
from spybuild.static.effects import Effects
from spybuild.static.exposure import Exposure
from spybuild.static.parsing import Unparsed

_MOST_KEPT = 1_500_000  # bytes of source that nobody is reading now; trees take some forty times as much
_TOKENS_A_STEP = 4


@dataclass(slots=True, weakref_slot=True)
class Book:
    """A source file: its tree, its lines, and what its functions may do, at once and later."""

    tree: ast.Module
    lines: list[str]
    effects: Effects
    exposure: Exposure
    tokens: int
    size: int


class Library:
    """Reads and parses the files of one platform for one target; counts in `budget` what that costs."""

    def __init__(self, files: Files, target: Target) -> None:
        self.files, self.target, self.budget = files, target, Budget()
        self._books: OrderedDict[tuple[str, bool], Book] = OrderedDict()
        self._in_use: WeakValueDictionary[tuple[str, bool], Book] = WeakValueDictionary()
        self._size = 0
        self._imports: dict[str, tuple[tuple[bytes, bytes, bytes], ...]] = {}

    def book(self, path: str, *, checked: bool) -> Book | Unparsed:
        """A source file, parsed; or why that cannot be done.

        Args:
            path: the file.
            checked: as `parsing.parse`.

        Raises:
            TooMuch: the budget is used up.
        """
        known = self._in_use.get((path, checked))
        if known is None:
            return self._new(path, checked)
        if (path, checked) in self._books:
            self._books.move_to_end((path, checked))
        self.budget.spend(known.tokens // _TOKENS_A_STEP)  # as if it were parsed: what is shared changes nothing
        return known

    def _new(self, path: str, checked: bool) -> Book | Unparsed:
        try:
            source = self.files.read(path)
        except (FileNotFoundError, ImageInvalid) as error:
            return parsing.unreadable(f"{path} cannot be read: {error}")
        tokens = parsing.tokens_of(source)
        self.budget.spend(min(tokens, parsing.MOST_TOKENS) // _TOKENS_A_STEP)
        tree = parsing.parse(source, path, self.target, checked=checked)
        if isinstance(tree, Unparsed):
            return tree
        lines = source.decode("utf-8", "replace").split("\n")
        book = Book(tree, lines, Effects(tree), Exposure(tree), tokens, len(source))
        self._keep((path, checked), book)
        return book

    def _keep(self, key: tuple[str, bool], book: Book) -> None:
        self._books[key] = self._in_use[key] = book
        self._size += book.size
        while self._size > _MOST_KEPT:
            self._size -= self._books.popitem(last=False)[1].size

    def imports(self, path: str) -> tuple[tuple[bytes, bytes, bytes], ...]:
        """The import statements at a file's left margin, by a pattern: (modules, or dots and module).

        Raises:
            TooMuch: the budget is used up.
        """
        if path not in self._imports:
            self._imports[path] = self._searched(path)
        self.budget.spend(10 + len(self._imports[path]))
        return self._imports[path]

    def _searched(self, path: str) -> tuple[tuple[bytes, bytes, bytes], ...]:
        try:
            source = self.files.read(path)
        except (FileNotFoundError, ImageInvalid):
            return ()
        return parsing.imports_in(source)
