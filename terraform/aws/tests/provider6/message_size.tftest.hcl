# Provider 5 stops at messages of 256 KiB, so this one is apart: terraform test -test-directory=tests/provider6

mock_provider "aws" {
  source          = "./tests/mock"
  override_during = plan
}

variables {
  build_dir = "./tests/archives"
}

run "one_mebibyte" {
  command = plan

  variables {
    max_message_kib = 1024
  }

  assert {
    condition     = local.max_body_bytes * 4 / 3 + 8192 <= aws_sqs_queue.events.max_message_size
    error_message = "A body at the cap does not fit into a message."
  }
}
