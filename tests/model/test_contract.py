"""The walks over a contract."""

from spybuild.model.contract import Contract

CONTRACT = Contract.model_validate(
    {
        "filename": "root.py",
        "modules": [{"filename": "other.py"}],
        "deployments": [
            {
                "arch": "arm64",
                "systems": [
                    {
                        "os": "linux",
                        "environment": {"secrets": ["A"]},
                        "pythons": [{"modules": [{"filename": "a.py"}]}],
                    },
                    {"os": "darwin", "pythons": [{"modules": [{"filename": "b.py"}, {"filename": "c.py"}]}, {}]},
                ],
            },
            {"arch": "x86_64", "systems": [{"os": "linux", "environment": {"secrets": ["B"]}, "pythons": []}]},
        ],
    }
)


def test_nested_modules_are_those_of_the_deployments_in_order() -> None:
    assert [module.filename for module in CONTRACT.nested_modules()] == ["a.py", "b.py", "c.py"]


def test_environments_in_order() -> None:
    assert [environment.secrets for environment in CONTRACT.environments()] == [("A",), ("B",)]


def test_a_module_that_is_only_named_demands_no_structure() -> None:
    assert not CONTRACT.demands_structure()
    assert Contract(filename="a.py", version="1").demands_structure()


def test_defaults_are_importspys() -> None:
    contract = Contract.model_validate({"dependencies": {"x": {}}, "dependency_options": {}, "runtime": {}})
    rule, options = contract.dependencies["x"], contract.dependency_options
    assert (rule.allowed, rule.required, rule.version, rule.provenance) == (True, False, None, None)
    assert options is not None
    assert (options.unresolved, options.undeclared, options.unlisted) == ("deny", "allow", "allow")


def test_provenance_is_short_for_a_mapping() -> None:
    contract = Contract.model_validate(
        {"dependencies": {"x": {"provenance": True}, "y": {"provenance": {"required": False}}}}
    )
    assert [rule.provenance.required for rule in contract.dependencies.values() if rule.provenance] == [True, False]
