# The only thing that faces the internet. It may publish to two topics and read one secret: an intruder can
# forge events, and nothing else.

resource "google_cloudfunctions2_function" "ingest" {
  name        = "${var.name}-ingest"
  location    = var.region
  description = "Verifies webhook deliveries and queues them."
  labels      = local.labels

  build_config {
    runtime           = var.runtime
    entry_point       = "Ingest"
    service_account   = google_service_account.build.id
    docker_repository = google_artifact_registry_repository.functions.id

    source {
      storage_source {
        bucket = google_storage_bucket.source.name
        object = google_storage_bucket_object.source["gcp-ingest"].name
      }
    }
  }

  service_config {
    service_account_email = google_service_account.ingest.email

    # Platforms cannot sign requests for IAM, so the door is open and the function checks signatures.
    ingress_settings               = "ALLOW_ALL"
    all_traffic_on_latest_revision = true

    min_instance_count = var.ingest_min_instances
    max_instance_count = var.ingest_max_instances
    # More than one request per instance needs a whole CPU. 80 bodies at their largest still fit in the memory.
    max_instance_request_concurrency = 80
    available_cpu                    = "1"
    available_memory                 = var.max_body_kib > 180 ? "512Mi" : "256Mi"
    # Ingest itself gives up after 3 s with a 503; the rest is for a first request that waits for its instance.
    timeout_seconds = 10

    environment_variables = {
      GOOGLE_CLOUD_PROJECT = var.project
      EVENTS_TOPIC         = google_pubsub_topic.events.name
      DEAD_LETTERS_TOPIC   = google_pubsub_topic.dead_letters.name
      SECRETS_DIR          = local.secrets_dir
      MAX_BODY_BYTES       = tostring(var.max_body_kib * 1024)
      SIGNATURE_SCHEMES    = local.signature_schemes
    }

    # A file, not a variable: it follows a rotation without a deployment, and is not in what describes the service.
    secret_volumes {
      mount_path = local.secrets_dir
      project_id = var.project
      secret     = google_secret_manager_secret.webhook.secret_id

      versions {
        version = "latest"
        path    = "webhook"
      }
    }
  }

  # A revision that cannot read its secret does not start, one that cannot publish answers 503. What the build account is
  # granted takes a minute or two to reach the build; a first apply spends them on Firestore's indexes.
  depends_on = [
    google_artifact_registry_repository_iam_member.build_writes_images,
    google_firestore_field.unindexed,
    google_project_iam_member.build_logs,
    google_project_iam_member.build_reads_source,
    google_pubsub_topic_iam_member.ingest_publishes_dead_letters,
    google_pubsub_topic_iam_member.ingest_publishes_events,
    google_secret_manager_secret_iam_member.ingest_reads_webhook_secret,
  ]
}

locals {
  secrets_dir = "/secrets"
}

# Where an organisation forbids this grant, docs/deploy-gcp.md says how the door opens instead.
resource "google_cloud_run_v2_service_iam_member" "ingest_is_public" {
  count = var.grant_all_users ? 1 : 0

  location = var.region
  name     = google_cloudfunctions2_function.ingest.name # a function's service has its name
  role     = "roles/run.invoker"
  member   = "allUsers"

  # A topic without a subscription drops what it is given, after ingest has said 200. So the door opens last and, on a
  # destroy, closes first; and the events subscription waits for the two that keep what the worker makes of events.
  depends_on = [
    google_pubsub_subscription.dead_letters,
    google_pubsub_subscription.events,
    google_pubsub_subscription.outbound,
  ]

  # A function that is replaced under its name takes its service's grants along, and Terraform would go on believing in
  # them (hashicorp/terraform-provider-google#15264). The id changes just then: a grant that was replaced with every
  # deployment would close the door for a moment each time.
  lifecycle {
    replace_triggered_by = [google_cloudfunctions2_function.ingest.id]
  }
}

resource "google_service_account" "ingest" {
  account_id   = "${var.name}-ingest"
  display_name = "${var.name}-ingest"

  depends_on = [google_project_service.apis]
}

resource "google_pubsub_topic_iam_member" "ingest_publishes_events" {
  topic  = google_pubsub_topic.events.id
  role   = "roles/pubsub.publisher"
  member = google_service_account.ingest.member
}

resource "google_pubsub_topic_iam_member" "ingest_publishes_dead_letters" {
  topic  = google_pubsub_topic.dead_letters.id
  role   = "roles/pubsub.publisher"
  member = google_service_account.ingest.member
}

resource "google_secret_manager_secret_iam_member" "ingest_reads_webhook_secret" {
  secret_id = google_secret_manager_secret.webhook.id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.ingest.member
}
