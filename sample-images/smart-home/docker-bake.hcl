# All five good images, for both platforms:  docker buildx bake   (one: docker buildx bake thermostat)
# Other bases than python:3.13-slim:         PYTHON=registry.example/python FLAVOUR= docker buildx bake
# Without the check, to try the scan on:     docker buildx bake --set '*.target=unchecked'

variable "PYTHON" { default = "python" }
variable "FLAVOUR" { default = "-slim" }
variable "SPYBUILD" { default = "spybuild/spybuild" }

group "default" {
  targets = ["plugins"]
}

target "plugins" {
  name = plugin.name
  matrix = {
    plugin = [
      { name = "thermostat", version = "1.4", python = "3.13", secret = "DEVICE_TOKEN" },
      { name = "lighting", version = "2.1", python = "3.11", secret = "DEVICE_TOKEN" },
      { name = "security-sensor", version = "3.0", python = "3.11", secret = "DEVICE_TOKEN" },
      { name = "voice-assistant", version = "0.9", python = "3.13", secret = "API_KEY" },
      { name = "external-service", version = "1.0", python = "3.11", secret = "API_KEY" },
    ]
  }
  dockerfile = "${plugin.name}/Dockerfile"
  platforms  = ["linux/amd64", "linux/arm64"]
  tags       = ["smart-home/${plugin.name}:${plugin.version}"]
  secret     = ["id=${lower(plugin.secret)},env=${plugin.secret}"]
  args = {
    BASE     = "${PYTHON}:${plugin.python}${FLAVOUR}"
    SPYBUILD = SPYBUILD
  }
}
