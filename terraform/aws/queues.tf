# ingest → events → worker → outbound queue → outbound, and dead letters for what cannot be used: sent there by the
# functions with a reason, or moved there by SQS after too many tries. One place to look.

locals {
  max_message_bytes = var.max_message_kib * 1024
  # 45/64 of a message: base64 makes four bytes of three, and the envelope needs its share (16 of 256 KiB).
  max_body_bytes = local.max_message_bytes * 45 / 64

  # Six times the timeout of the function that reads the queue: AWS's rule, so that a message is not handed out again
  # while the batch it is in may still be retried, and a late write of the first try lands before the second starts.
  events_visibility   = 6 * local.worker_timeout
  outbound_visibility = 6 * local.outbound_timeout
}

resource "aws_sqs_queue" "events" {
  name                       = "${var.name}-events"
  max_message_size           = local.max_message_bytes
  message_retention_seconds  = 4 * 86400
  visibility_timeout_seconds = local.events_visibility

  kms_master_key_id       = local.kms_key_arn
  sqs_managed_sse_enabled = local.kms_key_arn == null ? true : null

  # A throttled poller raises the receive count, too: with fewer tries good messages would become dead letters.
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters.arn
    maxReceiveCount     = 10
  })
}

resource "aws_sqs_queue" "outbound" {
  name                       = "${var.name}-outbound"
  max_message_size           = local.max_message_bytes
  message_retention_seconds  = 4 * 86400
  visibility_timeout_seconds = local.outbound_visibility

  kms_master_key_id       = local.kms_key_arn
  sqs_managed_sse_enabled = local.kms_key_arn == null ? true : null

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters.arn
    maxReceiveCount     = 10
  })
}

# Kept longer than any source: a message that SQS moves here keeps the age it had.
resource "aws_sqs_queue" "dead_letters" {
  name                       = "${var.name}-dead-letters"
  max_message_size           = local.max_message_bytes
  message_retention_seconds  = 14 * 86400
  visibility_timeout_seconds = local.events_visibility

  kms_master_key_id       = local.kms_key_arn
  sqs_managed_sse_enabled = local.kms_key_arn == null ? true : null
}

resource "aws_sqs_queue_policy" "tls_only" {
  for_each = {
    events       = aws_sqs_queue.events
    outbound     = aws_sqs_queue.outbound
    dead_letters = aws_sqs_queue.dead_letters
  }

  queue_url = each.value.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "DenyInsecureTransport"
      Effect    = "Deny"
      Principal = "*"
      Action    = "sqs:*"
      Resource  = each.value.arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}
