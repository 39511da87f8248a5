# Two plans of the whole system, without AWS: as it comes, and with every option taken. What they must contain is checked,
# together with template.yaml, by `go test ./terraform/aws/policytest`, which reads both plans from the output of this file.

mock_provider "aws" {
  source          = "./tests/mock"
  override_during = plan
}

variables {
  name      = "demo"
  build_dir = "./tests/archives"
}

run "defaults" {
  command = plan
}

run "options" {
  command = plan

  variables {
    architecture                = "x86_64"
    ingest_reserved_concurrency = 20
    worker_maximum_concurrency  = 2
    schemes = {
      g-tateth = "signed={timestamp}.{body}; list=\",\"; field=v1; time=field:t s 300"
    }
    tariff                       = "conversational_seconds=1,token_cnt=0.002"
    idless_window                = "forever"
    anonymous_humans             = "anonymous,guest"
    account_per_project          = true
    exclude_simulated            = true
    outbound_maximum_concurrency = 3
    gabber_ledger                = "beside"
    gabber_credit                = "credit-1"
    speak_result                 = "{tool} says {response}"
    speak_failure                = "Sorry."
    leads_forward_url            = "https://leads.example.com/new"
    gabber_api_url               = "https://gabber.example.com"
    end_exhausted_sessions       = true
    log_retention_days           = 365
    alarm_email                  = "oncall@example.com"
    runbook_url                  = "https://example.com/runbook"
    deletion_protection          = false
    kms_key_arn                  = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    permissions_boundary_arn     = "arn:aws:iam::111122223333:policy/boundary"
  }
}
