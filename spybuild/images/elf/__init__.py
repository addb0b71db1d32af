"""What ELF files say of themselves, read without executing or mapping them; hostile offsets and counts are bounded."""

from spybuild.images.elf.reading import MAGIC, ReadAt, read_elf

__all__ = ["MAGIC", "ReadAt", "read_elf"]
