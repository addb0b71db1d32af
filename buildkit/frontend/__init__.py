"""The frontend: what BuildKit runs for `# syntax=spybuild/frontend`.

It forwards the build to the Dockerfile frontend, validates every platform of the result inside that very result, and
hands it back unchanged. docs/buildkit.md says what users see; the protocol is BuildKit's gateway (`wire`).
"""
