"""The contract: what modules must be and where they may run.

The grammar is ImportSpy 0.5's, key for key (its `AdmissionPolicy` and `SpyModel`), and ours beyond it: `modules:` at
the root, so that one contract speaks of many modules. An omitted key asks nothing. `contracts.load_contract` makes
these types; every element knows where it was written (`Located.where`). How keys are read is in `readings`.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr, ValidationInfo, model_validator

from spybuild.model.base import Located, LocatedMapping
from spybuild.model.digests import Digest
from spybuild.model.readings import (
    MAY_BE_BARE,
    MAY_BE_EMPTY,
    Architecture,
    Interpreter,
    Named,
    NamedOrPairs,
    SystemName,
    VersionRange,
    by_name,
    refuse_both,
    short_provenance,
    version_one,
    without_envs,
)
from spybuild.model.scalars import (
    DottedName,
    EnvironmentName,
    EnvironmentText,
    FileName,
    Flag,
    Identifier,
    RawText,
    Text,
    VersionText,
    Wanted,
    tolerate,
)


class Variable(Located):
    """A name with, where given, its value and annotation. Arguments and attributes are variables too."""

    name: Identifier = Field(description="The name.")
    annotation: Text | None = Field(None, description="The annotation as written in the source; omitted: any.")
    value: Wanted = Field(None, description="The value (of an argument: the default); omitted: any.")

    @property
    def has_value(self) -> bool:
        """Whether a value was written; `value: null` asks for None, no `value` asks nothing."""
        return "value" in self.model_fields_set


class Attribute(Variable):
    """An attribute of a class: `class` sits in the class's own namespace, `instance` on what the class makes."""

    type: Literal["class", "instance"] | None = Field(None, description="Where the attribute sits; omitted: either.")

    @model_validator(mode="before")
    @classmethod
    def _type_may_be_missing(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, LocatedMapping) and "type" not in value:
            tolerate(info, value.place, "an attribute says whether it is of the class or the instance: add `type:`")
        return value


class Function(Located):
    """A function or method: its arguments (a named subset) and what it returns."""

    name: Identifier = Field(description="The name it is bound to.")
    arguments: Named[Variable] = Field((), description="Arguments it must take; it may take others.")
    return_annotation: Text | None = Field(None, description="What it returns, as annotated; omitted: any.")


class Class(Located):
    """A class: its attributes, its methods (found along the MRO) and its direct bases."""

    name: Identifier = Field(description="The name it is bound to.")
    attributes: Named[Attribute] = Field((), description="Attributes of the class, or of what it makes.")
    methods: Named[Function] = Field((), description="Methods, its own or inherited.")
    superclasses: "Named[Annotated[Superclass, BeforeValidator(by_name)]]" = Field((), description="Direct bases.")


class Superclass(Class):
    """A direct base, by name; what is asked of a class may be asked of it."""

    name: DottedName = Field(description="The base's name, with or without its module.")


class Module(Located):
    """What one module must be. It is named by file name, path in the image, or import name."""

    filename: FileName | None = Field(None, description="File name, path in the image, or import name.")
    version: VersionText | None = Field(
        None, description="The module's version, exact: `__version__`, or its package's."
    )
    variables: NamedOrPairs[Variable] = Field((), description="Variables the module must bind.")
    functions: Named[Function] = Field((), description="Functions the module must bind.")
    classes: Named[Class] = Field((), description="Classes the module must bind.")

    def demands_structure(self) -> bool:
        """Whether anything is asked of the module beyond being there."""
        return bool(self.version is not None or self.variables or self.functions or self.classes)


class EnvironmentVariable(Located):
    """A variable of the surroundings; all values there are texts, so `value: 3.10` means the text 3.10."""

    name: EnvironmentName = Field(description="The variable's name.")
    annotation: Text | None = Field(None, description="The type its text must read as.")
    value: EnvironmentText | None = Field(None, description="Its exact text; omitted: any.")


class Environment(Located):
    """Variables and secrets that the surroundings must provide."""

    variables: NamedOrPairs[EnvironmentVariable] = Field((), description="Environment variables that must be set.")
    secrets: Named[EnvironmentName] = Field((), description="Names of variables whose values are secret.")

    @model_validator(mode="before")
    @classmethod
    def _one_or_the_other(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, LocatedMapping):
            refuse_both(value.get("variables"), value.get("secrets"), info, "is a secret here and a variable")
        return value


class Python(Located):
    """One interpreter of a deployment alternative; `version` is exact, to the last number."""

    version: VersionText | None = Field(None, description="The Python version, exact, to the last number.")
    interpreter: Interpreter | None = Field(None, description="The implementation.")
    modules: Named[Module] = Field((), description="What modules must be here, beside what the root asks.")

    @model_validator(mode="before")
    @classmethod
    def _modules_may_be_missing(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, LocatedMapping) and value.get("modules") is None:
            tolerate(info, value.place, "ImportSpy wants `modules:` here; write `modules: []`")
        return value


class System(Located):
    """One operating system of a deployment alternative."""

    os: SystemName = Field(description="The operating system.")
    environment: Environment | None = Field(None, description="What the surroundings must provide.")
    pythons: tuple[Python, ...] = Field(description="Interpreters; any one of them will do.")

    @model_validator(mode="before")
    @classmethod
    def _envs_of_old(cls, value: Any, info: ValidationInfo) -> Any:
        return without_envs(value, info)


class Deployment(Located):
    """One place where the module may run. Several deployments are alternatives."""

    arch: Architecture = Field(description="The architecture, in any usual spelling.")
    systems: tuple[System, ...] = Field(description="Operating systems; any one of them will do.")


class Runtime(Located):
    """What every place must be (ImportSpy 0.5's `runtime`)."""

    python: VersionRange | None = Field(None, description="A range of Python versions (PEP 440).")
    os: Named[Text] = Field((), description="Operating systems; any one of them will do.")
    architecture: Named[Text] = Field((), description="Architectures; any one of them will do.")
    implementation: Named[Text] = Field((), description="Interpreters; any one of them will do.")
    environment: Annotated[dict[EnvironmentName, RawText | None], MAY_BE_BARE] = Field(
        default_factory=dict, description="Environment variables by name, with their exact text; null: any."
    )


class Origin(Located):
    """Where a distribution must come from (PEP 610)."""

    type: Literal["unknown", "index", "vcs", "local", "archive"] | None = Field(None, description="The kind of origin.")
    repository: Text | None = Field(None, description="The version control repository.")
    url: Text | None = Field(None, description="The URL of the archive or folder.")
    commit: Text | None = Field(None, description="The commit.")


class Provenance(Located):
    """Whether a distribution must carry provenance."""

    required: Flag = Field(True, description="Whether it must.")


_ProvenanceOrFlag = Annotated[Provenance, BeforeValidator(short_provenance, json_schema_input_type=bool | Provenance)]


class Dependency(Located):
    """A rule for one distribution, or for one top-level import (`import:name`)."""

    allowed: Flag = Field(True, description="Whether it may be there.")
    required: Flag = Field(False, description="Whether it must be there.")
    version: VersionRange | None = Field(None, description="A range of versions (PEP 440).")
    declared: Flag | None = Field(None, description="Whether the project must declare it.")
    origin: Origin | None = Field(None, description="Where it must come from.")
    editable: Flag | None = Field(None, description="Whether it must be an editable install.")
    provenance: _ProvenanceOrFlag | None = Field(None, description="Whether it must carry provenance.")


class DependencyOptions(Located):
    """What becomes of dependencies that no rule names."""

    unresolved: Literal["allow", "deny"] = Field("deny", description="Imports that no distribution provides.")
    undeclared: Literal["allow", "deny"] = Field("allow", description="Distributions the project does not declare.")
    unlisted: Literal["allow", "deny"] = Field("allow", description="Distributions no rule names.")


class EvidenceRequirement(Located):
    """Evidence of another party that must be there."""

    kind: Text = Field(description="The kind of evidence.")
    subject: Text = Field(description="What it speaks of.")
    provider: Text | None = Field(None, description="Who provides it; omitted: anyone.")
    status: Literal["verified", "observed"] = Field("verified", description="How far it must be trusted.")


class Contract(Module):
    """A whole contract. The root speaks of one module, `modules` of further ones."""

    schema_version: Annotated[Literal[1], BeforeValidator(version_one)] = Field(1, description="The grammar's version.")
    policy_id: Text | None = Field(None, description="A name for the contract, shown in reports.")
    modules: Named[Module] = Field((), description="Further modules of the image.")
    deployments: Annotated[tuple[Deployment, ...], MAY_BE_EMPTY] = Field(
        (), description="Places where the module may run; any one of them will do."
    )
    runtime: Runtime | None = Field(None, description="What every place must be.")
    dependencies: Annotated[dict[str, Dependency], MAY_BE_BARE] = Field(
        default_factory=dict, description="Rules by distribution name, or `import:` and a top-level import."
    )
    dependency_options: DependencyOptions | None = Field(None, description="What becomes of other dependencies.")
    evidence_requirements: Annotated[tuple[EvidenceRequirement, ...], MAY_BE_EMPTY] = Field(
        (), description="Evidence of other parties that must be there."
    )

    _digest: Digest | None = PrivateAttr(default=None)
    _path: str = PrivateAttr(default="")

    @property
    def path(self) -> str:
        """The file the contract was read from, as it was named; empty for one made in memory."""
        return self._path

    @property
    def digest(self) -> Digest | None:
        """What the file's bytes hash to."""
        return self._digest

    def nested_modules(self) -> Iterator[Module]:
        """The modules that deployment alternatives speak of, in the order written."""
        for deployment in self.deployments:
            for system in deployment.systems:
                for python in system.pythons:
                    yield from python.modules

    def environments(self) -> Iterator[Environment]:
        """The environments of all deployment alternatives, in the order written."""
        for deployment in self.deployments:
            for system in deployment.systems:
                if system.environment:
                    yield system.environment


Contract.model_rebuild()  # here, for first use may be in several threads, which not every pydantic bears
