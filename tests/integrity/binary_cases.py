"""Images whose binaries do not fit, each with its sound twin."""

import struct

from tests.integrity.cases import (
    AMD64,
    ARM64,
    ARMV7,
    CFFI,
    CFFI_ARM64,
    CRYPTOGRAPHY,
    ELF64,
    MARKUPSAFE,
    MARKUPSAFE_ARM64,
    MARKUPSAFE_ARMV7,
    MARKUPSAFE_MUSL,
    PSUTIL,
    SITE,
    SITE_313,
    Settings,
    case,
    make_musl,
    numpy,
)
from tests.integrity.trees import Tree, Wheel, unpacked_base


@case("SPY601", platform=ARM64)
def wheel_of_amd64_in_arm64(tree: Tree, is_broken: bool) -> None:
    tree.wheel(MARKUPSAFE if is_broken else MARKUPSAFE_ARM64, SITE)


@case("SPY601")
def wheel_of_arm64_in_amd64(tree: Tree, is_broken: bool) -> None:
    tree.wheel(CFFI_ARM64 if is_broken else CFFI, SITE)
    tree.wheel(Wheel("pycparser==3.12"), SITE)


@case("SPY601", platform=ARM64)
def stable_abi_of_amd64_in_arm64(tree: Tree, is_broken: bool) -> None:
    tree.wheel(PSUTIL if is_broken else Wheel("psutil==7.1.1", "manylinux2014_aarch64"), SITE)


@case("SPY601")
def wheel_of_386_in_amd64(tree: Tree, is_broken: bool) -> None:
    tree.wheel(Wheel("psutil==7.1.1", "manylinux2014_i686") if is_broken else PSUTIL, SITE)


@case("SPY601", platform=ARM64, base="3.13")
def wheel_of_armv7_in_arm64(tree: Tree, is_broken: bool) -> None:
    tree.wheel(MARKUPSAFE_ARMV7 if is_broken else Wheel("markupsafe==3.0.4", "manylinux2014_aarch64", "3.13"), SITE_313)


@case("SPY601", platform=ARMV7, base="3.13")
def soft_float_in_hard_float(tree: Tree, is_broken: bool) -> None:
    tree.wheel(MARKUPSAFE_ARMV7, SITE_313)
    if is_broken:  # the index has no soft-float wheels: EF_ARM_ABI_FLOAT_HARD becomes EF_ARM_ABI_FLOAT_SOFT
        tree.patch(tree.one(f"{SITE_313}/markupsafe/*.so"), struct.pack("<I", 0x5000400), struct.pack("<I", 0x5000200))


@case("SPY601")
def extension_that_is_a_git_lfs_pointer(tree: Tree, is_broken: bool) -> None:
    metadata = tree.wheel(MARKUPSAFE, SITE)
    if is_broken:
        tree.write(tree.one(f"{SITE}/markupsafe/*.so"), "version https://git-lfs.github.com/spec/v1\nsize 44072\n")
        (metadata / "RECORD").unlink()


@case("SPY601")
def bundled_library_of_arm64_in_amd64(tree: Tree, is_broken: bool) -> None:
    numpy(tree)
    if is_broken:
        library = tree.one(f"{SITE}/numpy.libs/libquadmath*")
        amd64, arm64 = struct.pack("<HH", 3, 62), struct.pack("<HH", 3, 183)  # e_type, e_machine
        tree.patch(library, tree.path(library).read_bytes()[:16] + amd64, ELF64 + arm64)


@case("SPY602")
def extension_of_310_in_311(tree: Tree, is_broken: bool) -> None:
    tree.wheel(Wheel("markupsafe==3.0.4", "manylinux2014_x86_64", "3.10") if is_broken else MARKUPSAFE, SITE)


@case("SPY602", base="3.13")
def free_threaded_extension_in_a_usual_build(tree: Tree, is_broken: bool) -> None:
    tag = "manylinux2014_x86_64"
    tree.wheel(
        Wheel("markupsafe==3.0.3", tag, "3.13", "cp313t") if is_broken else Wheel("markupsafe==3.0.4", tag, "3.13"),
        SITE_313,
    )


@case("SPY603")
def musl_wheel_in_glibc(tree: Tree, is_broken: bool) -> None:
    tree.wheel(MARKUPSAFE_MUSL if is_broken else MARKUPSAFE, SITE)


@case("SPY603")
def musl_wheel_of_the_stable_abi_in_glibc(tree: Tree, is_broken: bool) -> None:
    tree.wheel(Wheel("cryptography==50.0.2", "musllinux_1_2_x86_64") if is_broken else CRYPTOGRAPHY, SITE)
    tree.wheel(CFFI, SITE)
    tree.wheel(Wheel("pycparser==3.12"), SITE)


@case("SPY603")
def glibc_wheel_in_musl(tree: Tree, is_broken: bool) -> None:
    make_musl(tree)
    tree.wheel(MARKUPSAFE if is_broken else MARKUPSAFE_MUSL, SITE)


@case("SPY603")
def glibc_wheel_of_the_stable_abi_in_musl(tree: Tree, is_broken: bool) -> None:
    make_musl(tree)
    tree.wheel(CRYPTOGRAPHY if is_broken else Wheel("cryptography==50.0.2", "musllinux_1_2_x86_64"), SITE)
    tree.wheel(Wheel("cffi==2.1.1", "musllinux_1_2_x86_64"), SITE)
    tree.wheel(Wheel("pycparser==3.12"), SITE)


@case("SPY604")
def extension_built_on_a_newer_release(tree: Tree, is_broken: bool) -> None:

    newer = unpacked_base(tree.home, "3.13", AMD64) / "usr/lib/python3.13/lib-dynload"
    name = "_decimal" if is_broken else "termios"  # the first needs GLIBC_2.38
    [extension] = newer.glob(f"{name}.cpython-313-*.so")
    tree.write(f"{SITE}/fast/__init__.py", "")
    tree.copy(extension, f"{SITE}/fast/{name}.cpython-311-x86_64-linux-gnu.so")
    tree.debs("integrity-libmpdec", "trixie", "libmpdec4")


@case("SPY605")
def library_of_the_system_not_installed(tree: Tree, is_broken: bool) -> None:
    tree.wheel(Wheel("pyodbc==5.2.0", "manylinux2014_x86_64"), SITE)
    tree.debs("integrity-libstdc++", "bookworm", "libstdc++6", "libgcc-s1", "libltdl7")
    if not is_broken:
        tree.debs("integrity-libodbc", "bookworm", "libodbc2")


@case("SPY621")
def bundled_libraries_deleted(tree: Tree, is_broken: bool) -> None:
    numpy(tree)
    if is_broken:
        tree.remove(f"{SITE}/numpy.libs")


@case("SPY305", platform=ARM64, base="3.13")
def interpreter_of_another_architecture(tree: Tree, is_broken: bool) -> None:
    if is_broken:
        tree.copy(unpacked_base(tree.home, "3.13", AMD64) / "usr/bin/python3.13", "/usr/bin/python3.13")
        tree.remove("/usr/lib/python3.13/lib-dynload")


@case("SPY601")
def entrypoint_of_another_architecture(tree: Tree, is_broken: bool) -> Settings:

    source = unpacked_base(tree.home, "bare", ARM64 if is_broken else AMD64) / "bin/busybox"
    tree.copy(source, "/app/server")
    return {"entrypoint": ("/app/server",)}
