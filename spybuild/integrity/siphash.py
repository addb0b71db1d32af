"""SipHash-2-4 (Aumasson and Bernstein, 2012), keyed as Python keys it for hash-based bytecode (PEP 552)."""

_WORD = (1 << 64) - 1
_State = tuple[int, int, int, int]


def siphash24(key: int, message: bytes) -> bytes:
    """The hash of `message` under a 128-bit key whose upper half is zero unless `key` has more than 64 bits.

    Args:
        key: as one little-endian number.
        message: any bytes.

    Returns:
        8 bytes, little-endian.
    """
    low, high = key & _WORD, key >> 64 & _WORD
    state = (low ^ 0x736F6D6570736575, high ^ 0x646F72616E646F6D, low ^ 0x6C7967656E657261, high ^ 0x7465646279746573)
    whole = len(message) & ~7
    for start in range(0, whole, 8):
        state = _absorb(state, int.from_bytes(message[start : start + 8], "little"))
    v0, v1, v2, v3 = _absorb(state, (len(message) & 255) << 56 | int.from_bytes(message[whole:], "little"))
    state = (v0, v1, v2 ^ 0xFF, v3)
    for _ in range(4):
        state = _round(state)
    return (state[0] ^ state[1] ^ state[2] ^ state[3]).to_bytes(8, "little")


def _absorb(state: _State, word: int) -> _State:
    v0, v1, v2, v3 = _round(_round((state[0], state[1], state[2], state[3] ^ word)))
    return v0 ^ word, v1, v2, v3


def _round(state: _State) -> _State:
    v0, v1, v2, v3 = state
    v0 = v0 + v1 & _WORD
    v1 = _rotate(v1, 13) ^ v0
    v0 = _rotate(v0, 32)
    v2 = v2 + v3 & _WORD
    v3 = _rotate(v3, 16) ^ v2
    v0 = v0 + v3 & _WORD
    v3 = _rotate(v3, 21) ^ v0
    v2 = v2 + v1 & _WORD
    v1 = _rotate(v1, 17) ^ v2
    return v0, v1, _rotate(v2, 32), v3


def _rotate(word: int, bits: int) -> int:
    return word << bits & _WORD | word >> 64 - bits
