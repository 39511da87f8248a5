output "webhook_url" {
  description = "What to enter as webhook address at a platform, with the platform's route behind it (gabber, g-tateth)."
  value       = aws_lambda_function_url.ingest.function_url
}

output "webhook_secret_arn" {
  description = "Put the platforms' signing secrets here; until then every route answers 503."
  value       = aws_secretsmanager_secret.webhook.arn
}

output "outbound_secret_arn" {
  description = "Put what outbound calls platforms with here; until then no platform is called."
  value       = aws_secretsmanager_secret.outbound.arn
}

output "events_queue_url" {
  description = "Verified events on their way to the worker."
  value       = aws_sqs_queue.events.url
}

output "dead_letters_queue_url" {
  description = "Where to look when the DLQ alarm rings."
  value       = aws_sqs_queue.dead_letters.url
}

output "ledger_table" {
  description = "Entries and balances."
  value       = aws_dynamodb_table.ledger.name
}

output "records_table" {
  description = "The latest state of leads, contacts, conversations, sessions."
  value       = aws_dynamodb_table.records.name
}

output "alarm_topic_arn" {
  description = "Subscribe your pager or chat to this."
  value       = aws_sns_topic.alarms.arn
}

output "operator" {
  description = "What hooks-aws --outputs reads; also fit for eval."
  value       = "export AWS_REGION=${split(":", aws_sqs_queue.outbound.arn)[3]} LEDGER_TABLE=${aws_dynamodb_table.ledger.name} RECORDS_TABLE=${aws_dynamodb_table.records.name} OUTBOUND_QUEUE_URL=${aws_sqs_queue.outbound.url} EVENTS_QUEUE_URL=${aws_sqs_queue.events.url} ACCOUNT_PER_PROJECT=${var.account_per_project}"
}
