# Reads events, writes ledger and records, sends follow-ups. It has no secret, and it can neither delete nor scan.

locals {
  worker_timeout = 30 # seconds; queues.tf derives the visibility timeout from it
}

resource "aws_lambda_function" "worker" {
  function_name = "${var.name}-worker"
  description   = "Applies business logic to queued events."
  role          = aws_iam_role.worker.arn

  filename         = "${var.build_dir}/aws-worker.zip"
  source_code_hash = filebase64sha256("${var.build_dir}/aws-worker.zip")
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]
  memory_size      = 256
  timeout          = local.worker_timeout

  environment {
    variables = {
      OUTBOUND_QUEUE_URL     = aws_sqs_queue.outbound.url
      DEAD_LETTERS_QUEUE_URL = aws_sqs_queue.dead_letters.url
      LEDGER_TABLE           = aws_dynamodb_table.ledger.name
      RECORDS_TABLE          = aws_dynamodb_table.records.name
      TARIFF                 = var.tariff
      IDLESS_WINDOW          = var.idless_window
      ANONYMOUS_HUMANS       = var.anonymous_humans
      ACCOUNT_PER_PROJECT    = tostring(var.account_per_project)
      EXCLUDE_SIMULATED      = tostring(var.exclude_simulated)
      GABBER_LEDGER          = var.gabber_ledger
      GABBER_CREDIT          = var.gabber_credit
      SPEAK_RESULT           = var.speak_result
      SPEAK_FAILURE          = var.speak_failure
      LEADS_FORWARD_URL      = var.leads_forward_url # only whether there is one
    }
  }
  kms_key_arn = local.kms_key_arn

  logging_config {
    log_group             = aws_cloudwatch_log_group.worker.name
    log_format            = "JSON"
    application_log_level = "INFO"
    system_log_level      = "WARN"
  }
}

resource "aws_lambda_event_source_mapping" "events" {
  event_source_arn = aws_sqs_queue.events.arn
  function_name    = aws_lambda_function.worker.arn
  batch_size       = 10

  # Without this, one bad message sends its nine neighbours back, and a reply that names it is read as success.
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = var.worker_maximum_concurrency
  }

  # AWS tries the role's permissions when it creates the mapping.
  depends_on = [aws_iam_role_policy.worker]
}

resource "aws_iam_role" "worker" {
  name_prefix          = "${var.name}-worker-"
  permissions_boundary = local.permissions_boundary_arn
  assume_role_policy   = local.assumed_by_lambda
}

resource "aws_iam_role_policy" "worker" {
  name = "worker"
  role = aws_iam_role.worker.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid      = "Poll"
        Effect   = "Allow"
        Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
        Resource = [aws_sqs_queue.events.arn]
      },
      {
        Sid      = "Queue"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = [aws_sqs_queue.outbound.arn, aws_sqs_queue.dead_letters.arn]
      },
      {
        # TransactWriteItems has no permission of its own: each of its parts needs one. Statements and lists are for
        # people, so the worker may use no index of the ledger.
        Sid      = "Ledger"
        Effect   = "Allow"
        Action   = ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:GetItem", "dynamodb:Query"]
        Resource = [aws_dynamodb_table.ledger.arn]
      },
      {
        Sid      = "Records"
        Effect   = "Allow"
        Action   = ["dynamodb:GetItem", "dynamodb:PutItem"]
        Resource = [aws_dynamodb_table.records.arn]
      },
      {
        Sid      = "Unknown" # to find which events without a handler are too old to keep
        Effect   = "Allow"
        Action   = ["dynamodb:Query"]
        Resource = ["${aws_dynamodb_table.records.arn}/index/kind-time"]
      },
      {
        Sid      = "Log"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.worker.arn}:*"] # its streams
      },
      ], [for key in local.kms_key_arn[*] : {
        Sid    = "Key"
        Effect = "Allow"
        Action = [
          "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo",
        ]
        Resource = [key]
    }])
  })
}
