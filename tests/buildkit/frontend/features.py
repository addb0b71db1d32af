"""What Dockerfiles can do, each as a small build: its lines, its files, and what the client is told besides."""

from collections.abc import Mapping
from dataclasses import dataclass, field

PYTHON, ADDRESS, KEY, COMMIT, CHECKSUM = "@PYTHON@", "@ADDRESS@", "@KEY@", "@COMMIT@", "@CHECKSUM@"
"""What is known only on the machine: the base image, a web server, an SSH key; a commit and a digest of what is served."""
_ENDING = "WORKDIR /app\nCOPY plugin.py .\n"


@dataclass(frozen=True)
class Feature:
    """One build.

    Attributes:
        lines: what the Dockerfile has between its first line, which is the base, and the plugin; or all of it, where it
            has a FROM of its own.
        flags: of the client.
        files: of the context, besides the plugin and its contract.
        directives: what stands before everything else.
        platforms: what it is built for.
    """

    lines: str
    flags: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    directives: str = ""
    platforms: str = "linux/amd64"

    @property
    def dockerfile(self) -> str:
        """The Dockerfile, without the line that names a frontend."""
        base = "" if "FROM " in self.lines else f"FROM {PYTHON}\n"
        return f"{self.directives}{base}{self.lines}\n{_ENDING}"


FILES = {"a.txt": "a\n", "b.txt": "b\n", "dir/c.txt": "c\n", "dir/sub/d.md": "d\n", "run.sh": "#!/bin/sh\necho run\n"}
BOTH = "linux/amd64,linux/arm64"

FEATURES: dict[str, Feature] = {
    # stages and platforms
    "multi-stage": Feature(f"FROM {PYTHON} AS made\nRUN echo made > /made\nFROM {PYTHON}\nCOPY --from=made /made /made", platforms=BOTH),
    "a stage on another stage": Feature(f"FROM {PYTHON} AS first\nENV A=1\nRUN echo 1 > /1\nFROM first\nRUN echo $A > /2"),
    "target": Feature(f"FROM {PYTHON} AS wanted\nWORKDIR /app\nCOPY plugin.py .\nFROM scratch AS other\nCOPY a.txt /", ("--target=wanted",)),
    "ARG before FROM": Feature(f"ARG WHICH={PYTHON}\nARG OTHER=x\nFROM $WHICH\nARG OTHER\nRUN echo $OTHER > /other"),
    "FROM --platform=$BUILDPLATFORM": Feature(
        f"FROM --platform=$BUILDPLATFORM {PYTHON} AS tools\nARG TARGETARCH\nRUN echo $TARGETARCH > /for\nFROM {PYTHON}\nCOPY --from=tools /for /for",
        platforms=BOTH,
    ),
    "platform arguments": Feature("ARG TARGETPLATFORM TARGETOS TARGETARCH TARGETVARIANT BUILDPLATFORM\nRUN echo $TARGETPLATFORM $BUILDPLATFORM $TARGETOS > /p"),
    "ONBUILD": Feature(f"FROM {PYTHON} AS parent\nONBUILD RUN echo child > /child\nFROM parent\nONBUILD COPY a.txt /later"),
    # RUN
    "RUN with a heredoc": Feature("RUN <<EOF\nset -e\necho one > /one\necho two > /two\nEOF"),
    "RUN with a heredoc for another program": Feature("RUN python3 <<'EOF'\nopen('/py', 'w').write('$HOME')\nEOF"),
    "RUN in exec form": Feature('RUN ["/bin/sh", "-c", "echo exec > /exec"]'),
    "secret as a file": Feature("RUN --mount=type=secret,id=token sha256sum /run/secrets/token > /digest", ("--secret=id=token,src=a.txt",)),
    "secret as a variable": Feature("RUN --mount=type=secret,id=token,env=TOKEN,required=true test -n \"$TOKEN\"", ("--secret=id=token,src=a.txt",)),
    "ssh": Feature("RUN --mount=type=ssh,required=true test -S \"$SSH_AUTH_SOCK\"", (f"--ssh=default={KEY}",)),
    "cache mount": Feature("RUN --mount=type=cache,target=/cache,id=features,sharing=locked touch /cache/x && ls -d /cache > /listed"),
    "tmpfs mount": Feature("RUN --mount=type=tmpfs,target=/t,size=1m grep -q ' /t tmpfs' /proc/mounts && touch /t/x"),
    "bind mount": Feature("RUN --mount=type=bind,source=dir,target=/src cat /src/c.txt > /copy"),
    "bind mount that is written to": Feature("RUN --mount=type=bind,target=/src,rw echo x > /src/new && ls /src > /listed"),
    "bind mount of a stage": Feature(f"FROM {PYTHON} AS tools\nRUN echo 1 > /tool\nFROM {PYTHON}\nRUN --mount=from=tools,source=/tool,target=/mnt/tool cp /mnt/tool /copy"),
    "RUN --network=none": Feature("RUN --network=none ! grep -q eth0 /proc/net/dev && touch /alone"),
    "RUN --network=host": Feature("RUN --network=host touch /hosted", ("--allow=network.host",)),
    "RUN --security=insecure": Feature("RUN --security=insecure touch /privileged", ("--allow=security.insecure",)),
    "SHELL": Feature('SHELL ["/bin/sh", "-eu", "-c"]\nRUN false || echo $- > /shell'),
    "limits of processes": Feature("RUN ulimit -n > /files; df -k /dev/shm | tail -1 | cut -c1-9 > /shm", ("--ulimit=nofile=512:512", "--shm-size=32m")),
    "--add-host": Feature("RUN grep -c 10.1.2.3 /etc/hosts > /count", ("--add-host=database:10.1.2.3",)),
    # COPY and ADD
    "COPY with a heredoc": Feature("COPY <<one.txt <<two.txt /h/\n1\none.txt\n2\ntwo.txt"),
    "COPY --link": Feature("COPY --link a.txt b.txt /linked/"),
    "COPY --from an image": Feature(f"COPY --from={PYTHON} /etc/debian_version /other"),
    "COPY --chmod and --chown": Feature("COPY --chmod=750 --chown=1000:1000 run.sh /run.sh\nCOPY --chmod=u=rwX,go=rX dir /dir"),
    "COPY --parents": Feature("COPY --parents dir/*/*.md /kept/"),
    "COPY --exclude": Feature("COPY --exclude=**/*.md --exclude=a.txt . /kept/"),
    "COPY with patterns": Feature("COPY [ab].txt d?r/*.txt /some/\nCOPY [\"a.txt\", \"/with space\"]"),
    "ADD of a local archive": Feature("ADD archive.tar /unpacked/\nADD --unpack=false archive.tar /kept/"),
    "ADD of an address with its checksum": Feature(f"ADD --checksum=sha256:{CHECKSUM} --chmod=644 {ADDRESS}/a.txt /fetched"),
    "ADD of a git repository": Feature(f"ADD --keep-git-dir=false {ADDRESS}/app.git#{COMMIT} /repository"),
    "ADD of a git repository with its history": Feature(f"ADD --keep-git-dir=true {ADDRESS}/app.git#main /repository"),
    ".dockerignore": Feature("COPY . /all", files={".dockerignore": "*.txt\n!a.txt\ndir/sub\n"}),
    "named context of a folder": Feature("COPY --from=other c.txt /", ("--build-context=other=dir",)),
    "named context in the place of an image": Feature(f"FROM placeholder AS one\nFROM {PYTHON}\nCOPY --from=one /etc/debian_version /v", (f"--build-context=placeholder=docker-image://{PYTHON}",)),
    # what a config says
    "LABEL": Feature('LABEL a=1 "b c"="d e"\nLABEL multi="line \\\ncontinued"', ("--label=from.client=yes",)),
    "EXPOSE and VOLUME": Feature('EXPOSE 80 53/udp 8000-8002\nVOLUME ["/data", "/more"]'),
    "HEALTHCHECK": Feature("HEALTHCHECK --interval=5s --start-period=1m --start-interval=2s --retries=2 CMD python3 -c 1"),
    "HEALTHCHECK NONE": Feature("HEALTHCHECK NONE"),
    "STOPSIGNAL": Feature("STOPSIGNAL SIGINT"),
    "USER": Feature("RUN echo app:x:1000:1000::/:/bin/sh >> /etc/passwd\nUSER app:1000\nRUN id -u > /tmp/id"),
    "WORKDIR that is relative": Feature("ENV D=deep\nWORKDIR /one\nWORKDIR two/$D\nRUN pwd > here"),
    "ENTRYPOINT in exec form": Feature('ENTRYPOINT ["python3", "-m"]\nCMD ["plugin"]'),
    "ENTRYPOINT in shell form": Feature("ENTRYPOINT exec python3 -m plugin\nCMD ignored"),
    "CMD twice": Feature("CMD first\nCMD second"),
    "MAINTAINER": Feature("MAINTAINER somebody"),
    "annotations": Feature("", ("--annotation=manifest:a=1", "--annotation=manifest:b=2")),
    # the language
    "build arguments": Feature("ARG A\nARG B=default\nENV C=${A:-none}-$B\nRUN echo $C > /c", ("--build-arg=A=given",)),
    "arguments that every build has": Feature("RUN echo ${http_proxy:-none} > /dev/null", ("--build-arg=HTTP_PROXY=http://proxy.example", "--build-arg=NO_PROXY=*")),
    "expansion of variables": Feature("ENV A=abc-def B=\nENV C=${A:+set} D=${B:-fallback} E=${A#*-} F=${A%-*} G=${A/abc/x} H=\\$A\nENV I=$A/$D"),
    "another escape character": Feature("RUN echo one ` \n    two > /both", directives="# escape=`\n"),
    "checks that are left out": Feature("ENV key value", directives="# check=skip=all;error=false\n"),
    "comments and continued lines": Feature("RUN echo a \\\n  # in between\n  b > /ab\n# at the end\n"),
    # of the client
    "SOURCE_DATE_EPOCH": Feature("RUN touch /now", ("--build-arg=SOURCE_DATE_EPOCH=1000000000",)),
    "--no-cache-filter": Feature(f"FROM {PYTHON} AS fresh\nRUN echo 1 > /1\nFROM fresh\nRUN echo 2 > /2", ("--no-cache-filter=other",)),
}  # fmt: skip
