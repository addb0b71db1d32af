# Lays the frontend over targets of a bake file of yours, which stays as it is (docs/buildkit.md):
#   SPYBUILD_TARGETS=app,worker docker buildx bake -f docker-bake.hcl -f spybuild/bake.hcl app worker
# Whatever is not named there is built without SpyBuild: name targets as `--print` shows them, and no groups.

variable "SPYBUILD_TARGETS" { default = "" }
variable "SPYBUILD_FRONTEND" { default = "spybuild/frontend" }
variable "SPYBUILD_CONTRACT" { default = null }
variable "SPYBUILD_SECRETS" { default = null }
variable "SPYBUILD_VARIABLES" { default = null }

target "spybuild" {
  name   = notequal(each, "") ? each : "SPYBUILD_TARGETS must list the targets to validate: it is empty"
  matrix = { each = split(",", SPYBUILD_TARGETS) }
  args = {
    BUILDKIT_SYNTAX    = SPYBUILD_FRONTEND
    SPYBUILD_CONTRACT  = SPYBUILD_CONTRACT
    SPYBUILD_SECRETS   = SPYBUILD_SECRETS
    SPYBUILD_VARIABLES = SPYBUILD_VARIABLES
  }
}
