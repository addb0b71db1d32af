"""What ELF files say of themselves, read without executing or mapping them; hostile offsets and counts are bounded."""

from spybuild.images.elf.header import MAGIC, ReadAt, reader_of
from spybuild.images.elf.reading import read_elf

__all__ = ["MAGIC", "ReadAt", "read_elf", "reader_of"]
