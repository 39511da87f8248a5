# Log lines and numbers become alerts, alerts go to the channels below. What a code means and what to do about it
# stands in docs/runbook.md, a section per code; each alert links its own.

locals {
  # Every alert says which resource it is about: Monitoring refuses filters that do not.
  runs   = "resource.type = \"cloud_run_revision\""
  queues = "resource.type = \"pubsub_subscription\""

  # What the functions say.
  lines_of_functions = join(" AND ", [
    local.runs,
    "resource.labels.service_name = (\"${google_cloudfunctions2_function.ingest.name}\" OR \"${google_cloudfunctions2_function.worker.name}\" OR \"${google_cloudfunctions2_function.outbound.name}\")",
  ])

  lines_of_ingest = "${local.runs} AND resource.labels.service_name = \"${google_cloudfunctions2_function.ingest.name}\""

  # What Cloud Run says about each delivery. Its request_count leaves out what never reached an instance: just the 429 of
  # a full house, and the 5xx of one that does not start.
  lines_of_requests = "${local.lines_of_ingest} AND log_id(\"run.googleapis.com/requests\")"

  # Their redirects ring. The table in shared/providers/providers.go has their names.
  platforms = [
    "gabber",
    "cribbly",
    "oblic",
    "g-tateth",
    "chatbase",
  ]

  # A POST to //gabber: Google's framework answers 307 to /gabber before our code runs, and few platforms follow it.
  redirected = "httpRequest.status = 307 AND httpRequest.requestMethod = \"POST\" AND httpRequest.requestUrl =~ \"(?i)/(${join("|", local.platforms)})/?([?]|$)\""

  # The metrics made of log lines, as charts and as alerts name them. In PromQL the first slash of a metric's name is a
  # colon, and each other special character an underscore.
  metrics = {
    codes    = google_logging_metric.codes.name
    refused  = google_logging_metric.refused.name
    missed   = google_logging_metric.deliveries["missed"].name
    accepted = google_logging_metric.deliveries["accepted"].name
  }
  charted = { for key, name in local.metrics : key => "${local.runs} AND metric.type = \"logging.googleapis.com/user/${name}\"" }
  counted = { for key, name in local.metrics : key => "logging_googleapis_com:user_${replace(name, "-", "_")}{monitored_resource=\"cloud_run_revision\"" }

  # Lines within five minutes, added up. A counter made of log lines is a number per minute here and has no value while
  # nothing happens, so it is summed: increase() looks for a growing counter and miscounts. Its numbers come up to ten
  # minutes late, so each window is looked at three times: when it ends, and five and ten minutes later.
  windows = ["[5m]", "[5m] offset 5m", "[5m] offset 10m"]

  # The functions log {"code": "CFG", ...}. A page rings by the line itself: platforms give a delivery up after 14 to 30 s,
  # so minutes are lost events, and a metric made of log lines may be ten of them late. A ticket can wait for that, and
  # for the morning. It rings above its threshold.
  code_alarms = {
    CFG = { page = true, threshold = 0, what = "Configuration is missing or unusable." }
    SEC = { page = true, threshold = 0, what = "A secret cannot be read, or is stale." }
    ENQ = { page = true, threshold = 0, what = "Ingest cannot store events; deliveries are answered 503." }
    INV = { page = true, threshold = 0, what = "An account of the ledger does not add up." }
    API = { page = true, threshold = 0, what = "A platform refuses our calls; limits are no longer pushed." }
    # Strangers can send a few wrong signatures.
    SIG = { page = false, threshold = 4, what = "Signatures do not match: a rotated secret, or a stranger." }
    QUA = { page = false, threshold = 0, what = "A verified event cannot be used and is among the dead letters." }
    CON = { page = false, threshold = 0, what = "Two different events have one identity; the second was not charged." }
    AMB = { page = false, threshold = 0, what = "An event without an id came twice within the window; the second was not charged." }
    SUS = { page = false, threshold = 0, what = "Usage of an unknown person was charged to suspense, or a platform does not know a human." }
    NEG = { page = false, threshold = 0, what = "A balance fell below zero." }
    # It takes the secret, or a captured delivery, so one is enough.
    STALE = { page = false, threshold = 0, what = "Deliveries are signed right and too old or too new: a clock, the unit of time, or late repeats." }
    # A line per kind and process, so one is enough.
    DRIFT = { page = false, threshold = 0, what = "A platform sends something that is not in its documentation." }
  }

  # Of log lines, the first is enough.
  alarms_by_line = merge(
    { for code, alarm in local.code_alarms : code => {
      page   = true
      what   = alarm.what
      filter = "${local.lines_of_functions} AND jsonPayload.code = \"${code}\""
    } if alarm.page },
    {
      "429" = {
        page   = true
        what   = "All instances of ingest are busy; platforms are told 429."
        filter = "${local.lines_of_requests} AND httpRequest.status = 429"
      }
      "5XX" = {
        page = true
        what = "Deliveries are answered 5xx; platforms will give them up."
        # A 503 of ours has a code of its own, if it is a fault; one of Cloud Run's says why in the line itself.
        filter = "${local.lines_of_requests} AND httpRequest.status >= 500 AND (httpRequest.status != 503 OR textPayload:*)"
      }
      # Cloud Run asks IAM before our code runs. Without the grant to allUsers it answers 403 or 401 itself, and says so in
      # the line's text ("The request was not authenticated. ...", "The request was not authorized to invoke this service.
      # ..."); a line about an answer of ours has no text. Published request logs of functions show it, Google documents
      # the two sentences and not that an answer of ours never has a text. A 404 of the ingress setting is in no log, as
      # Google documents: nothing here could hear it.
      "403" = {
        page   = true
        what   = "Cloud Run itself turns platforms away: ingest is not public."
        filter = "${local.lines_of_requests} AND (httpRequest.status = 401 OR httpRequest.status = 403) AND textPayload:*"
      }
  })

  # The others count lines, by a metric that is made in the same apply. Monitoring must not look for it then: for up to ten
  # minutes it would not find it, and the apply would fail.
  alarms_by_count = merge(
    { for code, alarm in local.code_alarms : code => {
      page = false
      what = alarm.what
      query = join(" or ", [for window in local.windows :
        "sum(sum_over_time(${local.counted.codes},code=\"${code}\"}${window})) > ${alarm.threshold}"
      ])
    } if !alarm.page },
    {
      # The route of a platform that is not in the secret answers 503, too. Strangers can call it, so it is no page; if
      # it is a platform, its events are being lost.
      "5XX-ANY" = {
        page  = false
        what  = "Something was answered 5xx."
        query = join(" or ", [for window in local.windows : "sum(sum_over_time(${local.counted.refused},status=~\"5..\"}${window})) > 0"])
      }
      # Three refusals and no acceptance: a platform signs, names or sends otherwise than ingest expects, and every one of
      # its events is lost. A stranger's probes are not counted as missed. One alert for all platforms, with an incident
      # for each.
      REF = {
        page = false
        what = "Every delivery of a platform was refused for five minutes."
        query = join(" or ", concat(
          [for window in local.windows : join(" unless ", [
            "(sum by (provider) (sum_over_time(${local.counted.missed}}${window})) > 2",
            "sum by (provider) (sum_over_time(${local.counted.accepted}}${window})) > 0)",
          ])],
          [for window in local.windows : "sum(sum_over_time(${local.counted.refused},status=\"307\"}${window})) > 2"],
        ))
      }
  })

  alarms_by_metric = {
    # Long before a hundred tries make a dead letter of a message: then there would be no old message to see.
    AGE = {
      page      = true
      threshold = 3600
      what      = "The worker gets nothing done; the oldest event has waited for an hour."
      filter    = "${local.queues} AND metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND resource.labels.subscription_id = \"${google_pubsub_subscription.events.name}\""
      aligner   = "ALIGN_MAX"
      reducer   = "REDUCE_MAX"
    }
    AGE-OUTBOUND = {
      page      = true
      threshold = 3600
      what      = "Outbound gets nothing done; the oldest follow-up has waited for an hour."
      filter    = "${local.queues} AND metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND resource.labels.subscription_id = \"${google_pubsub_subscription.outbound.name}\""
      aligner   = "ALIGN_MAX"
      reducer   = "REDUCE_MAX"
    }
    LAG = {
      page      = false
      threshold = 300
      what      = "An outbound message has waited for more than five minutes."
      filter    = "${local.queues} AND metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND resource.labels.subscription_id = \"${google_pubsub_subscription.outbound.name}\""
      aligner   = "ALIGN_MAX"
      reducer   = "REDUCE_MAX"
    }
    DLQ = {
      page      = false
      threshold = 0
      what      = "There are dead letters."
      filter    = "${local.queues} AND metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND resource.labels.subscription_id = \"${google_pubsub_subscription.dead_letters.name}\""
      aligner   = "ALIGN_MAX"
      reducer   = "REDUCE_MAX"
    }
  }

  channels = concat(google_monitoring_notification_channel.email[*].id, var.notification_channels)
}

# There in every project, so it is changed rather than made, and not removed on destroy.
resource "google_logging_project_bucket_config" "default" {
  count = var.log_retention_days == null ? 0 : 1

  project        = var.project
  location       = "global"
  bucket_id      = "_Default"
  retention_days = var.log_retention_days

  depends_on = [google_project_service.apis]
}

# One metric with the code as its label: codes are a short list of our own, never words from outside.
resource "google_logging_metric" "codes" {
  name        = "${var.name}-codes"
  description = "Log lines of the functions that carry a code."
  filter      = "${local.lines_of_functions} AND jsonPayload.code:*"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"

    labels {
      key         = "code"
      value_type  = "STRING"
      description = "As in docs/runbook.md."
    }
  }

  label_extractors = { code = "EXTRACT(jsonPayload.code)" }
}

resource "google_logging_metric" "refused" {
  name        = "${var.name}-refused"
  description = "Deliveries that ingest, or Cloud Run for it, answered 429 or 5xx, or redirected from near a route."
  filter      = "${local.lines_of_requests} AND (httpRequest.status = 429 OR httpRequest.status >= 500 OR (${local.redirected}))"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"

    labels {
      key         = "status"
      value_type  = "STRING"
      description = "HTTP status."
    }
  }

  label_extractors = { status = "EXTRACT(httpRequest.status)" }
}

# What ingest did with each platform's deliveries. It marks a refusal as missed if the delivery looked like a configured
# platform's; "unrouted" is a path that no platform has, called with a platform's signature header. Apart from codes and
# refused: one more label on those would cut their series into pieces.
resource "google_logging_metric" "deliveries" {
  for_each = {
    missed   = "jsonPayload.message = \"refused\" AND jsonPayload.missed = true"
    accepted = "(jsonPayload.message = \"queued\" OR jsonPayload.message = \"dead letter\")"
  }

  name        = "${var.name}-${each.key}"
  description = "Deliveries ${each.key} by ingest."
  filter      = "${local.lines_of_ingest} AND ${each.value}"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"

    labels {
      key         = "provider"
      value_type  = "STRING"
      description = "Platform."
    }
  }

  label_extractors = { provider = "EXTRACT(jsonPayload.provider)" }
}

resource "google_monitoring_notification_channel" "email" {
  count = var.alarm_email == "" ? 0 : 1

  display_name = "${var.name} alarms"
  type         = "email"
  labels       = { email_address = var.alarm_email }
  user_labels  = local.labels

  depends_on = [google_project_service.apis]
}

resource "google_monitoring_alert_policy" "codes" {
  for_each = merge(local.alarms_by_line, local.alarms_by_count, local.alarms_by_metric)

  display_name          = "${var.name}-${each.key}"
  severity              = each.value.page ? "CRITICAL" : "WARNING"
  combiner              = "OR"
  notification_channels = local.channels
  user_labels           = local.labels

  # One condition and no more: that is all an alert on log lines may have.
  conditions {
    display_name = each.value.what

    dynamic "condition_matched_log" {
      for_each = try([local.alarms_by_line[each.key]], [])
      content {
        filter = condition_matched_log.value.filter
      }
    }

    dynamic "condition_prometheus_query_language" {
      for_each = try([local.alarms_by_count[each.key]], [])
      content {
        query                     = condition_prometheus_query_language.value.query
        duration                  = "0s"
        evaluation_interval       = "60s"
        disable_metric_validation = true
      }
    }

    dynamic "condition_threshold" {
      for_each = try([local.alarms_by_metric[each.key]], [])
      content {
        filter          = condition_threshold.value.filter
        comparison      = "COMPARISON_GT"
        threshold_value = condition_threshold.value.threshold
        duration        = "0s"

        aggregations {
          alignment_period     = condition_threshold.value.page ? "60s" : "300s"
          per_series_aligner   = condition_threshold.value.aligner
          cross_series_reducer = condition_threshold.value.reducer
        }
      }
    }
  }

  alert_strategy {
    # No news is good news, and an incident that stays open rings no second time: close it after the shortest silence
    # that Monitoring takes.
    auto_close = "1800s"

    # How often lines may ring: alerts on lines must say so, others must not.
    dynamic "notification_rate_limit" {
      for_each = try([local.alarms_by_line[each.key]], [])
      content {
        period = "300s"
      }
    }
  }

  documentation {
    subject   = "${each.value.page ? "Page" : "Ticket"}: ${var.name} ${each.key}"
    content   = "${each.value.what} ${var.runbook_url}#${lower(split("-", each.key)[0])}"
    mime_type = "text/markdown"
  }
}

locals {
  # One line of a chart. Monitoring's own words are long; what differs is short.
  lines = {
    deliveries = {
      filter = "${local.runs} AND metric.type = \"run.googleapis.com/request_count\" AND resource.labels.service_name = \"${google_cloudfunctions2_function.ingest.name}\""
      align  = "ALIGN_DELTA", reduce = "REDUCE_SUM", by = ["metric.label.response_code"]
    }
    refused = { filter = local.charted.refused, align = "ALIGN_DELTA", reduce = "REDUCE_SUM", by = ["metric.label.status"] }
    p50 = {
      filter = "${local.runs} AND metric.type = \"run.googleapis.com/request_latencies\" AND resource.labels.service_name = \"${google_cloudfunctions2_function.ingest.name}\""
      align  = "ALIGN_DELTA", reduce = "REDUCE_PERCENTILE_50", by = []
    }
    p99 = {
      filter = "${local.runs} AND metric.type = \"run.googleapis.com/request_latencies\" AND resource.labels.service_name = \"${google_cloudfunctions2_function.ingest.name}\""
      align  = "ALIGN_DELTA", reduce = "REDUCE_PERCENTILE_99", by = []
    }
    waiting = {
      filter = "${local.queues} AND metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND resource.labels.subscription_id = starts_with(\"${var.name}-\")"
      align  = "ALIGN_MAX", reduce = "REDUCE_MAX", by = ["resource.label.subscription_id"]
    }
    worker = {
      filter = "${local.runs} AND metric.type = \"run.googleapis.com/request_count\" AND resource.labels.service_name = \"${google_cloudfunctions2_function.worker.name}\""
      align  = "ALIGN_DELTA", reduce = "REDUCE_SUM", by = ["metric.label.response_code"]
    }
    outbound = {
      filter = "${local.runs} AND metric.type = \"run.googleapis.com/request_count\" AND resource.labels.service_name = \"${google_cloudfunctions2_function.outbound.name}\""
      align  = "ALIGN_DELTA", reduce = "REDUCE_SUM", by = ["metric.label.response_code"]
    }
    oldest = {
      filter = "${local.queues} AND metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND resource.labels.subscription_id = starts_with(\"${var.name}-\")"
      align  = "ALIGN_MAX", reduce = "REDUCE_MAX", by = ["resource.label.subscription_id"]
    }
    missed   = { filter = local.charted.missed, align = "ALIGN_DELTA", reduce = "REDUCE_SUM", by = ["metric.label.provider"] }
    accepted = { filter = local.charted.accepted, align = "ALIGN_DELTA", reduce = "REDUCE_SUM", by = ["metric.label.provider"] }
    codes    = { filter = local.charted.codes, align = "ALIGN_DELTA", reduce = "REDUCE_SUM", by = ["metric.label.code"] }
  }

  charts = [
    { title = "Deliveries, by status", lines = ["deliveries", "refused"] },
    { title = "Time to answer, ms", lines = ["p50", "p99"] },
    { title = "Waiting messages", lines = ["waiting"] },
    { title = "Age of the oldest message, s", lines = ["oldest"] },
    { title = "Worker, by status", lines = ["worker"] },
    { title = "Outbound, by status", lines = ["outbound"] },
    { title = "Alarm codes", lines = ["codes"] },
    { title = "Accepted, and refused as if by mistake, by platform", lines = ["accepted", "missed"] },
  ]
}

locals {
  # Two tiles a row: the charts, then the log.
  places = [for i in range(length(local.charts) + 1) : { for k, v in { xPos = i % 2 * 6, yPos = floor(i / 2) * 4 } : k => v if v != 0 }]
}

# Monitoring gives back no 0 and no empty list: written here, they would differ from what is there at every plan.
resource "google_monitoring_dashboard" "pipeline" {
  dashboard_json = jsonencode({
    displayName = var.name
    labels      = local.labels
    mosaicLayout = {
      columns = 12
      tiles = concat(
        [for i, chart in local.charts : merge(local.places[i], {
          width  = 6
          height = 4
          widget = {
            title = chart.title
            xyChart = {
              dataSets = [for line in chart.lines : {
                plotType       = "LINE"
                legendTemplate = line
                timeSeriesQuery = {
                  timeSeriesFilter = {
                    filter = local.lines[line].filter
                    aggregation = merge({ for k, v in { groupByFields = local.lines[line].by } : k => v if length(v) > 0 }, {
                      alignmentPeriod    = "60s"
                      perSeriesAligner   = local.lines[line].align
                      crossSeriesReducer = local.lines[line].reduce
                    })
                  }
                }
              }]
            }
          }
        })],
        [merge(local.places[length(local.charts)], {
          width  = 6
          height = 4
          widget = {
            title = "Latest log lines with a code"
            logsPanel = {
              filter        = google_logging_metric.codes.filter
              resourceNames = ["projects/${var.project}"]
            }
          }
        })],
      )
    }
  })
}
