# One JSON object for all platforms: {"gabber": ["current", "previous"], "cribbly": "..."}. There is no version here on
# purpose: the value is put in by hand or by your pipeline, and never passes through Terraform or its state. Cloud Run
# starts no revision whose secret has no version: create the secret first, as docs/deploy-gcp.md says.
resource "google_secret_manager_secret" "webhook" {
  secret_id           = "${var.name}-webhook"
  labels              = local.labels
  deletion_protection = var.deletion_protection

  # A version that is destroyed by mistake can be had back for a week; it stops working at once.
  version_destroy_ttl = "${7 * 86400}s"

  replication {
    user_managed {
      replicas {
        location = var.region

        dynamic "customer_managed_encryption" {
          for_each = local.kms_key_name[*]
          content {
            kms_key_name = customer_managed_encryption.value
          }
        }
      }
    }
  }

  depends_on = [google_project_service.apis]
}

# One JSON object of what outbound calls with: {"GABBER_API_KEY": "...", "LEADS_FORWARD_SECRET": "whsec_..."}, or {} to
# call no platform. Like the other it has no version here and must have one before the functions are deployed.
resource "google_secret_manager_secret" "outbound" {
  secret_id           = "${var.name}-outbound"
  labels              = local.labels
  deletion_protection = var.deletion_protection

  version_destroy_ttl = "${7 * 86400}s"

  replication {
    user_managed {
      replicas {
        location = var.region

        dynamic "customer_managed_encryption" {
          for_each = local.kms_key_name[*]
          content {
            kms_key_name = customer_managed_encryption.value
          }
        }
      }
    }
  }

  depends_on = [google_project_service.apis]
}
