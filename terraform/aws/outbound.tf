# The only one that calls anything but AWS, and the only one with API keys. Of an account it may change one number, how far
# the platform knows its balance: an intruder can call platforms, and mint no credits.

locals {
  outbound_timeout = 30 # seconds; queues.tf derives the visibility timeout from it
}

resource "aws_lambda_function" "outbound" {
  function_name = "${var.name}-outbound"
  description   = "Tells platforms what follows from events."
  role          = aws_iam_role.outbound.arn

  filename         = "${var.build_dir}/aws-outbound.zip"
  source_code_hash = filebase64sha256("${var.build_dir}/aws-outbound.zip")
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]
  memory_size      = 256
  timeout          = local.outbound_timeout

  environment {
    variables = {
      OUTBOUND_QUEUE_URL     = aws_sqs_queue.outbound.url
      DEAD_LETTERS_QUEUE_URL = aws_sqs_queue.dead_letters.url
      LEDGER_TABLE           = aws_dynamodb_table.ledger.name
      RECORDS_TABLE          = aws_dynamodb_table.records.name
      OUTBOUND_SECRET_ARN    = aws_secretsmanager_secret.outbound.arn
      GABBER_API_URL         = var.gabber_api_url
      TARIFF                 = var.tariff
      END_EXHAUSTED_SESSIONS = tostring(var.end_exhausted_sessions)
      LEADS_FORWARD_URL      = var.leads_forward_url
    }
  }
  kms_key_arn = local.kms_key_arn

  logging_config {
    log_group             = aws_cloudwatch_log_group.outbound.name
    log_format            = "JSON"
    application_log_level = "INFO"
    system_log_level      = "WARN"
  }
}

resource "aws_lambda_event_source_mapping" "outbound" {
  event_source_arn        = aws_sqs_queue.outbound.arn
  function_name           = aws_lambda_function.outbound.arn
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = var.outbound_maximum_concurrency
  }

  # AWS tries the role's permissions when it creates the mapping.
  depends_on = [aws_iam_role_policy.outbound]
}

resource "aws_iam_role" "outbound" {
  name_prefix          = "${var.name}-outbound-"
  permissions_boundary = local.permissions_boundary_arn
  assume_role_policy   = local.assumed_by_lambda
}

resource "aws_iam_role_policy" "outbound" {
  name = "outbound"
  role = aws_iam_role.outbound.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid      = "Poll"
        Effect   = "Allow"
        Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
        Resource = [aws_sqs_queue.outbound.arn]
      },
      {
        Sid      = "Queue"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = [aws_sqs_queue.outbound.arn, aws_sqs_queue.dead_letters.arn]
      },
      {
        Sid      = "Secret"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = [aws_secretsmanager_secret.outbound.arn]
      },
      {
        Sid       = "Balances" # of accounts, and no entry
        Effect    = "Allow"
        Action    = ["dynamodb:GetItem"]
        Resource  = [aws_dynamodb_table.ledger.arn]
        Condition = { "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = ["account#*"] } }
      },
      {
        # No request may name another attribute, or another item than an account: an entry made here would keep its event
        # from being charged.
        Sid      = "Synced"
        Effect   = "Allow"
        Action   = ["dynamodb:UpdateItem"]
        Resource = [aws_dynamodb_table.ledger.arn]
        Condition = {
          "ForAllValues:StringEquals" = { "dynamodb:Attributes" = ["pk", "sk", "synced_seq"] }
          "ForAllValues:StringLike"   = { "dynamodb:LeadingKeys" = ["account#*"] }
        }
      },
      {
        Sid      = "Records"
        Effect   = "Allow"
        Action   = ["dynamodb:GetItem", "dynamodb:PutItem"]
        Resource = [aws_dynamodb_table.records.arn]
      },
      ], [for index in var.end_exhausted_sessions ? ["kind-time"] : [] : {
        Sid      = "Sessions" # to find the live ones of a human
        Effect   = "Allow"
        Action   = ["dynamodb:Query"]
        Resource = ["${aws_dynamodb_table.records.arn}/index/${index}"]
      }], [
      {
        Sid      = "Log"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.outbound.arn}:*"] # its streams
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
