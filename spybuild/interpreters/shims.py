"""Start-up code that installers put into site folders and that is known to provide no module of its own.

Its name proves nothing, for anybody can write a `_virtualenv.py`. It is believed by its content, where that is always
the same, or where the RECORD of the distribution that ships it has its hash.
"""

import base64
import posixpath
import re
from functools import cached_property

from spybuild.errors import ImageInvalid
from spybuild.images.files import Files

# sha256 of all that virtualenv (20.0 and later) and uv have written as `_virtualenv.py`
_VIRTUALENV = frozenset(
    bytes.fromhex(each)
    for each in (
        "0278334cdcfab4c746b4416fbd5c2b6e7da937c81e132397d62c361d404ebe0e",
        "02943e192823d75212f206e1f2991ac572119882683a95dfbb7a1b913d7b14b5",
        "07584d2a5d13e0811eb567d78ed2aca0fb60e7defff59a01ca7a48d907bdea51",
        "095a1099733d28c837bca584f5fb3eb3724e357f8846c015083dc6e9a7b985f3",
        "0aeb86546345c1d0fada097536e35525714d5cdbcc2d8eb3f9912a955044fcff",
        "0f20351ea7e90039c46d3fabdef991f28b1e3ff33eb13ee6f0d5cd21ea0e8b14",
        "119e4eb9c1a39e6ffd220840844bd326fa1bd3acf2f1c9fa0612949aedc228a5",
        "460589e83387d4dfe5fd84d41c5f6979599f5cd080983d73c832549161c80435",
        "65de6a7145016299fba5fc2f113d278b53db54fa9a4f32ff4b837d5ee2a4608a",
        "684b8c07932ba4a84ac2e5ae9afe49ef04e92bac3d8d4191d455cf09d093e5fc",
        "6cf30c56faf2a55228914dbbd17f8088ed371ebb08f5e7fa6fd931f913fcaf1d",
        "7169dab6537491cb9c573ff83ea0112955fd5180d8535cac70d4c987398dbeef",
        "82944bb74841efbcfdc3539e7d60df63f43cc023041eb183abbd56f44e071b45",
        "956a757e912269c3a2537374d07e70b8faa04ace69b54df88a21f749c5fd4233",
        "96245d9e9c0b16fdcd99b470abe101863858120c9bf57752278ec4d7f9b09a94",
        "bd9633de3d8122488d66fcfa0c7f0c9cd0b58e9147938ddf1f8fa76ca12b6ad5",
        "bec6155ff7bfc88f8e79e481f27fd7ee0a3b40eeca9bfeb41f4c4b997b2f8100",
        "c9199315871b11b12df226f890a38e66e63191e1adbfb11a66e6861151b33fca",
        "ce57d5e0d9b5d7356cb42da7450ba8f9359bdf693e335f4c921626943c77e64d",
        "cfb3db86aaa53bb62b5ff764970bec2d71c9228590a0ebec57f6ec926cc0bf1a",
        "d1ea23a2be4bcbac5e75c69bc03926397bf53ae16e35c58d7c3b73306cb1a81e",
        "e3db5fe06ab41ca9b95dd6463b83836787028a1b55562cc383803bb83001a45c",
        "e8c426ce260f866254ff35cefedc8b3efbd6d1446d99d7a4cdeb0095f98a8b8f",
        "ee52b2e2e720a40885a6b4b90c40e28e5c70e550af74d5efd169eaa5db2a6f6f",
        "f4dfaeb9efc1614890cfa94ed15bbe9b2ee15fbe76d569ef5e435e93e4987dc7",
    )
)
_LINE = re.compile(
    rb"^(__editable___\w+_finder\.py|_distutils_hack/\w+\.py),sha256=([\w-]{43})=?,", re.MULTILINE | re.ASCII
)
_LARGEST_RECORD = 16 << 20


class Shims:
    """The start-up code of one site folder."""

    def __init__(self, files: Files, folder: str) -> None:
        """Look into a site folder of the tree `files`; RECORDs are read when one is needed."""
        self._files, self._folder = files, folder

    def is_virtualenv(self, path: str) -> bool:
        """Whether the file is the `_virtualenv.py` that virtualenv or uv writes."""
        return self._hash(path) in _VIRTUALENV

    def is_recorded(self, path: str, distribution: str = "") -> bool:
        """Whether a RECORD in the folder has the file, with its hash; that of one distribution, where it is named."""
        owners = self._recorded.get(posixpath.relpath(path, self._folder), {})
        digest = self._hash(path)
        return any(digest == recorded for name, recorded in owners.items() if distribution in ("", name))

    def _hash(self, path: str) -> bytes:
        try:
            return bytes.fromhex(self._files.sha256(path))
        except (FileNotFoundError, ImageInvalid):
            return b""

    @cached_property
    def _recorded(self) -> dict[str, dict[str, bytes]]:
        """What RECORDs say of start-up code: by path, the hash that each distribution has for it."""
        found: dict[str, dict[str, bytes]] = {}
        for name in self._files.names(self._folder):
            if name.endswith(".dist-info"):
                for match in _LINE.finditer(self._record(name)):
                    owners = found.setdefault(match[1].decode(), {})
                    owners[name.partition("-")[0].lower()] = base64.urlsafe_b64decode(match[2] + b"=")
        return found

    def _record(self, name: str) -> bytes:
        try:
            return self._files.read(posixpath.join(self._folder, name, "RECORD"), _LARGEST_RECORD)
        except (FileNotFoundError, ImageInvalid):
            return b""
