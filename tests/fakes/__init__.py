"""Fakes, one per protocol, hand-written; nothing of ours is ever mocked."""
