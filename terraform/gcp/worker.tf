# Reads events, writes ledger and records, publishes follow-ups. It has no secret, it cannot delete what it wrote, and
# only Pub/Sub can call it: the network lets no other caller in, and IAM knows one caller.

resource "google_cloudfunctions2_function" "worker" {
  name        = "${var.name}-worker"
  location    = var.region
  description = "Applies business logic to queued events."
  labels      = local.labels

  build_config {
    runtime           = var.runtime
    entry_point       = "Worker"
    service_account   = google_service_account.build.id
    docker_repository = google_artifact_registry_repository.functions.id

    source {
      storage_source {
        bucket = google_storage_bucket.source.name
        object = google_storage_bucket_object.source["gcp-worker"].name
      }
    }
  }

  # There is no event_trigger: see the subscription in queues.tf.

  service_config {
    service_account_email = google_service_account.worker.email

    ingress_settings               = "ALLOW_INTERNAL_ONLY"
    all_traffic_on_latest_revision = true

    max_instance_count               = var.worker_max_instances
    max_instance_request_concurrency = 10
    available_cpu                    = "1"
    available_memory                 = "256Mi"
    # A twentieth of the ack deadline: a late write of the first try lands long before a second one starts.
    timeout_seconds = 30

    environment_variables = {
      GOOGLE_CLOUD_PROJECT = var.project
      OUTBOUND_TOPIC       = google_pubsub_topic.outbound.name
      DEAD_LETTERS_TOPIC   = google_pubsub_topic.dead_letters.name
      FIRESTORE_DATABASE   = google_firestore_database.ledger.name
      TARIFF               = var.tariff
      IDLESS_WINDOW        = var.idless_window
      ANONYMOUS_HUMANS     = var.anonymous_humans
      ACCOUNT_PER_PROJECT  = tostring(var.account_per_project)
      EXCLUDE_SIMULATED    = tostring(var.exclude_simulated)
      GABBER_LEDGER        = var.gabber_ledger
      GABBER_CREDIT        = var.gabber_credit
      SPEAK_RESULT         = var.speak_result
      SPEAK_FAILURE        = var.speak_failure
      LEADS_FORWARD_URL    = var.leads_forward_url # only whether there is one
    }
  }

  depends_on = [
    google_artifact_registry_repository_iam_member.build_writes_images,
    google_firestore_field.unindexed,
    google_project_iam_member.build_logs,
    google_project_iam_member.build_reads_source,
    google_project_iam_member.worker_keeps_books,
    google_pubsub_topic_iam_member.worker_publishes_dead_letters,
    google_pubsub_topic_iam_member.worker_publishes_outbound,
  ]
}

resource "google_cloud_run_v2_service_iam_member" "push_calls_worker" {
  location = var.region
  name     = google_cloudfunctions2_function.worker.name # a function's service has its name
  role     = "roles/run.invoker"
  member   = google_service_account.push.member

  lifecycle {
    replace_triggered_by = [google_cloudfunctions2_function.worker.id] # see ingest.tf
  }
}

resource "google_service_account" "worker" {
  account_id   = "${var.name}-worker"
  display_name = "${var.name}-worker"

  depends_on = [google_project_service.apis]
}

resource "google_pubsub_topic_iam_member" "worker_publishes_outbound" {
  topic  = google_pubsub_topic.outbound.id
  role   = "roles/pubsub.publisher"
  member = google_service_account.worker.member
}

resource "google_pubsub_topic_iam_member" "worker_publishes_dead_letters" {
  topic  = google_pubsub_topic.dead_letters.id
  role   = "roles/pubsub.publisher"
  member = google_service_account.worker.member
}

# What roles/datastore.user may do to documents, less deleting them and less transactions that stay open: a commit, a
# read and a query are one call each.
resource "google_project_iam_custom_role" "bookkeeper" {
  role_id     = replace("${var.name}-bookkeeper", "-", "_")
  title       = "${var.name} bookkeeper"
  description = "Reads and writes documents, and cannot delete any."

  permissions = [
    "datastore.entities.create",
    "datastore.entities.get",
    "datastore.entities.list",
    "datastore.entities.update",
  ]

  depends_on = [google_project_service.apis]
}

# Firestore has no IAM of its own, so this stands on the project and names the one database.
resource "google_project_iam_member" "worker_keeps_books" {
  project = var.project
  role    = google_project_iam_custom_role.bookkeeper.id
  member  = google_service_account.worker.member

  condition {
    title      = "database ${var.name}"
    expression = "resource.name == \"projects/${var.project}/databases/${google_firestore_database.ledger.name}\""
  }
}
