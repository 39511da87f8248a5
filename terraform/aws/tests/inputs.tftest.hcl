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
