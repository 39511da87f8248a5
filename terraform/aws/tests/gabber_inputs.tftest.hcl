mock_provider "aws" {
  source          = "./tests/mock"
  override_during = plan
}

variables {
  build_dir = "./tests/archives"
}

run "an_address_without_tls_and_a_ledger_without_a_credit_type" {
  command = plan

  variables {
    gabber_api_url = "http://api.gabber.dev"
    gabber_ledger  = "beside"
  }

  expect_failures = [var.gabber_api_url, var.gabber_ledger]
}

run "no_address" {
  command = plan

  variables {
    gabber_api_url = ""
  }

  expect_failures = [var.gabber_api_url]
}
