"""The words that a build and its reader share: plain, for the build has no time to load models."""

CONTRACT_LABEL = "org.spybuild.contract"
"""The label of an image that has the path of its contract in it."""
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
"""The predicate that says what was tested, and how it came out."""
EXTENSION = "spybuildFromBuild"
"""Our part of that predicate, as the frontend writes it: the report, what it was made with, the files that it is on."""
SCHEMA_VERSION = 2
"""Of that part."""
