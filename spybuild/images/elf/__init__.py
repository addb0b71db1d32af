"""What ELF files say of themselves, read without executing or mapping them; hostile offsets and counts are bounded."""
