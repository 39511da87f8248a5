# What changes later must not cost the ledger, nor close the front door.

mock_provider "google" {
  source = "./tests/mock"
}

variables {
  project     = "acme-demo"
  region      = "europe-west1"
  name        = "demo"
  build_dir   = "./tests/archives"
  alarm_email = "oncall@example.com"
}

run "deployed_without_a_key" {
  command = apply
}

run "a_key_and_settings_come_later" {
  command = plan

  variables {
    kms_key_name           = "projects/acme-demo/locations/europe-west1/keyRings/r/cryptoKeys/k"
    max_body_kib           = 720
    tariff                 = "conversational_seconds=2"
    end_exhausted_sessions = true
  }

  assert {
    condition     = length(google_firestore_database.ledger.cmek_config) == 0
    error_message = "Google changes the key of no database: the ledger would be deleted and made anew, empty."
  }

  assert {
    condition     = google_pubsub_topic.events.kms_key_name == var.kms_key_name
    error_message = "What can change its key must follow."
  }
}

# A function that is replaced under its own name takes the grants on its service along; above, functions are changed in
# place and their grants must stay. What is planned for grants is read from the plans by `go test
# ./terraform/gcp/policytest`: an assertion sees values, not what happens to them. Three replacements in one plan would make
# Terraform 1.11 lose what replace_triggered_by asks for, now and then.
run "ingest_is_replaced" {
  command = plan

  plan_options {
    replace = [google_cloudfunctions2_function.ingest]
  }
}

run "worker_and_outbound_are_replaced" {
  command = plan

  plan_options {
    replace = [google_cloudfunctions2_function.worker, google_cloudfunctions2_function.outbound]
  }
}
