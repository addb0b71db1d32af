"""Statements, signers, bundles, verification."""
