# Values that would fail half-way through an apply, or worse succeed, are refused before it.

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
    leads_forward_url      = "https://user@example.com"
    log_retention_days     = 0
    alarm_email            = "" # no operator to tell
  }

  expect_failures = [
    var.project,
    var.region,
    var.name,
    var.labels,
    var.runtime,
    var.max_body_kib,
    var.ingest_min_instances,
    var.worker_max_instances,
    var.outbound_max_instances,
    var.leads_forward_url,
    var.log_retention_days,
    var.alarm_email,
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
    var.max_body_kib,
    var.ingest_min_instances,
    var.worker_max_instances,
    var.outbound_max_instances,
    var.tariff,
    var.idless_window,
    var.log_retention_days,
    var.kms_key_name,
  ]
}

# Apart from ingest_min_instances, which is not looked at while this one is wrong.
run "half_an_instance_at_most_and_a_key_elsewhere" {
  command = plan

  variables {
    ingest_max_instances = 20.5
    kms_key_name         = "projects/acme-demo/locations/global/keyRings/r/cryptoKeys/k"
    name                 = "abc" # too short for a database
  }

  expect_failures = [var.ingest_max_instances, var.kms_key_name, var.name]
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
  }

  expect_failures = [
    var.tariff,
    var.idless_window,
    var.anonymous_humans,
    var.speak_result,
    var.speak_failure,
  ]
}
