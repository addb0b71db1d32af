# Both images, for all platforms:
#   python -m buildkit.artifacts && docker buildx bake -f buildkit/docker-bake.hcl            (into Docker)
#   REGISTRY=registry.example/ TAG=1.0 docker buildx bake -f buildkit/docker-bake.hcl --push  (to a registry)
# Run it in the root of the checkout; the first command puts wheels into dist/image, since the build downloads nothing.

variable "REGISTRY" { default = "" } # with the slash behind it
variable "TAG" { default = "latest" }
variable "BASE" { default = "python:3.13-slim" }
variable "SOURCE_DATE_EPOCH" { default = "0" }

group "default" {
  targets = ["spybuild", "frontend"]
}

target "images" {
  name       = image
  matrix     = { image = ["spybuild", "frontend"] }
  context    = "."
  dockerfile = "Dockerfile"
  target     = image
  platforms  = ["linux/amd64", "linux/arm64", "linux/arm/v7"]
  tags       = ["${REGISTRY}spybuild/${image}:${TAG}"]
  args       = { BASE = BASE, SOURCE_DATE_EPOCH = SOURCE_DATE_EPOCH }
  # Provenance has times in it, and the same sources are to make the same index.
  attest = ["type=provenance,disabled=true"]
  output = ["type=image,compression=gzip,compression-level=9,force-compression=true"]
}
