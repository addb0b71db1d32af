"""Images whose distributions or compiled code are broken, each with its sound twin."""

import py_compile

from tests.integrity.cases import (
    ARM64,
    CFFI,
    IDNA,
    SITE,
    URLLIB3,
    Settings,
    as_made_by_311,
    case,
    numpy,
    requests,
)
from tests.integrity.trees import Tree, Wheel


@case("SPY620")
def edited_file(tree: Tree, is_broken: bool) -> None:
    requests(tree)
    if is_broken:
        path = f"{SITE}/requests/sessions.py"
        tree.write(path, tree.path(path).read_bytes().replace(b"verify = True", b"verify = None"))


@case("SPY621")
def missing_module(tree: Tree, is_broken: bool) -> None:
    requests(tree)
    tree.remove(f"{SITE}/requests/{'adapters.py' if is_broken else 'py.typed'}")


@case("SPY621")
def missing_data(tree: Tree, is_broken: bool) -> None:
    requests(tree)
    if is_broken:
        tree.remove(f"{SITE}/certifi/cacert.pem")


@case("SPY621")
def slimmed_too_far(tree: Tree, is_broken: bool) -> None:
    numpy(tree)
    for folder in sorted(tree.path(f"{SITE}/numpy").rglob("tests" if not is_broken else "linalg")):
        tree.remove(f"/{folder.relative_to(tree.root)}")


@case("SPY622")
def extra_module_in_a_package(tree: Tree, is_broken: bool) -> None:
    requests(tree)
    tree.write(f"{SITE}/{'requests' if is_broken else 'shop'}/telemetry.py", "import socket\n")
    py_compile.compile(str(tree.path(f"{SITE}/requests/api.py")), doraise=True)


@case("SPY630")
def requirement_not_installed(tree: Tree, is_broken: bool) -> None:
    requests(tree, *([] if is_broken else [IDNA]), without=IDNA)


@case("SPY631")
def requirement_of_another_version(tree: Tree, is_broken: bool) -> None:
    requests(tree, Wheel("urllib3==1.20") if is_broken else URLLIB3, without=URLLIB3)


@case("SPY630", platform=ARM64)
def requirement_of_arm64_alone(tree: Tree, is_broken: bool) -> None:
    tree.wheel(Wheel("sqlalchemy==2.0.36", "manylinux2014_aarch64"), SITE)
    tree.wheel(Wheel("typing-extensions==4.16.0"), SITE)
    if not is_broken:  # greenlet; platform_machine == "aarch64" or ...
        tree.write(
            f"{SITE}/greenlet-3.1.1.dist-info/METADATA", "Metadata-Version: 2.1\nName: greenlet\nVersion: 3.1.1\n"
        )


@case("SPY632")
def distribution_for_older_pythons(tree: Tree, is_broken: bool) -> None:
    tree.wheel(Wheel("dataclasses==0.8", python="3.6") if is_broken else Wheel("six==1.17.0"), SITE)


@case("SPY623")
def two_distributions_with_one_package(tree: Tree, is_broken: bool) -> None:
    tree.wheel(Wheel("cryptography==50.0.2", "manylinux2014_x86_64"), SITE)
    tree.wheel(CFFI, SITE)
    tree.wheel(Wheel("pycparser==3.12"), SITE)
    if is_broken:
        tree.wheel(Wheel("jwt==1.4.0"), SITE)
    tree.wheel(Wheel("pyjwt==2.15.1"), SITE)


@case("SPY640")
def bytecode_of_another_source_never_checked(tree: Tree, is_broken: bool) -> None:
    requests(tree)
    source = tree.path(f"{SITE}/certifi/core.py")
    other = tree.write("/tmp/core.py", b"def where():\n    return '/tmp/evil.pem'\n") if is_broken else source
    target = source.parent / "__pycache__" / "core.cpython-311.pyc"
    py_compile.compile(
        str(other), str(target), doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
    )
    as_made_by_311(target)


@case("SPY641")
def sources_deleted_bytecode_left(tree: Tree, is_broken: bool) -> Settings:
    source = tree.write("/app/shop/billing.py", "RATE = 3\n")
    target = source.parent / "__pycache__" / "billing.cpython-311.pyc"
    py_compile.compile(str(source), str(target), doraise=True)
    as_made_by_311(target)
    if is_broken:
        source.unlink()
    return {"workdir": "/app"}


@case("SPY642")
def module_compiled_by_another_python(tree: Tree, is_broken: bool) -> Settings:
    source = tree.write("/app/billing.py", "RATE = 3\n")
    target = tree.path("/app/billing.pyc")
    py_compile.compile(str(source), str(target), doraise=True)
    as_made_by_311(target, 3531 if is_broken else 3495)
    source.unlink()
    return {"workdir": "/app"}
