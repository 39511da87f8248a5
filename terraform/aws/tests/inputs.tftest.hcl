# Values that would fail half-way through an apply, or worse succeed, are refused before it.

mock_provider "aws" {
  source          = "./tests/mock"
  override_during = plan
}

variables {
  build_dir = "./tests/archives"
}

run "values_out_of_bounds" {
  command = plan
  variables {
    name                         = "a-name-of-twenty-nine-letters" # role names end at 64
    architecture                 = "amd64"                         # unknown to Lambda
    max_message_kib              = 512
    worker_maximum_concurrency   = 1
    ingest_reserved_concurrency  = -1
    outbound_maximum_concurrency = 1
  }
  expect_failures = [
    var.name,
    var.architecture,
    var.max_message_kib,
    var.worker_maximum_concurrency,
    var.ingest_reserved_concurrency,
    var.outbound_maximum_concurrency,
  ]
}

run "values_that_the_provider_takes_and_something_else_refuses_later" {
  command = plan
  variables {
    ingest_reserved_concurrency  = 2.5
    worker_maximum_concurrency   = 2.5
    outbound_maximum_concurrency = 2.5
    tariff                       = "free"
    idless_window                = "15 minutes"
    leads_forward_url            = "http://leads.example.com"
    kms_key_arn                  = "arn:aws:kms:eu-west-1:111122223333:alias/mykey"
  }
  expect_failures = [
    var.ingest_reserved_concurrency,
    var.worker_maximum_concurrency,
    var.outbound_maximum_concurrency,
    var.tariff,
    var.idless_window,
    var.leads_forward_url,
    var.kms_key_arn,
  ]
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
