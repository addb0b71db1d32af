"""The rules of integrity: is the image sound, with no contract at all. See `catalogue` for ids and families."""

from spybuild.model.finding import Category
from spybuild.rules.rule import Rule

MISSING, MISMATCH, INVALID, UNKNOWN = Category.MISSING, Category.MISMATCH, Category.INVALID, Category.UNKNOWN

INTEGRITY = "SPY6"
"""What the ids of these rules begin with."""

# fmt: off
UNDECIDED_INTEGRITY = Rule(
    "SPY600", "undecided-integrity", UNKNOWN,
    "Something of the image's soundness could not be decided: a file is damaged, or nothing was there to check.",
    "Mend or remove the file that is named; an image without Python has nothing that integrity could check.",
)
FOREIGN_BINARY = Rule(
    "SPY601", "foreign-binary", MISMATCH,
    "An extension module, or a library it needs, was built for another architecture than the image's platform.",
    "Install the packages in a stage of that platform (no `--platform=$BUILDPLATFORM`, no COPY of another platform's"
    " site-packages), so that pip picks that platform's wheels.",
)
FOREIGN_ABI = Rule(
    "SPY602", "foreign-abi", MISMATCH,
    "An extension module was built for another Python: the interpreter does not see it, so the module is missing.",
    "Install the distribution with the interpreter that runs it; do not copy site-packages between Python versions.",
)
FOREIGN_LIBC = Rule(
    "SPY603", "foreign-libc", MISMATCH,
    "A binary was built for another C library than the image's: glibc (manylinux) in a musl image, or the reverse.",
    "Install the packages in a stage made from the same base: musllinux wheels for Alpine, manylinux wheels elsewhere.",
)
OLD_LIBRARY = Rule(
    "SPY604", "old-library", MISMATCH,
    "A binary needs a newer version of a system library (glibc, libstdc++) than the image has.",
    "Build on the release that the image runs on, or take a wheel with a lower manylinux tag, or a newer base image.",
)
MISSING_LIBRARY = Rule(
    "SPY605", "missing-library", MISSING,
    "A binary needs a shared library that the dynamic linker finds nowhere in the image.",
    "Install the system package that has the library, in the final stage too, or take a wheel that bundles it.",
)
BROKEN_VENV = Rule(
    "SPY610", "broken-venv", MISSING,
    "A virtual environment has no interpreter: the Python it was made from is not in the image, or its links go round.",
    "Copy the interpreter as well (uv keeps it in UV_PYTHON_INSTALL_DIR), or make the environment in a stage of the"
    " same base, at the same path.",
)
VENV_VERSION = Rule(
    "SPY611", "venv-version", MISMATCH,
    "A virtual environment was made for another Python version than its interpreter: its packages are not seen.",
    "Make the environment with the very base image that runs it; pin the minor version in both stages.",
)
DEAD_SCRIPT = Rule(
    "SPY612", "dead-script", MISSING,
    "Scripts name a Python in their first line that is not in the image.",
    "Make the virtual environment at the path where it will run, or start the programs with `python -m`.",
)
DEAD_ENTRYPOINT = Rule(
    "SPY613", "entrypoint-missing", MISSING,
    "The program that the image starts is not there, may not be executed, or its interpreter is not there.",
    "Correct ENTRYPOINT, CMD or PATH, make the file executable, and check its first line (also for Windows line ends).",
)
EDITED_FILE = Rule(
    "SPY620", "edited-file", MISMATCH,
    "A file of an installed distribution is not what the distribution's RECORD says.",
    "Install the distribution afresh; a patch belongs into a distribution of its own version.",
)
MISSING_FILE = Rule(
    "SPY621", "missing-file", MISSING,
    "Files of an installed distribution that its RECORD lists are not in the image.",
    "Install the distribution afresh; when slimming an image, delete only tests, docs and caches.",
)
EXTRA_FILE = Rule(
    "SPY622", "extra-file", INVALID,
    "A package of an installed distribution holds modules that no distribution installed.",
    "Find out where the file comes from; modules of your own belong into a package of your own.",
)
SHARED_FILE = Rule(
    "SPY623", "shared-file", INVALID,
    "Several distributions own one file with different contents: what was installed last has overwritten the other.",
    "Install only one of them, for example opencv-python or opencv-python-headless.",
)
MISSING_REQUIREMENT = Rule(
    "SPY630", "missing-requirement", MISSING,
    "An installed distribution requires another one, on this platform and Python, that is not in the image.",
    "Install the requirement for that platform too; avoid `--no-deps` and locks made on another platform.",
)
REQUIREMENT_VERSION = Rule(
    "SPY631", "requirement-version", MISMATCH,
    "An installed distribution requires another version of a distribution than the image has.",
    "Install versions that fit together: resolve all requirements in one go.",
)
REQUIRES_PYTHON = Rule(
    "SPY632", "requires-python", MISMATCH,
    "An installed distribution is not made for the image's version of Python.",
    "Install a version of the distribution that supports this Python, or change the base image.",
)
STALE_BYTECODE = Rule(
    "SPY640", "stale-bytecode", MISMATCH,
    "Python runs compiled code that was not made from the source beside it: it is hash-based and never checked.",
    "Compile with `--invalidation-mode checked-hash`, after the last change of the sources.",
)
DEAD_BYTECODE = Rule(
    "SPY641", "dead-bytecode", MISSING,
    "A folder has compiled code in `__pycache__` and no source: Python looks for sources there, so there is no module.",
    "Keep the sources; to ship bytecode only, compile with `compileall -b` and for the very Python that runs it.",
)
FOREIGN_BYTECODE = Rule(
    "SPY642", "foreign-bytecode", MISMATCH,
    "A module is there as bytecode only, and of another Python than the image's: its import fails.",
    "Compile the module with the interpreter that runs it, or ship its source.",
)
BAKED_SECRET = Rule(
    "SPY650", "baked-secret", INVALID,
    "A name that the contract declares secret has a value in the image's config, its history or a file of some layer,"
    " where everyone who has the image can read it. Values are never shown.",
    "Give the secret at run time; at build time use `RUN --mount=type=secret`. Revoke it, it has been published.",
)
