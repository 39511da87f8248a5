# Values that would fail half-way through an apply, or worse succeed, are refused before it; the others arrive where
# they belong.

mock_provider "google" {
  source          = "./tests/mock"
  override_during = plan
}

variables {
  project     = "acme-demo"
  region      = "europe-west1"
  name        = "demo"
  build_dir   = "./tests/archives"
  alarm_email = "oncall@example.com"
}

run "values_that_google_would_refuse_later" {
  command = plan

  variables {
    project                = "111122223333"           # the number instead of the id
    region                 = "europe-west1-b"         # a zone
    name                   = "twenty-two-characters-" # too long for service accounts
    labels                 = { Team = "Credits" }
    runtime                = "nodejs22"
    max_body_kib           = 1024 # more than a document takes
    ingest_min_instances   = -1
    worker_max_instances   = 0
    outbound_max_instances = 0
    gabber_ledger          = "beside" # without a credit type
    gabber_api_url         = "http://api.gabber.dev"
    leads_forward_url      = "https://user@example.com"
    log_retention_days     = 0
    alarm_email            = "" # nobody to tell
  }

  expect_failures = [
    var.project, var.region, var.name, var.labels, var.runtime, var.max_body_kib,
    var.ingest_min_instances, var.worker_max_instances, var.outbound_max_instances,
    var.gabber_ledger, var.gabber_api_url, var.leads_forward_url, var.log_retention_days, var.alarm_email,
  ]
}

run "values_that_only_what_is_deployed_would_refuse" {
  command = plan

  variables {
    max_body_kib           = 100.3 # no whole number of bytes
    ingest_min_instances   = 30    # of at most 20
    worker_max_instances   = 2.5
    outbound_max_instances = 1.5
    tariff                 = "free"
    idless_window          = "15 minutes"
    log_retention_days     = 30.5
    kms_key_name           = "mykey"
  }

  expect_failures = [
    var.max_body_kib, var.ingest_min_instances, var.worker_max_instances, var.outbound_max_instances,
    var.tariff, var.idless_window, var.log_retention_days, var.kms_key_name,
  ]
}

run "half_an_instance_and_a_key_elsewhere" {
  command = plan

  variables {
    ingest_min_instances = 0.5
    kms_key_name         = "projects/acme-demo/locations/global/keyRings/r/cryptoKeys/k"
  }

  expect_failures = [var.ingest_min_instances, var.kms_key_name]
}

# Apart from ingest_min_instances, which is not looked at while this one is wrong.
run "half_an_instance_at_most" {
  command = plan

  variables {
    ingest_max_instances = 20.5
  }

  expect_failures = [var.ingest_max_instances]
}

run "a_ceiling_that_closes_the_door" {
  command = plan

  variables {
    ingest_max_instances = 0
  }

  expect_failures = [var.ingest_max_instances]
}

run "empty_values_that_would_mean_the_default" {
  command = plan

  variables {
    tariff           = ""
    idless_window    = ""
    anonymous_humans = ""
    speak_result     = ""
    speak_failure    = ""
    gabber_api_url   = ""
  }

  expect_failures = [
    var.tariff, var.idless_window, var.anonymous_humans, var.speak_result, var.speak_failure, var.gabber_api_url,
  ]
}

run "name_too_short_for_a_database" {
  command = plan

  variables {
    name = "abc"
  }

  expect_failures = [var.name]
}

run "every_option_taken" {
  command = plan

  variables {
    runtime                = "go127"
    max_body_kib           = 720
    ingest_min_instances   = 1
    ingest_max_instances   = 100
    grant_all_users        = false
    worker_max_instances   = 2
    outbound_max_instances = 1
    tariff                 = "conversational_seconds=1,token_cnt=0.002"
    idless_window          = "forever"
    anonymous_humans       = "anonymous,guest"
    account_per_project    = true
    exclude_simulated      = true
    gabber_ledger          = "instead"
    gabber_credit          = "credit-1"
    speak_result           = "It says {response}"
    speak_failure          = "Sorry"
    leads_forward_url      = "https://leads.example.com/new"
    gabber_api_url         = "https://gabber.example.com"
    end_exhausted_sessions = true
    alarm_email            = ""
    notification_channels  = ["projects/acme-demo/notificationChannels/2"]
    runbook_url            = "https://example.com/runbook"
    deletion_protection    = false
    kms_key_name           = "projects/acme-demo/locations/europe-west1/keyRings/r/cryptoKeys/k"
  }

  assert {
    condition = google_cloudfunctions2_function.worker.service_config[0].environment_variables == tomap({
      GOOGLE_CLOUD_PROJECT = "acme-demo"
      OUTBOUND_TOPIC       = "demo-outbound"
      DEAD_LETTERS_TOPIC   = "demo-dead-letters"
      FIRESTORE_DATABASE   = "demo"
      TARIFF               = "conversational_seconds=1,token_cnt=0.002"
      IDLESS_WINDOW        = "forever"
      ANONYMOUS_HUMANS     = "anonymous,guest"
      ACCOUNT_PER_PROJECT  = "true"
      EXCLUDE_SIMULATED    = "true"
      GABBER_LEDGER        = "instead"
      GABBER_CREDIT        = "credit-1"
      SPEAK_RESULT         = "It says {response}"
      SPEAK_FAILURE        = "Sorry"
      LEADS_FORWARD_URL    = "https://leads.example.com/new"
    })
    error_message = "An option does not reach the worker."
  }

  assert {
    condition = google_cloudfunctions2_function.outbound.service_config[0].environment_variables == tomap({
      GOOGLE_CLOUD_PROJECT   = "acme-demo"
      OUTBOUND_TOPIC         = "demo-outbound"
      DEAD_LETTERS_TOPIC     = "demo-dead-letters"
      FIRESTORE_DATABASE     = "demo"
      OUTBOUND_SECRETS_DIR   = "/secrets"
      GABBER_API_URL         = "https://gabber.example.com"
      TARIFF                 = "conversational_seconds=1,token_cnt=0.002"
      END_EXHAUSTED_SESSIONS = "true"
      LEADS_FORWARD_URL      = "https://leads.example.com/new"
    })
    error_message = "An option does not reach outbound."
  }

  assert {
    # How platforms sign is a fork's to set, where a vendor's documents turn out wrong.
    condition = tomap({
      for name, value in google_cloudfunctions2_function.ingest.service_config[0].environment_variables :
      name => value if !strcontains(name, "_SIGNATURE_")
      }) == tomap({
      GOOGLE_CLOUD_PROJECT = "acme-demo"
      EVENTS_TOPIC         = "demo-events"
      DEAD_LETTERS_TOPIC   = "demo-dead-letters"
      SECRETS_DIR          = "/secrets"
      MAX_BODY_BYTES       = "737280"
    })
    error_message = "An option does not reach ingest."
  }

  assert {
    condition = (
      google_cloudfunctions2_function.ingest.service_config[0].min_instance_count == 1 &&
      google_cloudfunctions2_function.ingest.service_config[0].max_instance_count == 100 &&
      google_cloudfunctions2_function.worker.service_config[0].max_instance_count == 2 &&
      google_cloudfunctions2_function.outbound.service_config[0].max_instance_count == 1
    )
    error_message = "A number of instances is not what was asked for."
  }

  assert {
    condition     = google_cloudfunctions2_function.ingest.service_config[0].available_memory == "512Mi"
    error_message = "80 bodies of 720 KiB do not fit."
  }

  assert {
    condition = alltrue([
      for key in concat(
        [for t in [google_pubsub_topic.events, google_pubsub_topic.outbound, google_pubsub_topic.dead_letters] : t.kms_key_name],
        google_firestore_database.ledger.cmek_config[*].kms_key_name,
        google_secret_manager_secret.webhook.replication[0].user_managed[0].replicas[0].customer_managed_encryption[*].kms_key_name,
        google_secret_manager_secret.outbound.replication[0].user_managed[0].replicas[0].customer_managed_encryption[*].kms_key_name,
      ) : key == var.kms_key_name
    ]) && length(google_firestore_database.ledger.cmek_config) == 1
    error_message = "Data at rest is not under your key."
  }

  assert {
    condition     = length(google_cloud_run_v2_service_iam_member.ingest_is_public) == 0
    error_message = "An organisation that forbids allUsers could not deploy."
  }

  assert {
    condition     = google_firestore_database.ledger.delete_protection_state == "DELETE_PROTECTION_DISABLED" && !google_secret_manager_secret.webhook.deletion_protection && !google_secret_manager_secret.outbound.deletion_protection
    error_message = "An environment could not be torn down."
  }

  assert {
    condition     = alltrue([for a in google_monitoring_alert_policy.codes : a.notification_channels == tolist(["projects/acme-demo/notificationChannels/2"])])
    error_message = "Your own channels must be used, and no empty e-mail."
  }

  assert {
    condition     = google_monitoring_alert_policy.codes["DLQ"].documentation[0].content == "There are dead letters. https://example.com/runbook#dlq"
    error_message = "The link must lead to your runbook."
  }
}
