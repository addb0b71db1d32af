"""ELF files made for tests, of either class and byte order, with a dynamic section and version needs."""

import struct
from dataclasses import dataclass

NEEDED, STRTAB, STRSZ, SONAME, RPATH, RUNPATH, VERNEED, VERNEEDNUM = 1, 5, 10, 14, 15, 29, 0x6FFFFFFE, 0x6FFFFFFF
_BASE = 0x10000  # the address of the file's first byte


@dataclass
class Made:
    """What to make; `extra` are further dynamic tags, `tail` bytes after everything else."""

    bits: int = 64
    order: str = "<"
    machine: int = 62
    flags: int = 0
    needed: tuple[str, ...] = ("libc.so.6",)
    soname: str = ""
    runpath: str = ""
    rpath: str = ""
    versions: tuple[tuple[str, str], ...] = ()
    interpreter: str = ""
    tail: bytes = b""
    extra: tuple[tuple[int, int], ...] = ()

    def build(self) -> bytes:
        """The file's bytes."""
        wide = self.bits == 64
        header, segment = (64, 56) if wide else (52, 32)
        interpreter = self.interpreter.encode() + b"\0" if self.interpreter else b""
        count = 2 + bool(interpreter)
        texts, at = b"\0", {}
        for text in (
            *self.needed,
            self.soname,
            self.runpath,
            self.rpath,
            *(part for pair in self.versions for part in pair),
        ):
            at[text] = len(texts)
            texts += text.encode() + b"\0"
        texts_at = header + segment * count + len(interpreter)
        needs_at = texts_at + len(texts)
        needs = self._needs(at)
        dynamic_at = needs_at + len(needs)
        tags = [(NEEDED, at[name]) for name in self.needed]
        tags += [
            (tag, at[text])
            for tag, text in ((SONAME, self.soname), (RUNPATH, self.runpath), (RPATH, self.rpath))
            if text
        ]
        tags += [(STRTAB, _BASE + texts_at), (STRSZ, len(texts))]
        if self.versions:
            tags += [(VERNEED, _BASE + needs_at), (VERNEEDNUM, len({library for library, _ in self.versions}))]
        dynamic = b"".join(
            struct.pack(self.order + ("QQ" if wide else "II"), *pair) for pair in (*tags, *self.extra, (0, 0))
        )
        size = dynamic_at + len(dynamic)
        segments = self._segment(1, 0, size) + self._segment(2, dynamic_at, len(dynamic))
        if interpreter:
            segments += self._segment(3, header + segment * count, len(interpreter))
        return self._header(header, segment, count) + segments + interpreter + texts + needs + dynamic + self.tail

    def _header(self, size: int, segment: int, count: int) -> bytes:
        ident = b"\x7fELF" + bytes([self.bits // 32, 1 if self.order == "<" else 2, 1, 0]) + bytes(8)
        layout = "HHIQQQIHHHHHH" if self.bits == 64 else "HHIIIIIHHHHHH"
        return ident + struct.pack(
            self.order + layout, 3, self.machine, 1, 0, size, 0, self.flags, size, segment, count, 0, 0, 0
        )

    def _segment(self, kind: int, offset: int, size: int) -> bytes:
        address = _BASE + offset
        if self.bits == 64:
            return struct.pack(self.order + "IIQQQQQQ", kind, 4, offset, address, address, size, size, 8)
        return struct.pack(self.order + "IIIIIIII", kind, offset, address, address, size, size, 4, 4)

    def _needs(self, at: dict[str, int]) -> bytes:
        libraries: dict[str, list[str]] = {}
        for library, version in self.versions:
            libraries.setdefault(library, []).append(version)
        data = b""
        for number, (library, versions) in enumerate(libraries.items()):
            following = 0 if number == len(libraries) - 1 else 16 + 16 * len(versions)
            data += struct.pack(self.order + "HHIII", 1, len(versions), at[library], 16, following)
            for place, version in enumerate(versions):
                last = place == len(versions) - 1
                data += struct.pack(self.order + "IHHII", 0, 0, 0, at[version], 0 if last else 16)
        return data
