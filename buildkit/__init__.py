"""SpyBuild inside a build: the image that carries it into any Dockerfile's stage. It knows spybuild, never the reverse."""
