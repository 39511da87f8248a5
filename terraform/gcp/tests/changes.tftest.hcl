# What changes later must not cost the books.

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
