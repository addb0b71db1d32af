"""The command line: one file per verb. A verb parses, calls one library function, renders, and returns an exit code.

0 pass   1 contract violated, or undecided   2 usage, or contract invalid   3 environment
4 evidence missing or not verified   5 evidence verified, policy says no
"""

from spybuild.cli.app import main

__all__ = ["main"]
