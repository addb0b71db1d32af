# The image spybuild/spybuild: SpyBuild with a Python of its own in /opt/spybuild, and nothing else.
# Build it with `make image` (python -m buildkit.image), which puts what is needed in dist/image first.
#
# Nothing is downloaded in here, and nothing foreign is executed: the machine's own Python assembles for all platforms.

# The Python to take. Its Debian or later glibc comes along, so images with an older or with none can use the result.
ARG BASE=python:3.13-slim

# target: that Python for the platform in question; only read.
FROM ${BASE} AS target

# tools: the same image for the machine that builds; it does the work.
FROM --platform=${BUILDPLATFORM} ${BASE} AS tools
ARG BUILDARCH
COPY dist/image/patchelf/linux-${BUILDARCH} /tools/patchelf
COPY buildkit/assemble.py /tools/
ENV PYTHONDONTWRITEBYTECODE=1

# What is the same for all platforms is assembled once.
FROM tools AS library
RUN python3 /tools/assemble.py library

FROM tools AS pure
RUN --mount=type=bind,source=dist/image/wheels,target=/wheels \
    python3 /tools/assemble.py pure /wheels

FROM tools AS spybuild
RUN --mount=type=bind,source=dist/image/spybuild,target=/wheels \
    python3 /tools/assemble.py pure /wheels

FROM tools AS python
ARG TARGETARCH
RUN --mount=type=bind,from=target,target=/target \
    python3 /tools/assemble.py python /target

FROM tools AS compiled
ARG TARGETARCH
RUN --mount=type=bind,source=dist/image/wheels,target=/wheels \
    --mount=type=bind,from=python,source=/opt/spybuild/lib,target=/libraries \
    python3 /tools/assemble.py compiled /wheels/linux-${TARGETARCH} /libraries

# The least changing first.
FROM scratch
LABEL org.opencontainers.image.title="SpyBuild" \
      org.opencontainers.image.description="The contract gate for Python container images" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=library /opt/spybuild/ /opt/spybuild/
COPY --from=python /opt/spybuild/ /opt/spybuild/
COPY --from=compiled /opt/spybuild/ /opt/spybuild/
COPY --from=pure /opt/spybuild/ /opt/spybuild/
COPY --from=spybuild /opt/spybuild/ /opt/spybuild/
ENTRYPOINT ["/opt/spybuild/bin/spybuild"]
