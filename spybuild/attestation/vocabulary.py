"""The words of statements: who makes them and who reads them share no more than these."""

STATEMENT_V1 = "https://in-toto.io/Statement/v1"
STATEMENT_V01 = "https://in-toto.io/Statement/v0.1"
PASSED_PROPERTY = "SPYBUILD_CONTRACT_PASSED"
VERIFIER = "https://spybuild.org/verifier/v1"
EXTENSION = "spybuild"
SCHEMA_VERSION = 1
NO_NAME = "_"
