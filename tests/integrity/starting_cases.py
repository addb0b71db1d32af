"""Images that cannot start, or that have a secret baked in, each with its sound twin."""

from tests.integrity.cases import (
    CERTIFI,
    MARKUPSAFE,
    PATH,
    Settings,
    case,
    venv,
)
from tests.integrity.trees import Tree


@case("SPY610")
def venv_of_uv_without_its_interpreter(tree: Tree, is_broken: bool) -> Settings:
    home = "/root/.local/share/uv/python/cpython-3.11.11-linux-x86_64-gnu/bin"
    site = (
        tree.venv("/app/.venv", version="3.11.2", home=home, python=f"{home}/python3.11")
        if is_broken
        else (tree.venv("/app/.venv", version="3.11.2"))
    )
    tree.wheel(MARKUPSAFE, site)
    tree.script("/app/.venv/bin/flask", "/app/.venv/bin/python")
    return venv("/app/.venv", entrypoint=("/app/.venv/bin/flask", "run"))


@case("SPY610")
def venv_whose_links_go_round(tree: Tree, is_broken: bool) -> Settings:
    tree.venv("/opt/venv", version="3.11.2", python="python" if is_broken else "/usr/bin/python3")
    return venv("/opt/venv")


@case("SPY610")
def venv_of_copies_without_its_home(tree: Tree, is_broken: bool) -> Settings:
    tree.venv("/opt/venv", version="3.11.2", home="/opt/python/bin" if is_broken else "/usr/bin")
    tree.copy("/usr/bin/python3.11", "/opt/venv/bin/python3")
    return venv("/opt/venv")


@case("SPY611", base="3.13")
def venv_of_another_minor(tree: Tree, is_broken: bool) -> Settings:
    site = tree.venv("/opt/venv", version="3.11.2" if is_broken else "3.13.5")
    tree.wheel(CERTIFI, site)
    return venv("/opt/venv")


@case("SPY612")
def venv_moved_after_it_was_made(tree: Tree, is_broken: bool) -> Settings:
    tree.venv("/app/venv", version="3.11.2")
    for name in ("gunicorn", "celery"):
        tree.script(f"/app/venv/bin/{name}", "/build/venv/bin/python" if is_broken else "/app/venv/bin/python")
    return venv("/app/venv")


@case("SPY613")
def entrypoint_not_copied(tree: Tree, is_broken: bool) -> Settings:
    tree.write("/app/main.py", "")
    if not is_broken:
        tree.script("/usr/local/bin/serve", "/usr/bin/env python3")
    return {"entrypoint": ("serve",), "workdir": "/app"}


@case("SPY613")
def entrypoint_with_windows_line_ends(tree: Tree, is_broken: bool) -> Settings:
    tree.write("/entrypoint.sh", "#!/bin/sh\r\nexec python3\r\n" if is_broken else "#!/bin/sh\nexec python3\n", 0o755)
    return {"entrypoint": ("/entrypoint.sh",)}


@case("SPY613")
def entrypoint_not_executable(tree: Tree, is_broken: bool) -> Settings:
    tree.write("/entrypoint.sh", "#!/bin/sh\nexec python3\n", 0o644 if is_broken else 0o755)
    return {"entrypoint": ("/entrypoint.sh",)}


@case("SPY613")
def shell_form_without_a_shell(tree: Tree, is_broken: bool) -> Settings:
    if is_broken:
        tree.remove("/bin/sh")
    return {"cmd": ("/bin/sh", "-c", "python3 -m app")}


@case("SPY613")
def script_of_the_command_not_copied(tree: Tree, is_broken: bool) -> Settings:
    tree.write("/app/other.py" if is_broken else "/app/main.py", "")
    return {"cmd": ("python3", "-u", "main.py"), "workdir": "/app"}


@case("SPY650", secrets=("DEVICE_TOKEN",))
def secret_in_env(tree: Tree, is_broken: bool) -> Settings:
    return {"env": (PATH, f"DEVICE_TOKEN={'s3cr3t-value' if is_broken else ''}")}


@case("SPY650", secrets=("DEVICE_TOKEN",))
def secret_in_a_label(tree: Tree, is_broken: bool) -> Settings:
    return {"labels": {"DEVICE_TOKEN": "s3cr3t-value"} if is_broken else {"secrets": "DEVICE_TOKEN"}}


@case("SPY650", secrets=("DEVICE_TOKEN",))
def secret_in_the_history(tree: Tree, is_broken: bool) -> Settings:
    build = "|1 DEVICE_TOKEN=s3cr3t-value" if is_broken else "--mount=type=secret,id=token,env=DEVICE_TOKEN"
    return {"history": (f"RUN {build} /bin/sh -c make # buildkit", "RUN DEVICE_TOKEN=$(cat /run/secrets/t) make")}


@case("SPY650", secrets=("DEVICE_TOKEN",))
def secret_in_a_file(tree: Tree, is_broken: bool) -> Settings:
    tree.write("/app/.env", f"DEBUG=1\nexport DEVICE_TOKEN={'s3cr3t-value' if is_broken else '${DEVICE_TOKEN}'}\n")
    return {"workdir": "/app"}
