"""Run it: `make demo`, or python -m demo."""

import sys
import time

from demo import folder, reading
from demo.ground import Ground, advice, find_ground
from demo.images import CONTRACT, TOKEN, ImageDemo
from demo.narration import DemoError, Narrator


def main() -> int:
    """The whole demo; 0 only if everything behaved as announced."""
    started = time.monotonic()
    narrator = Narrator()
    narrator.say("SpyBuild: does every platform of an image keep the contract of its modules?")
    try:
        _demonstrate(narrator)
    except DemoError as error:
        narrator.bad(str(error))
        return 1
    except KeyboardInterrupt:
        narrator.bad("interrupted")
        return 130
    narrator.say(f"\nAll as announced, in {time.monotonic() - started:.0f} s.")
    return 0


def _demonstrate(narrator: Narrator) -> None:
    narrator.heading("An engine")
    ground = find_ground(narrator)
    if ground is None:
        _without_engine(narrator)
        return
    narrator.environment = {**ground.environment, **TOKEN}
    _introduce(narrator, ground)
    ImageDemo(narrator, ground).run()
    tag = "smart-home/thermostat:1.4" + ("" if ground.many_in_one_tag else "-amd64")
    scan = f".venv/bin/spybuild scan {tag} -c {CONTRACT}"
    _next(narrator, [
        f"{scan}   # without the token: refused",
        f"{scan} --secret DEVICE_TOKEN -f json",
        ".venv/bin/spybuild explain SPY104   # what a rule means, and what mends a breach",
        "less sample-images/README.md        # more samples, each broken in one way",
    ])  # fmt: skip


def _without_engine(narrator: Narrator) -> None:
    narrator.say(f"There is none here. {advice()}\nMeanwhile, what needs none:")
    lines = [
        ".venv/bin/spybuild explain SPY104   # what a rule means, and what mends a breach",
        "# with Docker, images are built, run and read:",
        "make demo",
    ]
    if sys.platform == "linux":  # the image's Python is this machine's
        reading.run(narrator)
        lines = [
            f".venv/bin/spybuild scan --integrity oci-dir://{reading.LAYOUT} -f json",
            ".venv/bin/spybuild scan --integrity registry://HOST/NAME:TAG   # an image of yours, on every platform",
            *lines,
        ]
    folder.run(narrator)
    _next(narrator, lines)


def _introduce(narrator: Narrator, ground: Ground) -> None:
    narrator.good(f"Docker {ground.version}, which runs {' and '.join(ground.platforms)}; base image {ground.base}")
    if "linux/arm64" not in ground.platforms:
        narrator.say(
            "It does not run linux/arm64, so the demo is of one platform. To have both:\n"
            "  docker run --privileged --rm tonistiigi/binfmt --install arm64"
        )
    narrator.say("To paste the commands below into another terminal, begin there with:")
    for line in (*ground.setup, *(f"export {name}={value}" for name, value in TOKEN.items())):
        narrator.say(f"  {line}")


def _next(narrator: Narrator, lines: list[str]) -> None:
    narrator.heading("What to type next")
    narrator.say("\n".join(lines))


if __name__ == "__main__":
    sys.exit(main())
