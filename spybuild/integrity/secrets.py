"""Names that a contract declares secret, found with a value where everyone can read it. Values are never kept."""

import posixpath
import re
from collections.abc import Iterator, Sequence

from spybuild.images.files import Files
from spybuild.model.image import ImageConfig
from spybuild.model.integrity import Leak

_VALUE = r"(?P<value>\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'|[^\s,;}\]#\"']*)"
# what stands for a value that is given later: a variable, a command, a template, nothing
_LATER = re.compile(
    r"""(?ix) \$.* | `.* | %\(.* | %\w+% | \{\{.* | <%.* | !\w.* | null | ~ | none | (os\.)?(environ|getenv)\b.* """
)
_COMMENT = ("#", ";", "//", "--")
_MOST_LEAKS = 200


def leaks(names: Sequence[str], config: ImageConfig, files: Files) -> Iterator[Leak]:
    """Where these names have a value: in the config, and in small text files of any layer, deleted ones as well.

    Args:
        names: the secrets' names.
        config: of the image.
        files: the merged tree, which knows of covered files too.
    """
    if not names:
        return
    in_env = {each.partition("=")[0] for each in config.env if _is_value(each.partition("=")[2])}
    for name in names:
        if name in in_env:
            yield Leak(name=name, place="env")
        elif any(_assigned(name, line) for line in config.history):
            yield Leak(name=name, place="history")
        if any((key == name and _is_value(value)) or _assigned(name, value) for key, value in config.labels.items()):
            yield Leak(name=name, place="label")
    for _, leak in zip(range(_MOST_LEAKS), _in_files(names, files), strict=False):
        yield leak


def _assigned(name: str, text: str) -> bool:
    """Whether a command line gives the name a value."""
    pattern = rf"(?<![\w$%{{.-]){re.escape(name)}=(?!=){_VALUE}"
    return any(_is_value(match["value"]) for match in re.finditer(pattern, text))


def _in_files(names: Sequence[str], files: Files) -> Iterator[Leak]:
    patterns = {name: _pattern(name) for name in names}
    for entry, content in files.covered():
        text = ""
        for name, pattern in patterns.items():
            if posixpath.basename(entry.path) == name and content.strip():
                line = 1
            elif name.encode() in content:
                text = text or content.decode("utf-8", "replace")
                line = next(_lines(pattern, text), 0)
            else:
                continue
            if line:
                here = files.find_link(entry.path)
                hidden = here is None or here.layer != entry.layer
                yield Leak(name=name, place="file", path=entry.path, line=line, layer=entry.layer, is_hidden=hidden)


def _pattern(name: str) -> re.Pattern[str]:
    """Assignments in dotenv, ini, TOML, YAML, JSON and shell, and Kubernetes' pairs of `name:` and `value:`."""
    word = re.escape(name)
    assigned = rf"(?<![\w$%{{.-]){word}\s*=(?!=)[ \t]*"
    mapped = rf"(?<![\w$%{{.-]){word}[ \t]*:[ \t]+|[\"']{word}[\"'][ \t]*[:=][ \t]*"
    blank = r"[ \t]*+"  # possessive: long runs of blanks are gone over once
    paired = rf"\bname[\"']?{blank}:{blank}[\"']?{word}[\"']?{blank},?+\s*+[\"']?value[\"']?{blank}:{blank}"
    dockerfile = rf"^[ \t]*ENV[ \t]+{word}[ \t]+"
    return re.compile(rf"(?:{assigned}|{mapped}|{paired}|{dockerfile}){_VALUE}", re.MULTILINE)


def _lines(pattern: re.Pattern[str], text: str) -> Iterator[int]:
    """The lines, counted from 1, of assignments with a value; comments have none."""
    for match in pattern.finditer(text):
        start = text.rfind("\n", 0, match.start()) + 1
        if _is_value(match["value"]) and not text[start : match.start() + 1].lstrip().startswith(_COMMENT):
            yield text.count("\n", 0, match.start("value")) + 1


def _is_value(value: str) -> bool:
    bare = value.strip().strip("\"'").strip()
    return bool(bare) and not _LATER.fullmatch(bare)
