"""How much a layer may be: what goes over is refused with a clear word, so that no layer costs more than it may."""

from dataclasses import dataclass

_GIB = 1 << 30


@dataclass(frozen=True)
class Limits:
    """Bounds for one layer; honest images stay far below each.

    Attributes:
        entries: of the tar, with the directories that it only implies; the largest honest layers have 10^6.
        unpacked: bytes of the tar; models and CUDA come to some tens of GiB.
        ratio: of unpacked to stored bytes, looked at beyond `unsuspicious` unpacked bytes. Sources compress to a fifth,
            zeros to a thousandth (gzip) or less (zstd).
        unsuspicious: bytes of a tar that are read at any ratio.
        path: bytes of a path and of a link's target; Linux has it as PATH_MAX.
        name: bytes of one part of a path; every Linux file system has it as NAME_MAX.
        header: bytes of one pax header or GNU long name; as in Go's archive/tar, which engines read layers with.
        segments: data areas of a sparse file.
        kept: bytes of content that one index keeps; what is beyond is read from the layer again when it is asked for.
        facts: bytes of ELF facts that one index keeps; beyond it the layer is refused.
    """

    entries: int = 5_000_000
    unpacked: int = 64 * _GIB
    ratio: int = 200
    unsuspicious: int = 2 * _GIB
    path: int = 4095
    name: int = 255
    header: int = 1 << 20
    segments: int = 100_000
    kept: int = _GIB
    facts: int = 256 << 20
