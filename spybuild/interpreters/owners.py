"""Which installed distribution a module belongs to, told as the probe tells it (its `distribution`)."""

import posixpath

from spybuild.images.files import Files, text_of
from spybuild.model.facts import Distribution

_LARGEST = 8 << 20
_SUFFIXES = (".dist-info", ".egg-info")


class Owners:
    """Finds the owners of modules along one `sys.path`. What is read is kept, up to a bound."""

    _MOST_KEPT = 64 << 20

    def __init__(self, files: Files) -> None:
        """Look in the tree `files`."""
        self._files = files
        self._texts: dict[str, str] = {}
        self._kept = 0

    def owner(self, name: str, path: str | None, search_path: tuple[str, ...]) -> Distribution | None:
        """Name and version of the distribution that a module's file belongs to, as its metadata writes them.

        Args:
            name: the module's import name.
            path: its file; a module without one belongs to nobody.
            search_path: `sys.path`.
        """
        top = name.partition(".")[0]
        for entry in search_path if path else ():
            inside = (path or "").startswith(entry.rstrip("/") + "/")
            relative = (path or "")[len(entry.rstrip("/")) + 1 :]
            items = [item for item in self._files.names(entry) if item.endswith(_SUFFIXES)]
            for item in sorted(items, key=lambda each: not each.lower().startswith(top.lower())):
                folder = posixpath.join(entry, item)
                if self._owns(folder, top, relative) if inside else self._is_editable(folder, top):
                    return self._metadata(folder)
        return None

    def _owns(self, folder: str, top: str, relative: str) -> bool:
        """Whether a distribution lists the file, or (older ones) the top-level name."""
        record = self._text(f"{folder}/RECORD")
        if record:
            return f"\n{relative}," in "\n" + record
        return top in self._text(f"{folder}/top_level.txt").split()

    def _is_editable(self, folder: str, top: str) -> bool:
        link = self._text(f"{folder}/direct_url.json").replace(" ", "")
        return '"editable":true' in link and top in self._text(f"{folder}/top_level.txt").split()

    def _metadata(self, folder: str) -> Distribution | None:
        """Name and version from the head of the first file there is; the first of two lines with one key counts."""
        texts = (self._text(path) for path in (f"{folder}/METADATA", f"{folder}/PKG-INFO", folder))
        head = next(filter(None, texts), "").partition("\n\n")[0]
        fields = dict(line.partition(": ")[::2] for line in reversed(head.splitlines()))
        if "Name" not in fields or "Version" not in fields:
            return None
        return Distribution(name=fields["Name"], version=fields["Version"])

    def _text(self, path: str) -> str:
        if path not in self._texts:
            text = text_of(self._files, path, _LARGEST)
            if self._kept + len(text) > self._MOST_KEPT:
                return text
            self._kept += len(text)
            self._texts[path] = text
        return self._texts[path]
