"""Every rule there is; those of integrity are in `catalogue_integrity`.

Ids are stable: a rule that goes leaves a gap, and no id is given out twice. The hundreds are families: 0 the check and
its modules, 1 structure, 2 signatures, 3 where it runs, 4 environment, 5 evidence, 6 integrity.
"""

from spybuild.model.finding import Category
from spybuild.rules import catalogue_integrity
from spybuild.rules.rule import Rule

MISSING, MISMATCH, INVALID, UNKNOWN = Category.MISSING, Category.MISMATCH, Category.INVALID, Category.UNKNOWN

# fmt: off
# --- the check itself ----------------------------------------------------------------------------------------------
EMPTY_CONTRACT = Rule(
    "SPY001", "empty-contract", INVALID,
    "The contract demands nothing, so nothing was checked. That is never a pass.",
    "Say in the contract what the module must have: version, variables, functions, classes, runtime or deployments.",
)
NOT_ENFORCED = Rule(
    "SPY002", "not-enforced", UNKNOWN,
    "The contract uses a key that this version of SpyBuild reads but does not enforce yet.",
    "Take the key out of the contract, or wait for the version that enforces it.",
)
NO_ANSWER = Rule(
    "SPY003", "no-answer", UNKNOWN,
    "The probe gave no answer that can be trusted: it died, ran out of time, or something answered in its place.",
    "Run again with -vv to see what the container printed; give it more with --timeout and --memory.",
)
UNNAMED_MODULE = Rule(
    "SPY004", "unnamed-module", UNKNOWN,
    "The contract makes demands on a module without saying which one.",
    "Name the module: `filename:` takes a file name, a path in the image, or an import name.",
)

# --- modules -------------------------------------------------------------------------------------------------------
MISSING_MODULE = Rule(
    "SPY010", "missing-module", MISSING,
    "The image has no module of the name that the contract gives.",
    "Copy the module into the image, or correct `filename:`; give the path in the image if it lies off the import"
    " path.", "ISPY-S101",
)
AMBIGUOUS_MODULE = Rule(
    "SPY011", "ambiguous-module", UNKNOWN,
    "Several files of the image have the name that the contract gives.",
    "Name the module by its path (`thermostat/plugin.py`) or by its import name (`thermostat.plugin`).",
)
IMPORT_FAILED = Rule(
    "SPY012", "import-failed", INVALID,
    "The module raised while it was imported, in the image's own interpreter.",
    "Mend what the traceback names; a missing distribution has to be installed in the image, for that platform.",
    "ISPY-R201",
)
IMPORT_EXITED = Rule(
    "SPY013", "import-exited", INVALID,
    "The module ended its process while it was imported.",
    "Keep exits out of the module's top level: put them under `if __name__ == \"__main__\":`.", "ISPY-R201",
)
IMPORT_TIMEOUT = Rule(
    "SPY014", "import-timeout", INVALID,
    "The module's import did not end within the time limit.",
    "Keep waiting, serving and network calls out of the module's top level, or raise --timeout.", "ISPY-R201",
)
IMPORT_KILLED = Rule(
    "SPY015", "import-killed", INVALID,
    "The process that imported the module was killed: it crashed or ran out of memory.",
    "Look at the signal: 11 is a crash of compiled code, 9 most often too much memory (raise --memory).", "ISPY-R201",
)
MODULE_VERSION = Rule(
    "SPY016", "module-version", MISMATCH,
    "The module's `__version__` (or its distribution's version) is not the one of the contract.",
    "Build the image with the version the contract speaks of, or move the contract on.", "ISPY-S102",
)
UNREADABLE_MODULE = Rule(
    "SPY017", "unreadable-module", UNKNOWN,
    "The module was imported but could not be described: it is too large, or it tampers with how Python looks at it.",
    "Name smaller modules in the contract; a module that breaks introspection cannot be vouched for.",
)

# --- structure -----------------------------------------------------------------------------------------------------
MISSING_FUNCTION = Rule(
    "SPY101", "missing-function", MISSING,
    "A function of the contract is not there after the module's import.",
    "Define or re-export the function under that name.", "ISPY-S101",
)
MISSING_VARIABLE = Rule(
    "SPY102", "missing-variable", MISSING,
    "A variable of the contract is not there after the module's import.",
    "Assign the variable at the module's top level.", "ISPY-S101",
)
MISSING_CLASS = Rule(
    "SPY103", "missing-class", MISSING,
    "A class of the contract is not there after the module's import.",
    "Define or re-export the class under that name.", "ISPY-S101",
)
MISSING_METHOD = Rule(
    "SPY104", "missing-method", MISSING,
    "A method of the contract is found neither in the class nor along its bases.",
    "Define the method, or inherit it.", "ISPY-S101",
)
MISSING_ATTRIBUTE = Rule(
    "SPY105", "missing-attribute", MISSING,
    "An attribute of the contract is not there: a class attribute in the class's own namespace, an instance "
    "attribute on what it makes.",
    "Assign the attribute in the class body (class) or in `__init__` (instance), or change `type:`.", "ISPY-S101",
)
MISSING_SUPERCLASS = Rule(
    "SPY106", "missing-superclass", MISSING,
    "The class does not have a direct base of that name.",
    "Derive the class directly from the base that the contract names.", "ISPY-S101",
)
VARIABLE_VALUE = Rule(
    "SPY107", "variable-value", MISMATCH,
    "A variable has another value than the contract says.",
    "Set the value the contract says, or leave `value:` out of the contract if any will do.", "ISPY-S102",
)
VARIABLE_ANNOTATION = Rule(
    "SPY108", "variable-annotation", MISMATCH,
    "A variable has another annotation (or, without one, another type) than the contract says.",
    "Annotate the variable as the contract says.", "ISPY-S102",
)
ATTRIBUTE_VALUE = Rule(
    "SPY109", "attribute-value", MISMATCH,
    "An attribute has another value than the contract says.",
    "Set the value the contract says, or leave `value:` out of the contract if any will do.", "ISPY-S102",
)
ATTRIBUTE_ANNOTATION = Rule(
    "SPY110", "attribute-annotation", MISMATCH,
    "An attribute has another annotation (or, without one, another type) than the contract says.",
    "Annotate the attribute as the contract says.", "ISPY-S102",
)
WRONG_KIND = Rule(
    "SPY111", "wrong-kind", MISMATCH,
    "The name is there but means something else: a class where a function is wanted, a property where a method is.",
    "Make the name what the contract says it is.", "ISPY-S101",
)
UNCERTAIN_ATTRIBUTE = Rule(
    "SPY112", "uncertain-attribute", UNKNOWN,
    "An instance attribute is set on some paths through the code only, so what the class makes may lack it.",
    "Assign the attribute in `__init__` on every path.", "ISPY-S103",
)
UNCERTAIN_VALUE = Rule(
    "SPY113", "uncertain-value", UNKNOWN,
    "A value could not be compared: it is computed for each instance, or it repeats a value of the environment "
    "and was withheld.",
    "Leave `value:` out of the contract, or make the value a constant.", "ISPY-S103",
)
UNSEEN_SUPERCLASS = Rule(
    "SPY114", "unseen-superclass", UNKNOWN,
    "The contract asks for details of a superclass that the module does not bind, so they cannot be seen from here.",
    "Name the superclass's own module in the contract and make the demands there.", "ISPY-S103",
)

# --- signatures ----------------------------------------------------------------------------------------------------
MISSING_ARGUMENT = Rule(
    "SPY201", "missing-argument", MISSING,
    "A function or method does not take an argument that the contract names.",
    "Take the argument, under that name.", "ISPY-S101",
)
ARGUMENT_DEFAULT = Rule(
    "SPY202", "argument-default", MISMATCH,
    "An argument has no default, or another default than the contract says.",
    "Give the argument the default the contract says.", "ISPY-S102",
)
ARGUMENT_ANNOTATION = Rule(
    "SPY203", "argument-annotation", MISMATCH,
    "An argument is annotated otherwise than the contract says.",
    "Annotate the argument as the contract says.", "ISPY-S102",
)
RETURN_ANNOTATION = Rule(
    "SPY204", "return-annotation", MISMATCH,
    "A function or method is annotated to return something else than the contract says.",
    "Annotate what it returns as the contract says.", "ISPY-S102",
)
UNKNOWN_SIGNATURE = Rule(
    "SPY205", "unknown-signature", UNKNOWN,
    "The function's signature cannot be read: it is compiled and does not tell.",
    "Leave the arguments out of the contract, or wrap the function in one written in Python.", "ISPY-S103",
)

# --- where it runs -------------------------------------------------------------------------------------------------
NO_DEPLOYMENT = Rule(
    "SPY300", "no-deployment", MISMATCH,
    "None of the contract's deployments is this place; the breaches of the closest one follow.",
    "Add a deployment for this place to the contract, or do not build the image for it.", "ISPY-R104",
)
ARCHITECTURE = Rule(
    "SPY301", "architecture", MISMATCH,
    "The contract does not allow this architecture.",
    "Add the architecture to the contract, or do not build the image for it.", "ISPY-R101",
)
OPERATING_SYSTEM = Rule(
    "SPY302", "operating-system", MISMATCH,
    "The contract does not allow this operating system.",
    "Add the operating system to the contract, or do not build the image for it.", "ISPY-R101",
)
INTERPRETER = Rule(
    "SPY303", "interpreter", MISMATCH,
    "The image's Python is another implementation than the contract allows.",
    "Build the image on the interpreter the contract names.", "ISPY-R101",
)
PYTHON_VERSION = Rule(
    "SPY304", "python-version", MISMATCH,
    "The image's Python has another version than the contract allows.",
    "Build the image on a Python that the contract allows; a deployment's `version` is exact, `runtime.python` "
    "takes a range.", "ISPY-R102",
)
FOREIGN_INTERPRETER = Rule(
    "SPY305", "foreign-interpreter", MISMATCH,
    "The image's Python was built for another architecture than the image's platform.",
    "Build that platform's image from that platform's base: look for a COPY of an interpreter or a venv built "
    "elsewhere.",
)

# --- environment ---------------------------------------------------------------------------------------------------
MISSING_ENVIRONMENT = Rule(
    "SPY401", "missing-environment-variable", MISSING,
    "A variable the contract demands is set neither in the image nor by --env or --env-file.",
    "Set it in the image (ENV), or give what the deployment will set with --env NAME=VALUE or --env-file FILE.",
    "ISPY-R103",
)
ENVIRONMENT_VALUE = Rule(
    "SPY402", "environment-value", MISMATCH,
    "A variable of the environment has another value than the contract says. Values are never shown.",
    "Set the value the contract says.", "ISPY-R103",
)
MALFORMED_ENVIRONMENT = Rule(
    "SPY403", "malformed-environment-variable", INVALID,
    "A variable of the environment does not read as the type its annotation says. Values are never shown.",
    "Set a value of that type.", "ISPY-R103",
)
MISSING_SECRET = Rule(
    "SPY404", "missing-secret", MISSING,
    "A secret the contract demands is not provided.",
    "Give what the deployment will mount with --secret id=NAME,env=VARIABLE or --secret id=NAME,src=FILE.", "ISPY-R103",
)
EMPTY_SECRET = Rule(
    "SPY405", "empty-secret", INVALID,
    "A secret the contract demands is there but empty.",
    "Give the secret a value where the container is run.", "ISPY-R103",
)
UNKNOWN_TYPE = Rule(
    "SPY406", "unknown-environment-type", UNKNOWN,
    "The annotation of an environment variable is no type that texts can be read as.",
    "Use one of str, int, float, bool.",
)

# --- evidence: what was read from the files, and what was seen in the running module ----------------------------------
UNDECIDED_NAME = Rule(
    "SPY501", "undecided-name", UNKNOWN,
    "Static evidence cannot decide what a name stands for, or whether it is there: that depends on what code does when"
    " it runs.",
    "Define the name plainly, at the top level of the module or of the class; or let the module run: --evidence runtime"
    " asks the image's own interpreter.", "ISPY-S103",
)
DIVERGENT_EVIDENCE = Rule(
    "SPY502", "divergent-evidence", INVALID,
    "The module's source says one thing, and the running module another. Something changes the module in a way that its"
    " source does not show, or deceives who looks at it.",
    "Look at both places. Where the source is read wrongly, please report it; --evidence runtime or static relies on"
    " one of the two.",
)
MISSING_EVIDENCE = Rule(
    "SPY503", "missing-evidence", UNKNOWN,
    "A kind of evidence that was asked for, or that could be had here, is missing: the image could not be run, or its"
    " files could not be read.",
    "Mend what is named; or say with --evidence runtime or --evidence static that one kind is enough.",
)
UNDECIDED_VERSION = Rule(
    "SPY504", "undecided-version", UNKNOWN,
    "The files tell the interpreter's major and minor version only, and the contract's answer hangs on the micro.",
    "Ask the interpreter itself: --evidence both; or ask for the minor version only (`runtime: {python: \">=3.11\"}`).",
)
UNKNOWN_START_UP = Rule(
    "SPY505", "unknown-start-up-code", UNKNOWN,
    "Code that runs whenever the interpreter starts (sitecustomize, usercustomize, an `import` line of a .pth file) may"
    " put anything in the place of any module: the modules' own source does not show it.",
    "Leave it out of the image; or let the modules run: --evidence runtime asks the image's own interpreter.",
)
# fmt: on

_ALL = tuple(
    rule for rule in (*dict(globals()).values(), *vars(catalogue_integrity).values()) if isinstance(rule, Rule)
)


def all_rules() -> tuple[Rule, ...]:
    """Every rule, in the order of the ids."""
    return tuple(sorted(_ALL, key=lambda rule: rule.id))


def find_rule(identity: str) -> Rule | None:
    """The rule with this id (`SPY101`) or name (`missing-function`), in any case."""
    wanted = identity.strip().lower()
    return next((rule for rule in _ALL if wanted in (rule.id.lower(), rule.name)), None)
