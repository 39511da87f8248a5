# Both are null rather than empty: that is how a resource argument is left out.
locals {
  kms_key_arn              = var.kms_key_arn == "" ? null : var.kms_key_arn
  permissions_boundary_arn = var.permissions_boundary_arn == "" ? null : var.permissions_boundary_arn
}

# One JSON object for all platforms: {"gabber": ["current", "previous"], "cribbly": "..."}. There is no version here on
# purpose: the value is put in by hand or by your pipeline, and never passes through Terraform or its state. Until then
# every route answers 503.
resource "aws_secretsmanager_secret" "webhook" {
  name        = "${var.name}-webhook"
  description = "Webhook signing secrets: a JSON object, per platform a string or a list of up to three."
  kms_key_id  = local.kms_key_arn
}
