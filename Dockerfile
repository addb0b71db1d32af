# The images spybuild/spybuild and spybuild/frontend: SpyBuild with a Python of its own in /.spybuild, and nothing else.
# Build them with `make image` (python -m buildkit.image), which puts what is needed in dist/image first.
#
# Nothing is downloaded in here, and nothing foreign is executed: the machine's own Python assembles for all platforms.

# The Python to take. Its Debian or later glibc comes along, so images with an older or with none can use the result.
ARG BASE=python:3.13-slim

# target: that Python for the platform in question; only read.
FROM ${BASE} AS target

# tools: the same image for the machine that builds; it does the work.
FROM --platform=${BUILDPLATFORM} ${BASE} AS tools
ARG BUILDARCH
ARG BUILDVARIANT
COPY dist/image/patchelf/linux-${BUILDARCH}${BUILDVARIANT:+-${BUILDVARIANT}} /tools/patchelf
COPY buildkit/__init__.py buildkit/assemble.py buildkit/trimming.py /tools/buildkit/
# The same sources make the same bytecode; columns in it would serve nobody without the sources.
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0 PYTHONNODEBUGRANGES=1 PYTHONPATH=/tools

# What is the same for all platforms is assembled once.
FROM tools AS library
RUN python3 -m buildkit.assemble library

FROM tools AS pure
RUN --mount=type=bind,source=dist/image/wheels,target=/wheels \
    python3 -m buildkit.assemble pure /wheels

FROM tools AS own
RUN --mount=type=bind,source=dist/image/spybuild,target=/wheels \
    --mount=type=bind,source=buildkit,target=/buildkit \
    python3 -m buildkit.assemble spybuild /wheels /buildkit

FROM tools AS python
ARG TARGETARCH
RUN --mount=type=bind,from=target,target=/target \
    python3 -m buildkit.assemble python /target

FROM tools AS compiled
ARG TARGETARCH
ARG TARGETVARIANT
RUN --mount=type=bind,source=dist/image/wheels,target=/wheels \
    --mount=type=bind,from=python,source=/.spybuild/lib,target=/libraries \
    python3 -m buildkit.assemble compiled /wheels linux-${TARGETARCH}${TARGETVARIANT:+-${TARGETVARIANT}} /libraries

# spybuild: the command line, and what build stages mount. The least changing first.
FROM scratch AS spybuild
LABEL org.opencontainers.image.title="SpyBuild" \
      org.opencontainers.image.description="The contract gate for Python container images" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=library /.spybuild/ /.spybuild/
COPY --from=python /.spybuild/ /.spybuild/
COPY --from=compiled /.spybuild/ /.spybuild/
COPY --from=pure /.spybuild/ /.spybuild/
COPY --from=own /.spybuild/ /.spybuild/
ENTRYPOINT ["/.spybuild/bin/spybuild"]

# frontend: what `# syntax=` names. BuildKit starts an image's entrypoint, and reads in labels what that can do.
FROM spybuild AS frontend
LABEL org.opencontainers.image.title="SpyBuild frontend" \
      moby.buildkit.frontend.network.none="true" \
      moby.buildkit.frontend.caps="moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,moby.buildkit.frontend.contexts"
ENTRYPOINT ["/.spybuild/bin/frontend"]

# Without --target it is the command line.
FROM spybuild
