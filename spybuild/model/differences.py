"""Where one module's API is not the same on all platforms of an image: told, and no breach of anything."""

from collections.abc import Iterator, Sequence

from spybuild.model.report import Difference, PlatformReport


def differences(platforms: Sequence[PlatformReport]) -> tuple[Difference, ...]:
    """What a module offers on some platforms and not on others, by module and then by line.

    What was run is held against what was run, and what was only read against what was only read: the two kinds of
    evidence write annotations differently. A module whose API is not known in full is held against nothing.

    Args:
        platforms: the reports on the platforms of one image.
    """
    ran = [each for each in platforms if "runtime" in each.evidence]
    read = [each for each in platforms if "runtime" not in each.evidence]
    return (*_among(ran), *_among(read))


def _among(platforms: Sequence[PlatformReport]) -> Iterator[Difference]:
    for name in dict.fromkeys(module.name for platform in platforms for module in platform.modules):
        known = {
            platform.platform: set(module.api)
            for platform in platforms
            for module in platform.modules
            if module.name == name and module.api is not None
        }
        if known:
            shared = set.intersection(*known.values())
            for line in sorted(set.union(*known.values()) - shared):
                offering = tuple(platform for platform, api in known.items() if line in api)
                yield Difference(module=name, api=line, platforms=offering)
