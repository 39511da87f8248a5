# The only thing that faces the internet. It may send to two queues, read one secret and write its log: an intruder
# can forge events, and nothing else.

resource "aws_lambda_function" "ingest" {
  function_name = "${var.name}-ingest"
  description   = "Verifies webhook deliveries and queues them."
  role          = aws_iam_role.ingest.arn

  filename         = "${var.build_dir}/aws-ingest.zip"
  source_code_hash = filebase64sha256("${var.build_dir}/aws-ingest.zip")
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]

  # Far more memory than it needs. CPU comes with memory, and the TLS handshakes of a first request are bound by it.
  memory_size = 256
  # Ingest itself gives up after 3 s with a 503; the strictest platform does after 5 s.
  timeout                        = 5
  reserved_concurrent_executions = var.ingest_reserved_concurrency == 0 ? -1 : var.ingest_reserved_concurrency

  environment {
    variables = {
      EVENTS_QUEUE_URL       = aws_sqs_queue.events.url
      DEAD_LETTERS_QUEUE_URL = aws_sqs_queue.dead_letters.url
      WEBHOOK_SECRET_ARN     = aws_secretsmanager_secret.webhook.arn
      MAX_BODY_BYTES         = tostring(local.max_body_bytes)
      SIGNATURE_SCHEMES      = local.signature_schemes
    }
  }
  kms_key_arn = local.kms_key_arn

  logging_config {
    log_group             = aws_cloudwatch_log_group.ingest.name
    log_format            = "JSON"
    application_log_level = "INFO"
    system_log_level      = "WARN"
  }
}

# Platforms cannot sign requests for IAM, so the URL is open and the function checks signatures.
resource "aws_lambda_function_url" "ingest" {
  function_name      = aws_lambda_function.ingest.function_name
  authorization_type = "NONE"
  invoke_mode        = "BUFFERED"
}

# An open URL needs two permissions since October 2025; with the first alone it answers 403. The condition of the second,
# InvokedViaFunctionUrl, cannot be written in provider 5, but CloudFormation knows it. Without that condition the
# statement would let every AWS account invoke the function directly. Some provider versions add statements of their own
# along with the URL; these two do not depend on that. Lambda may refuse or lose one of two changes to a function's policy
# that meet, so they come one after the other: the URL's, then the first of these, then the second.
resource "aws_cloudformation_stack" "ingest_url_permissions" {
  name = "${var.name}-ingest-url-permissions"
  template_body = jsonencode({
    Resources = {
      InvokeUrl = {
        Type = "AWS::Lambda::Permission"
        Properties = {
          Action              = "lambda:InvokeFunctionUrl"
          FunctionName        = aws_lambda_function.ingest.function_name
          FunctionUrlAuthType = "NONE"
          Principal           = "*"
        }
      }
      InvokeThroughUrl = {
        Type      = "AWS::Lambda::Permission"
        DependsOn = "InvokeUrl"
        Properties = {
          Action                = "lambda:InvokeFunction"
          FunctionName          = aws_lambda_function.ingest.function_name
          InvokedViaFunctionUrl = true
          Principal             = "*"
        }
      }
    }
  })

  depends_on = [aws_lambda_function_url.ingest]
}

resource "aws_iam_role" "ingest" {
  name_prefix          = "${var.name}-ingest-"
  permissions_boundary = local.permissions_boundary_arn
  assume_role_policy   = local.assumed_by_lambda
}

resource "aws_iam_role_policy" "ingest" {
  name = "ingest"
  role = aws_iam_role.ingest.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid      = "Queue"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = [aws_sqs_queue.events.arn, aws_sqs_queue.dead_letters.arn]
      },
      {
        Sid      = "Secret"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = [aws_secretsmanager_secret.webhook.arn]
      },
      {
        Sid      = "Log"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.ingest.arn}:*"] # its streams
      },
      ], [for key in local.kms_key_arn[*] : {
        Sid      = "Key"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = [key]
    }])
  })
}

locals {
  # Each has an alarm of its own. The table in shared/providers/providers.go has their names.
  platforms = [
    "gabber",
    "cribbly",
    "oblic",
    "g-tateth",
    "chatbase",
  ]

  assumed_by_lambda = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}
