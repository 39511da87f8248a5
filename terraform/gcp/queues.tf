# ingest → events → worker → outbound topic → outbound, and dead letters for what cannot be used: sent there by the
# functions with a reason, or moved there by Pub/Sub after too many tries. One place to look.
#
# A topic keeps nothing: only what its subscriptions have not acknowledged yet exists. So each topic has one
# here, and none of them expires (by default Google deletes a subscription after 31 idle days).

locals {
  retention = 7 * 86400 # seconds

  dead_letters_retention = 14 * 86400
}

resource "google_pubsub_topic" "events" {
  name         = "${var.name}-events"
  labels       = local.labels
  kms_key_name = local.kms_key_name

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }

  depends_on = [google_project_service.apis]
}

resource "google_pubsub_topic" "outbound" {
  name         = "${var.name}-outbound"
  labels       = local.labels
  kms_key_name = local.kms_key_name

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }

  depends_on = [google_project_service.apis]
}

resource "google_pubsub_topic" "dead_letters" {
  name         = "${var.name}-dead-letters"
  labels       = local.labels
  kms_key_name = local.kms_key_name

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }

  depends_on = [google_project_service.apis]
}

# A push subscription of our own, because the one that comes with a function's event trigger can have no dead letters in
# Terraform, gives up after a day and caps events at 512 KB.
resource "google_pubsub_subscription" "events" {
  name   = "${var.name}-events"
  topic  = google_pubsub_topic.events.id
  labels = local.labels

  message_retention_duration = "${local.retention}s"

  # Also how long one push may take. The longest there is: a message must not be handed out twice at once.
  ack_deadline_seconds = 600

  expiration_policy {
    ttl = ""
  }

  push_config {
    # The run.app address: Pub/Sub counts as internal there, and the token's audience must be exactly this.
    push_endpoint = google_cloudfunctions2_function.worker.service_config[0].uri

    oidc_token {
      service_account_email = google_service_account.push.email
      audience              = google_cloudfunctions2_function.worker.service_config[0].uri
    }
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  # The most tries there are, about 16 hours of them: an outage of the database then heals without a redrive,
  # and a push that finds all workers busy is a try, too. What no try can cure, the worker sends to the dead letters
  # at once and by itself.
  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead_letters.id
    max_delivery_attempts = 100
  }

  depends_on = [
    google_pubsub_subscription.dead_letters,
    google_pubsub_subscription.outbound,
  ]
}

# Like events, to outbound.
resource "google_pubsub_subscription" "outbound" {
  name   = "${var.name}-outbound"
  topic  = google_pubsub_topic.outbound.id
  labels = local.labels

  message_retention_duration = "${local.retention}s"
  ack_deadline_seconds       = 600

  expiration_policy {
    ttl = ""
  }

  push_config {
    push_endpoint = google_cloudfunctions2_function.outbound.service_config[0].uri

    oidc_token {
      service_account_email = google_service_account.push.email
      audience              = google_cloudfunctions2_function.outbound.service_config[0].uri
    }
  }

  # After a call with an unknown outcome, the limit is pushed once more, when that call can no longer land: a
  # minute later. With a push subscription no message can ask for that by itself, so all of them wait as long.
  retry_policy {
    minimum_backoff = "60s"
    maximum_backoff = "600s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead_letters.id
    max_delivery_attempts = 100
  }
}

# Read by people. Kept longer than any source.
resource "google_pubsub_subscription" "dead_letters" {
  name   = "${var.name}-dead-letters"
  topic  = google_pubsub_topic.dead_letters.id
  labels = local.labels

  message_retention_duration = "${local.dead_letters_retention}s"
  ack_deadline_seconds       = 600

  expiration_policy {
    ttl = ""
  }
}

locals {
  # Pub/Sub itself, when it pushes with a token and moves dead letters.
  pubsub_agent = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

# Without these three Pub/Sub says nothing and goes on trying what it should have moved.
resource "google_pubsub_topic_iam_member" "agent_publishes_dead_letters" {
  topic  = google_pubsub_topic.dead_letters.id
  role   = "roles/pubsub.publisher"
  member = local.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "agent_takes_from_events" {
  subscription = google_pubsub_subscription.events.id
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "agent_takes_from_outbound" {
  subscription = google_pubsub_subscription.outbound.id
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}

# The identity that the front doors of worker and outbound know. It has no other use.
resource "google_service_account" "push" {
  account_id   = "${var.name}-push"
  display_name = "Pub/Sub, pushing to ${var.name}-worker and ${var.name}-outbound"

  depends_on = [google_project_service.apis]
}

# Projects in which Pub/Sub was switched on before April 2021 need this; elsewhere it changes nothing.
resource "google_service_account_iam_member" "agent_signs_as_push" {
  service_account_id = google_service_account.push.name
  role               = "roles/iam.serviceAccountOpenIdTokenCreator"
  member             = local.pubsub_agent
}
