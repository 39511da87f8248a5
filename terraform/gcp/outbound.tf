# The only one that calls anything but Google, and the only one with API keys. Firestore's IAM knows databases and not
# what is in them, so it could write to the ledger as well: an intruder can call platforms and mint credits,
# which the entries would show.

resource "google_cloudfunctions2_function" "outbound" {
  name        = "${var.name}-outbound"
  location    = var.region
  description = "Tells platforms what follows from events."
  labels      = local.labels

  build_config {
    runtime           = var.runtime
    entry_point       = "Outbound"
    service_account   = google_service_account.build.id
    docker_repository = google_artifact_registry_repository.functions.id

    source {
      storage_source {
        bucket = google_storage_bucket.source.name
        object = google_storage_bucket_object.source["gcp-outbound"].name
      }
    }
  }

  # There is no event_trigger: see the subscription in queues.tf.

  service_config {
    service_account_email = google_service_account.outbound.email

    ingress_settings               = "ALLOW_INTERNAL_ONLY"
    all_traffic_on_latest_revision = true

    max_instance_count               = var.outbound_max_instances
    max_instance_request_concurrency = 10
    available_cpu                    = "1"
    available_memory                 = "256Mi"
    # A tenth of the ack deadline: a late call of the first try lands long before a second one starts. An event may take
    # 10 s (worker.RecordBudget); the rest is for an instance that starts, and for storing what follows.
    timeout_seconds = 60

    environment_variables = {
      GOOGLE_CLOUD_PROJECT   = var.project
      OUTBOUND_TOPIC         = google_pubsub_topic.outbound.name
      DEAD_LETTERS_TOPIC     = google_pubsub_topic.dead_letters.name
      FIRESTORE_DATABASE     = google_firestore_database.ledger.name
      OUTBOUND_SECRETS_DIR   = local.secrets_dir
      GABBER_API_URL         = var.gabber_api_url
      TARIFF                 = var.tariff
      END_EXHAUSTED_SESSIONS = tostring(var.end_exhausted_sessions)
      LEADS_FORWARD_URL      = var.leads_forward_url
    }

    # Read when the function starts.
    secret_volumes {
      mount_path = local.secrets_dir
      project_id = var.project
      secret     = google_secret_manager_secret.outbound.secret_id

      versions {
        version = "latest"
        path    = "outbound"
      }
    }
  }

  depends_on = [
    google_artifact_registry_repository_iam_member.build_writes_images,
    google_firestore_field.unindexed,
    google_project_iam_member.build_logs,
    google_project_iam_member.build_reads_source,
    google_project_iam_member.outbound_keeps_books,
    google_pubsub_topic_iam_member.outbound_publishes_dead_letters,
    google_pubsub_topic_iam_member.outbound_publishes_outbound,
    google_secret_manager_secret_iam_member.outbound_reads_outbound_secret,
  ]
}

resource "google_cloud_run_v2_service_iam_member" "push_calls_outbound" {
  location = var.region
  name     = google_cloudfunctions2_function.outbound.name # a function's service has its name
  role     = "roles/run.invoker"
  member   = google_service_account.push.member

  lifecycle {
    replace_triggered_by = [google_cloudfunctions2_function.outbound.id] # see ingest.tf
  }
}

resource "google_service_account" "outbound" {
  account_id   = "${var.name}-outbound"
  display_name = "${var.name}-outbound"

  depends_on = [google_project_service.apis]
}

# What follows from what it did: a balance that crossed zero.
resource "google_pubsub_topic_iam_member" "outbound_publishes_outbound" {
  topic  = google_pubsub_topic.outbound.id
  role   = "roles/pubsub.publisher"
  member = google_service_account.outbound.member
}

resource "google_pubsub_topic_iam_member" "outbound_publishes_dead_letters" {
  topic  = google_pubsub_topic.dead_letters.id
  role   = "roles/pubsub.publisher"
  member = google_service_account.outbound.member
}

resource "google_secret_manager_secret_iam_member" "outbound_reads_outbound_secret" {
  secret_id = google_secret_manager_secret.outbound.id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.outbound.member
}

# Reads balances, notes how far the platform knows them, and keeps records of what it said.
resource "google_project_iam_member" "outbound_keeps_books" {
  project = var.project
  role    = google_project_iam_custom_role.bookkeeper.id
  member  = google_service_account.outbound.member

  condition {
    title      = "database ${var.name}"
    expression = "resource.name == \"projects/${var.project}/databases/${google_firestore_database.ledger.name}\""
  }
}
