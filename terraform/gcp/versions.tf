terraform {
  required_version = ">= 1.11" # tests/ overrides resources while planning

  required_providers {
    # The tests validate against the schema of 6.50.0, the last 6; for what is used here that of 7.45.0 is the same. What 7 has
    # written into a state 6 may not read, so the range holds both, and the lock file of a deployment says which it is.
    google = {
      source  = "hashicorp/google"
      version = ">= 6.50, < 8.0"
    }
  }
}

# Credentials come from the environment, like those of gcloud: `gcloud auth application-default login`.
provider "google" {
  project = var.project
  region  = var.region
}

# Not switched off on destroy: something else in the project may have come to need them.
resource "google_project_service" "apis" {
  for_each = toset([
    "artifactregistry.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "firestore.googleapis.com",
    "iam.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "storage.googleapis.com",
  ])

  project            = var.project
  service            = each.key
  disable_on_destroy = false
}

data "google_project" "this" {
  project_id = var.project
}

locals {
  # Resource by resource rather than by the provider's default_labels: alert policies and channels do not take those.
  labels = merge({ application = var.name }, var.labels)

  # Null rather than empty: that is how a resource argument is left out.
  kms_key_name = var.kms_key_name == "" ? null : var.kms_key_name
}
