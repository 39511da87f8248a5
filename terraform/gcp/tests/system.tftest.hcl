# Two plans of the whole system, without Google Cloud: as it comes, and with every option taken. What they must contain is
# checked by `go test ./terraform/gcp/policytest`, which reads both plans from the output of this file.

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

run "defaults" {
  command = plan
}

run "options" {
  command = plan

  variables {
    labels                 = { team = "credits" }
    runtime                = "go128"
    max_body_kib           = 720
    ingest_min_instances   = 1
    ingest_max_instances   = 100
    grant_all_users        = false
    worker_max_instances   = 2
    outbound_max_instances = 1
    schemes = {
      g-tateth = "signed={timestamp}.{body}; list=\",\"; field=v1; time=field:t s 300"
    }
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
    log_retention_days     = 90
    alarm_email            = ""
    notification_channels  = ["projects/acme-demo/notificationChannels/2"]
    runbook_url            = "https://example.com/runbook"
    deletion_protection    = false
    kms_key_name           = "projects/acme-demo/locations/europe-west1/keyRings/r/cryptoKeys/k"
  }
}
