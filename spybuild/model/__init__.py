"""The words of SpyBuild as data: leaf types that every other part speaks. No I/O, no clock, nothing mutable."""
