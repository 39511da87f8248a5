# What changes later must not cost the books, nor close the door.

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

run "a_key_comes_later" {
  command = plan

  variables {
    kms_key_name = "projects/acme-demo/locations/europe-west1/keyRings/r/cryptoKeys/k"
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

# A function that is replaced under its own name takes the grants on its service along. What is planned for those is read
# from the plan by `go test ./terraform/gcp/policytest`: an assertion sees values, not what happens to them.
run "updated" {
  command = plan

  variables {
    max_body_kib           = 720
    tariff                 = "conversational_seconds=2"
    end_exhausted_sessions = true
  }
}

# One at a time: with several Terraform 1.11 may lose one that replace_triggered_by asks for.
run "ingest_replaced" {
  command = plan

  plan_options {
    replace = [google_cloudfunctions2_function.ingest]
  }
}

run "worker_replaced" {
  command = plan

  plan_options {
    replace = [google_cloudfunctions2_function.worker]
  }
}

run "outbound_replaced" {
  command = plan

  plan_options {
    replace = [google_cloudfunctions2_function.outbound]
  }
}
