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

# One JSON object of what outbound calls with: {"GABBER_API_KEY": "...", "LEADS_FORWARD_SECRET": "whsec_..."}. Like the
# other it has no version here. Until it has one no platform is called.
resource "aws_secretsmanager_secret" "outbound" {
  name        = "${var.name}-outbound"
  description = "What outbound calls platforms with: a JSON object, GABBER_API_KEY and LEADS_FORWARD_SECRET."
  kms_key_id  = local.kms_key_arn
}
