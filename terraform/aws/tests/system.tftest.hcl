# Two plans of the whole system, without AWS: as it comes, and with every option taken. The assertions here are about
# numbers that depend on one another; what the plans must contain otherwise is checked, together with template.yaml, by
# `go test ./terraform/aws/policytest`, which reads both plans from the output of this very file.

mock_provider "aws" {
  source          = "./tests/mock"
  override_during = plan
}

variables {
  name = "demo"
}

run "defaults" {
  command = plan

  assert {
    condition     = aws_sqs_queue.events.visibility_timeout_seconds >= 6 * aws_lambda_function.worker.timeout
    error_message = "A message must not be handed out again while its batch may still be retried."
  }

  assert {
    condition     = aws_sqs_queue.outbound.visibility_timeout_seconds >= 6 * aws_lambda_function.outbound.timeout
    error_message = "A call whose answer was lost must have landed before it is made again."
  }

  assert {
    condition     = aws_sqs_queue.dead_letters.message_retention_seconds > aws_sqs_queue.events.message_retention_seconds
    error_message = "A message that SQS moves keeps its age: dead letters must live longer than events."
  }

  assert {
    condition     = local.max_body_bytes == 184320
    error_message = "The body cap must be the default of the code, 180 KiB."
  }

  assert {
    condition     = local.max_body_bytes * 4 / 3 + 8192 <= aws_sqs_queue.events.max_message_size
    error_message = "A body at the cap does not fit into a message."
  }

  assert {
    condition     = output.urls["g-tateth"] == "https://demo.lambda-url.eu-west-1.on.aws/g-tateth"
    error_message = "The printed address is not the route of the platform."
  }
}

run "options" {
  command = plan

  variables {
    architecture                 = "x86_64"
    ingest_reserved_concurrency  = 20
    worker_maximum_concurrency   = 2
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

  assert {
    condition     = aws_sqs_queue.events.sqs_managed_sse_enabled != true
    error_message = "A queue takes either SQS's key or yours, not both."
  }
}
