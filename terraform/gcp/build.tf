# Google compiles functions in the project itself. With no account named, the build runs as the Compute Engine default
# account, which may do nothing in a new organisation and everything in an old one. This one may build, and nothing else.

resource "google_service_account" "build" {
  account_id   = "${var.name}-build"
  display_name = "Builds the functions of ${var.name}"

  depends_on = [google_project_service.apis]
}

# There is nothing smaller than the project to write a build log to.
resource "google_project_iam_member" "build_logs" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.build.member
}

# Cloud Functions copies each archive to a bucket that it makes when it first needs it, so there is no bucket yet to
# grant this on.
resource "google_project_iam_member" "build_reads_source" {
  project = var.project
  role    = "roles/storage.objectViewer"
  member  = google_service_account.build.member

  condition {
    title      = "source of functions"
    expression = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-${data.google_project.this.number}-${var.region}\")"
  }
}

resource "google_artifact_registry_repository_iam_member" "build_writes_images" {
  location   = google_artifact_registry_repository.functions.location
  repository = google_artifact_registry_repository.functions.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.build.member
}

resource "google_artifact_registry_repository" "functions" {
  repository_id = "${var.name}-functions"
  location      = var.region
  format        = "DOCKER"
  description   = "Images of the functions, made by Cloud Build."
  labels        = local.labels

  depends_on = [google_project_service.apis]
}

# The archives of `make package-gcp`. They hold code, no data, and can be made again.
resource "google_storage_bucket" "source" {
  name          = "${var.project}-${var.name}-source"
  location      = var.region
  labels        = local.labels
  force_destroy = true

  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  depends_on = [google_project_service.apis]
}

# The sum in the name is what makes a changed archive a new deployment.
resource "google_storage_bucket_object" "source" {
  for_each = toset(["gcp-ingest", "gcp-worker", "gcp-outbound"])

  bucket = google_storage_bucket.source.name
  name   = "${each.key}-${filemd5("${var.build_dir}/${each.key}.zip")}.zip"
  source = "${var.build_dir}/${each.key}.zip"
}
