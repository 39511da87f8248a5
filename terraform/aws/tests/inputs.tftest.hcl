# Values that would fail half-way through an apply, or worse succeed, are refused before it.

mock_provider "aws" {
  source          = "./tests/mock"
  override_during = plan
}

run "name_too_long_for_role_names" {
  command = plan
  variables {
    name = "a-name-of-twenty-nine-letters"
  }
  expect_failures = [var.name]
}

run "architecture_unknown_to_lambda" {
  command = plan
  variables {
    architecture = "amd64"
  }
  expect_failures = [var.architecture]
}

run "message_size_in_between" {
  command = plan
  variables {
    max_message_kib = 512
  }
  expect_failures = [var.max_message_kib]
}

run "worker_concurrency_below_the_minimum_of_aws" {
  command = plan
  variables {
    worker_maximum_concurrency = 1
  }
  expect_failures = [var.worker_maximum_concurrency]
}

run "negative_ingest_concurrency" {
  command = plan
  variables {
    ingest_reserved_concurrency = -1
  }
  expect_failures = [var.ingest_reserved_concurrency]
}

run "outbound_concurrency_below_the_minimum_of_aws" {
  command = plan
  variables {
    outbound_maximum_concurrency = 1
  }
  expect_failures = [var.outbound_maximum_concurrency]
}

run "vendor_ledger_without_a_credit_type" {
  command = plan
  variables {
    gabber_ledger = "beside"
  }
  expect_failures = [var.gabber_ledger]
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
    gabber_api_url               = "https://user@api.gabber.dev"
    kms_key_arn                  = "arn:aws:kms:eu-west-1:111122223333:alias/mykey"
  }
  expect_failures = [
    var.ingest_reserved_concurrency, var.worker_maximum_concurrency, var.outbound_maximum_concurrency, var.tariff, var.idless_window,
    var.leads_forward_url, var.gabber_api_url, var.kms_key_arn,
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
    gabber_api_url   = ""
  }
  expect_failures = [
    var.tariff, var.idless_window, var.anonymous_humans, var.speak_result, var.speak_failure, var.gabber_api_url,
  ]
}
