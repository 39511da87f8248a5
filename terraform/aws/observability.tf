# Logs become numbers, numbers become alarms, alarms go to one topic. What a code means and what to do about it stands in
# docs/runbook.md, a section per code; each alarm links its own.

locals {
  # The functions log {"code": "CFG", ...}. A page is looked at every minute: platforms give a delivery up after 14 to
  # 30 s, so minutes are lost events. A ticket can wait for the morning.
  code_alarms = {
    CFG = { page = true, threshold = 1, what = "Configuration is missing or unusable." }
    SEC = { page = true, threshold = 1, what = "A secret cannot be read, or is stale." }
    ENQ = { page = true, threshold = 1, what = "Ingest cannot store events; deliveries are answered 503." }
    INV = { page = true, threshold = 1, what = "An account of the ledger does not add up." }
    API = { page = true, threshold = 1, what = "A platform refuses our calls; limits are no longer pushed." }
    # What is answered 503 has a code of its own, if it is a fault.
    "5XX" = { page = true, threshold = 1, what = "Ingest panicked; platforms will give the delivery up." }
    # Strangers can send a few wrong signatures.
    SIG = { page = false, threshold = 5, what = "Signatures do not match: a rotated secret, or a stranger." }
    QUA = { page = false, threshold = 1, what = "A verified event cannot be used and is among the dead letters." }
    CON = { page = false, threshold = 1, what = "Two different events have one identity; the second was not charged." }
    AMB = { page = false, threshold = 1, what = "An event without an id came twice within the window; the second was not charged." }
    SUS = { page = false, threshold = 1, what = "Usage of an unknown person was charged to suspense, or a platform does not know a human." }
    NEG = { page = false, threshold = 1, what = "A balance fell below zero." }
    # It takes the secret, or a captured delivery, so one is enough.
    STALE = { page = false, threshold = 1, what = "Deliveries are signed right and too old or too new: a clock, the unit of time, or late repeats." }
    # A line per kind and process, so one is enough.
    DRIFT = { page = false, threshold = 1, what = "A platform sends something that is not in its documentation." }
  }

  alarms = merge(
    { for code, alarm in local.code_alarms : code => merge(alarm, {
      namespace  = var.name
      metric     = "Codes"
      dimensions = { code = code }
      statistic  = "Sum"
    }) },
    {
      "429" = {
        page       = true
        threshold  = 1
        what       = "The front door is throttled; platforms are told 429."
        namespace  = "AWS/Lambda"
        metric     = "Throttles"
        dimensions = { FunctionName = aws_lambda_function.ingest.function_name }
        statistic  = "Sum"
      }
      "5XX-CRASH" = {
        page       = true
        threshold  = 1
        what       = "Ingest crashed or ran out of time; platforms will give the delivery up."
        namespace  = "AWS/Lambda"
        metric     = "Errors"
        dimensions = { FunctionName = aws_lambda_function.ingest.function_name }
        statistic  = "Sum"
      }
      # The route of a platform that is not in the secret answers 503, too. Strangers can call it, so it is no page;
      # if it is a platform, its events are being lost.
      "5XX-ANY" = {
        page       = false
        threshold  = 1
        what       = "Something was answered 5xx."
        namespace  = "AWS/Lambda"
        metric     = "Url5xxCount"
        dimensions = { FunctionName = aws_lambda_function.ingest.function_name }
        statistic  = "Sum"
      }
      # SQS leaves a message that was received three times out of the age, which takes six minutes, and ten tries make a
      # dead letter of it in half an hour: later, a worker that fails at everything would show nothing. An outbound that
      # does rings LAG; AGE-OUTBOUND is for one that takes nothing.
      AGE = {
        page       = true
        threshold  = 300
        what       = "The worker gets nothing done; the oldest event has waited for five minutes."
        namespace  = "AWS/SQS"
        metric     = "ApproximateAgeOfOldestMessage"
        dimensions = { QueueName = aws_sqs_queue.events.name }
        statistic  = "Maximum"
      }
      AGE-OUTBOUND = {
        page       = true
        threshold  = 900
        what       = "Outbound gets nothing done; the oldest follow-up has waited for 15 minutes."
        namespace  = "AWS/SQS"
        metric     = "ApproximateAgeOfOldestMessage"
        dimensions = { QueueName = aws_sqs_queue.outbound.name }
        statistic  = "Maximum"
      }
      LAG = {
        page       = false
        threshold  = 300
        what       = "An outbound message has waited for more than five minutes."
        namespace  = "AWS/SQS"
        metric     = "ApproximateAgeOfOldestMessage"
        dimensions = { QueueName = aws_sqs_queue.outbound.name }
        statistic  = "Maximum"
      }
      DLQ = {
        page       = false
        threshold  = 1
        what       = "There are dead letters."
        namespace  = "AWS/SQS"
        metric     = "ApproximateNumberOfMessagesVisible"
        dimensions = { QueueName = aws_sqs_queue.dead_letters.name }
        statistic  = "Maximum"
      }
  })

  # Tickets of refusals: a platform's deliveries are refused and none is accepted, so every one of them may be. Alarms are
  # looked at every minute, and each time at the last five.
  refusals = merge(
    { for provider in concat(local.platforms, ["unrouted"]) : "REF-${provider}" => {
      what       = provider == "unrouted" ? "Deliveries with the signature header of a platform come to unknown paths." : "Deliveries of ${provider} are refused, and none is accepted."
      expression = "IF(accepted == 0, missed, 0)"
      namespace  = var.name
      dimensions = { provider = provider }
      metrics    = { missed = "Missed", accepted = "Accepted" }
    } },
    {
      # The front door answers without asking us where a permission is lost or a body is over 6 MB.
      "403" = {
        what       = "AWS refuses every delivery before ingest runs."
        expression = "IF(FILL(invoked, 0) == 0, answered, 0)"
        namespace  = "AWS/Lambda"
        dimensions = { FunctionName = aws_lambda_function.ingest.function_name }
        metrics    = { answered = "Url4xxCount", invoked = "Invocations" }
      }
  })

  # The same word in provider 5 and 6, which renamed the attribute of the region data source.
  region = split(":", aws_sqs_queue.events.arn)[3]
}

resource "aws_cloudwatch_log_group" "ingest" {
  name              = "/aws/lambda/${var.name}-ingest"
  retention_in_days = var.log_retention_days
  kms_key_id        = local.kms_key_arn
}

resource "aws_cloudwatch_log_group" "worker" {
  name              = "/aws/lambda/${var.name}-worker"
  retention_in_days = var.log_retention_days
  kms_key_id        = local.kms_key_arn
}

resource "aws_cloudwatch_log_group" "outbound" {
  name              = "/aws/lambda/${var.name}-outbound"
  retention_in_days = var.log_retention_days
  kms_key_id        = local.kms_key_arn
}

# One metric with the code as its dimension: codes are a short list of our own, never words from outside.
resource "aws_cloudwatch_log_metric_filter" "codes" {
  for_each = {
    ingest   = aws_cloudwatch_log_group.ingest.name
    worker   = aws_cloudwatch_log_group.worker.name
    outbound = aws_cloudwatch_log_group.outbound.name
  }

  name           = "codes"
  log_group_name = each.value
  pattern        = "{ $.code = * }"

  metric_transformation {
    namespace  = var.name
    name       = "Codes"
    value      = "1"
    dimensions = { code = "$.code" }
  }
}

# Per platform: Missed counts refusals of what looks like its deliveries, Accepted what was stored. The code's metric stays
# without this dimension, or its alarms would see no data. A refusal counts as no acceptance, in figures: so there is a
# number to compare where nothing was ever accepted.
resource "aws_cloudwatch_log_metric_filter" "deliveries" {
  for_each = {
    missed       = { pattern = "{ $.missed IS TRUE }", metric = "Missed", value = "1" }
    accepted     = { pattern = "{ ($.message = \"queued\") || ($.message = \"dead letter\") }", metric = "Accepted", value = "1" }
    not-accepted = { pattern = "{ $.missed IS TRUE }", metric = "Accepted", value = "0" }
  }

  name           = each.key
  log_group_name = aws_cloudwatch_log_group.ingest.name
  pattern        = each.value.pattern

  metric_transformation {
    namespace  = var.name
    name       = each.value.metric
    value      = each.value.value
    dimensions = { provider = "$.provider" }
  }
}

resource "aws_sns_topic" "alarms" {
  name              = "${var.name}-alarms"
  kms_master_key_id = local.kms_key_arn
}

resource "aws_sns_topic_subscription" "email" {
  count     = var.alarm_email == "" ? 0 : 1
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

resource "aws_cloudwatch_metric_alarm" "codes" {
  for_each = local.alarms

  alarm_name        = "${var.name}-${each.key}"
  alarm_description = "${each.value.page ? "Page" : "Ticket"}: ${each.value.what} ${var.runbook_url}#${lower(split("-", each.key)[0])}"
  alarm_actions     = [aws_sns_topic.alarms.arn]

  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = each.value.page ? 60 : 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching" # no news is good news
}

resource "aws_cloudwatch_metric_alarm" "refusals" {
  for_each = local.refusals

  alarm_name        = "${var.name}-${each.key}"
  alarm_description = "Ticket: ${each.value.what} ${var.runbook_url}#${lower(split("-", each.key)[0])}"
  alarm_actions     = [aws_sns_topic.alarms.arn]

  metric_query {
    id          = "refused"
    expression  = each.value.expression
    return_data = true
  }

  dynamic "metric_query" {
    for_each = each.value.metrics
    content {
      id = metric_query.key
      metric {
        namespace   = each.value.namespace
        metric_name = metric_query.value
        dimensions  = each.value.dimensions
        period      = 300
        stat        = "Sum"
      }
    }
  }

  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 3
  treat_missing_data  = "notBreaching"
}

resource "aws_cloudwatch_dashboard" "pipeline" {
  dashboard_name = var.name
  dashboard_body = jsonencode({
    widgets = [
      {
        type = "metric", x = 0, y = 0, width = 12, height = 6
        properties = {
          title  = "Deliveries"
          region = local.region
          stat   = "Sum"
          period = 60
          metrics = [
            ["AWS/Lambda", "UrlRequestCount", "FunctionName", aws_lambda_function.ingest.function_name],
            ["AWS/Lambda", "Url4xxCount", "FunctionName", aws_lambda_function.ingest.function_name],
            ["AWS/Lambda", "Url5xxCount", "FunctionName", aws_lambda_function.ingest.function_name],
            ["AWS/Lambda", "Throttles", "FunctionName", aws_lambda_function.ingest.function_name],
          ]
        }
      },
      {
        type = "metric", x = 12, y = 0, width = 12, height = 6
        properties = {
          title  = "Time to answer, ms"
          region = local.region
          period = 60
          metrics = [
            ["AWS/Lambda", "UrlRequestLatency", "FunctionName", aws_lambda_function.ingest.function_name, { stat = "p50" }],
            ["AWS/Lambda", "UrlRequestLatency", "FunctionName", aws_lambda_function.ingest.function_name, { stat = "p99" }],
          ]
        }
      },
      {
        type = "metric", x = 0, y = 6, width = 12, height = 6
        properties = {
          title  = "Waiting messages"
          region = local.region
          stat   = "Maximum"
          period = 60
          metrics = [
            ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", aws_sqs_queue.events.name],
            ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", aws_sqs_queue.outbound.name],
            ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", aws_sqs_queue.dead_letters.name],
          ]
        }
      },
      {
        type = "metric", x = 12, y = 6, width = 12, height = 6
        properties = {
          title  = "Worker"
          region = local.region
          stat   = "Sum"
          period = 60
          metrics = [
            ["AWS/Lambda", "Invocations", "FunctionName", aws_lambda_function.worker.function_name],
            ["AWS/Lambda", "Errors", "FunctionName", aws_lambda_function.worker.function_name],
            ["AWS/Lambda", "Throttles", "FunctionName", aws_lambda_function.worker.function_name],
          ]
        }
      },
      {
        type = "metric", x = 0, y = 12, width = 12, height = 6
        properties = {
          title  = "Age of the oldest message, s"
          region = local.region
          stat   = "Maximum"
          period = 60
          metrics = [
            ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", aws_sqs_queue.events.name],
            ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", aws_sqs_queue.outbound.name],
          ]
        }
      },
      {
        type = "metric", x = 12, y = 12, width = 12, height = 6
        properties = {
          title  = "Outbound"
          region = local.region
          stat   = "Sum"
          period = 60
          metrics = [
            ["AWS/Lambda", "Invocations", "FunctionName", aws_lambda_function.outbound.function_name],
            ["AWS/Lambda", "Errors", "FunctionName", aws_lambda_function.outbound.function_name],
            ["AWS/Lambda", "Throttles", "FunctionName", aws_lambda_function.outbound.function_name],
          ]
        }
      },
      {
        type = "metric", x = 0, y = 18, width = 12, height = 6
        properties = {
          title   = "Alarm codes"
          region  = local.region
          stat    = "Sum"
          period  = 300
          metrics = [for code in sort(keys(local.code_alarms)) : [var.name, "Codes", "code", code]]
        }
      },
      {
        type = "log", x = 12, y = 18, width = 12, height = 6
        properties = {
          title  = "Latest log lines with a code"
          region = local.region
          view   = "table"
          query  = "SOURCE '${aws_cloudwatch_log_group.ingest.name}' | SOURCE '${aws_cloudwatch_log_group.worker.name}' | SOURCE '${aws_cloudwatch_log_group.outbound.name}' | fields @timestamp, code, @message | filter ispresent(code) | sort @timestamp desc | limit 50"
        }
      },
      {
        type = "metric", x = 0, y = 24, width = 12, height = 6
        properties = {
          title   = "Refused and accepted, by platform"
          region  = local.region
          stat    = "Sum"
          period  = 300
          metrics = [[{ expression = "SEARCH('{${var.name},provider} MetricName=(\"Missed\" OR \"Accepted\")', 'Sum', 300)" }]]
        }
      },
    ]
  })
}
