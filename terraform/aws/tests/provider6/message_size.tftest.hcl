# Provider 5 stops at messages of 256 KiB, so this one is apart: terraform test -test-directory=tests/provider6

mock_provider "aws" {
  source          = "./tests/mock"
  override_during = plan
}

run "one_mebibyte" {
  command = plan

  variables {
    max_message_kib = 1024
  }

  assert {
    condition     = local.max_body_bytes == 737280 && aws_sqs_queue.events.max_message_size == 1048576
    error_message = "The body cap must follow the message size."
  }
}
