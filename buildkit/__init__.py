"""The image that carries SpyBuild into the stages of any Dockerfile. It knows spybuild, never the reverse."""
