# What AWS would answer, so that a plan is complete without it: every address and ARN that one resource takes from
# another. The account is AWS's documentation account.

override_resource {
  target = aws_sqs_queue.events
  values = {
    arn = "arn:aws:sqs:eu-west-1:111122223333:demo-events"
    url = "https://sqs.eu-west-1.amazonaws.com/111122223333/demo-events"
  }
}

override_resource {
  target = aws_sqs_queue.outbound
  values = {
    arn = "arn:aws:sqs:eu-west-1:111122223333:demo-outbound"
    url = "https://sqs.eu-west-1.amazonaws.com/111122223333/demo-outbound"
  }
}

override_resource {
  target = aws_sqs_queue.dead_letters
  values = {
    arn = "arn:aws:sqs:eu-west-1:111122223333:demo-dead-letters"
    url = "https://sqs.eu-west-1.amazonaws.com/111122223333/demo-dead-letters"
  }
}

override_resource {
  target = aws_dynamodb_table.ledger
  values = { arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/demo-ledger" }
}

override_resource {
  target = aws_dynamodb_table.records
  values = { arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/demo-records" }
}

override_resource {
  target = aws_secretsmanager_secret.webhook
  values = { arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:demo-webhook-AbCdEf" }
}

override_resource {
  target = aws_secretsmanager_secret.outbound
  values = { arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:demo-outbound-AbCdEf" }
}

override_resource {
  target = aws_cloudwatch_log_group.ingest
  values = { arn = "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/demo-ingest" }
}

override_resource {
  target = aws_cloudwatch_log_group.worker
  values = { arn = "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/demo-worker" }
}

override_resource {
  target = aws_cloudwatch_log_group.outbound
  values = { arn = "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/demo-outbound" }
}

override_resource {
  target = aws_iam_role.ingest
  values = {
    arn = "arn:aws:iam::111122223333:role/IngestRole"
    id  = "IngestRole"
  }
}

override_resource {
  target = aws_iam_role.worker
  values = {
    arn = "arn:aws:iam::111122223333:role/WorkerRole"
    id  = "WorkerRole"
  }
}

override_resource {
  target = aws_iam_role.outbound
  values = {
    arn = "arn:aws:iam::111122223333:role/OutboundRole"
    id  = "OutboundRole"
  }
}

override_resource {
  target = aws_lambda_function.ingest
  values = { arn = "arn:aws:lambda:eu-west-1:111122223333:function:demo-ingest" }
}

override_resource {
  target = aws_lambda_function.worker
  values = { arn = "arn:aws:lambda:eu-west-1:111122223333:function:demo-worker" }
}

override_resource {
  target = aws_lambda_function.outbound
  values = { arn = "arn:aws:lambda:eu-west-1:111122223333:function:demo-outbound" }
}

override_resource {
  target = aws_lambda_function_url.ingest
  values = { function_url = "https://demo.lambda-url.eu-west-1.on.aws/" }
}

override_resource {
  target = aws_sns_topic.alarms
  values = { arn = "arn:aws:sns:eu-west-1:111122223333:demo-alarms" }
}
