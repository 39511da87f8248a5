# Every way to lose an event or a credit makes a sound, and somebody is there to hear it.

mock_provider "google" {
  source          = "./tests/mock"
  override_during = plan
}

variables {
  project     = "acme-demo"
  region      = "europe-west1"
  name        = "demo"
  build_dir   = "./tests/archives"
  alarm_email = "oncall@example.com"
}

run "every_code_rings" {
  command = plan

  assert {
    condition = toset(keys(google_monitoring_alert_policy.codes)) == toset([
      "CFG", "SEC", "ENQ", "403", "429", "5XX", "AGE", "AGE-OUTBOUND", "INV", "API",
      "LAG", "DLQ", "QUA", "SIG", "CON", "AMB", "SUS", "NEG", "DRIFT", "5XX-ANY", "REF",
    ])
    error_message = "A code without an alert, or an alert without a code."
  }

  assert {
    condition = toset([for code, a in google_monitoring_alert_policy.codes : code if a.severity == "CRITICAL"]) == toset([
      "CFG", "SEC", "ENQ", "403", "429", "5XX", "AGE", "AGE-OUTBOUND", "INV", "API",
    ])
    error_message = "These wake somebody up, and no others."
  }

  assert {
    condition     = alltrue([for a in google_monitoring_alert_policy.codes : a.notification_channels == tolist(["projects/acme-demo/notificationChannels/1"])])
    error_message = "An alert that nobody hears."
  }

  assert {
    condition     = alltrue([for a in google_monitoring_alert_policy.codes : a.enabled != false])
    error_message = "An alert that is switched off."
  }

  assert {
    condition     = alltrue([for code, a in google_monitoring_alert_policy.codes : endswith(a.documentation[0].content, "/docs/runbook.md#${lower(split("-", code)[0])}")])
    error_message = "An alert must say where its cure stands."
  }

  assert {
    condition     = alltrue([for a in google_monitoring_alert_policy.codes : a.alert_strategy[0].auto_close == "1800s"])
    error_message = "An incident that stays open rings no second time."
  }

  assert {
    condition = toset([for code, a in google_monitoring_alert_policy.codes : code if length(a.conditions[0].condition_matched_log) == 1]) == toset([
      "CFG", "SEC", "ENQ", "403", "429", "5XX", "INV", "API",
    ])
    error_message = "A page that is made of log lines must ring by the line: a metric may be ten minutes late, and the platform has given up by then."
  }

  assert {
    condition = alltrue([
      for a in google_monitoring_alert_policy.codes :
      length(a.conditions) == 1 && length(a.conditions[0].condition_matched_log) + length(a.conditions[0].condition_prometheus_query_language) + length(a.conditions[0].condition_threshold) == 1
    ])
    error_message = "An alert on log lines may have one condition and no more, and every alert needs one."
  }

  assert {
    condition = alltrue([
      for a in google_monitoring_alert_policy.codes :
      join(",", a.alert_strategy[0].notification_rate_limit[*].period) == join(",", [for c in a.conditions[0].condition_matched_log : "300s"])
    ])
    error_message = "Monitoring takes no alert on log lines without a rate limit, and no other with one."
  }

  assert {
    condition = alltrue([
      for code in ["AGE", "AGE-OUTBOUND"] :
      google_monitoring_alert_policy.codes[code].conditions[0].condition_threshold[0].aggregations[0].alignment_period == "60s"
    ])
    error_message = "A page must look every minute."
  }

  assert {
    condition = alltrue([
      for filter in flatten([for a in google_monitoring_alert_policy.codes : concat(a.conditions[0].condition_matched_log[*].filter, a.conditions[0].condition_threshold[*].filter)]) :
      startswith(filter, "resource.type = ")
    ])
    error_message = "Monitoring refuses filters without a resource type."
  }

  assert {
    condition = alltrue([
      for a in google_monitoring_alert_policy.codes : alltrue([
        for c in a.conditions[0].condition_prometheus_query_language : c.disable_metric_validation && c.duration == "0s" && c.evaluation_interval == "60s"
      ])
    ])
    error_message = "A ticket about a metric made in the same apply stops that apply; one that looks less than every minute is late."
  }

  assert {
    condition = alltrue([
      for a in google_monitoring_alert_policy.codes : alltrue([
        for filter in a.conditions[0].condition_threshold[*].filter : !strcontains(filter, "logging.googleapis.com/user/")
      ])
    ])
    error_message = "Monitoring takes no threshold on a metric that is a second old: a first apply would stop there."
  }

  assert {
    condition = alltrue([
      for code in ["QUA", "CON", "AMB", "SUS", "NEG", "DRIFT", "5XX-ANY"] :
      endswith(google_monitoring_alert_policy.codes[code].conditions[0].condition_prometheus_query_language[0].query, " > 0")
    ]) && google_monitoring_alert_policy.codes["DLQ"].conditions[0].condition_threshold[0].threshold_value == 0
    error_message = "One is enough."
  }

  assert {
    condition     = endswith(google_monitoring_alert_policy.codes["SIG"].conditions[0].condition_prometheus_query_language[0].query, " > 4")
    error_message = "Five wrong signatures within five minutes are no accident."
  }

  assert {
    condition = alltrue([
      for code, a in google_monitoring_alert_policy.codes : alltrue([
        for t in a.conditions[0].condition_threshold : t.comparison == "COMPARISON_GT" && t.duration == "0s"
      ])
    ])
    error_message = "An alert rings above its threshold, and at once."
  }

  # A counter that has no value while nothing happens must be summed, and a number that comes late must still be seen.
  assert {
    condition = alltrue([
      for a in google_monitoring_alert_policy.codes : alltrue([
        for c in a.conditions[0].condition_prometheus_query_language :
        !can(regex("increase|rate", c.query)) && alltrue([for window in ["[5m])", "[5m] offset 5m)", "[5m] offset 10m)"] : strcontains(c.query, window)])
      ])
    ])
    error_message = "Log lines within any five minutes are added up, also those that are counted ten minutes late."
  }

  assert {
    condition = alltrue([
      for code in ["AGE", "AGE-OUTBOUND", "LAG", "DLQ"] :
      google_monitoring_alert_policy.codes[code].conditions[0].condition_threshold[0].aggregations[0].per_series_aligner == "ALIGN_MAX" &&
      google_monitoring_alert_policy.codes[code].conditions[0].condition_threshold[0].aggregations[0].cross_series_reducer == "REDUCE_MAX"
    ])
    error_message = "Of ages and numbers of messages the largest counts."
  }

  # By the eighth try the back-off has grown from ten seconds to its longest.
  assert {
    condition = alltrue([
      for code, s in { AGE = google_pubsub_subscription.events, AGE-OUTBOUND = google_pubsub_subscription.outbound } :
      google_monitoring_alert_policy.codes[code].conditions[0].condition_threshold[0].threshold_value <
      (s.dead_letter_policy[0].max_delivery_attempts - 7) * tonumber(trimsuffix(s.retry_policy[0].maximum_backoff, "s"))
    ])
    error_message = "AGE never rings: messages become dead letters before they are so old."
  }

  assert {
    condition = alltrue([
      for code in ["AGE", "AGE-OUTBOUND"] : google_monitoring_alert_policy.codes[code].conditions[0].condition_threshold[0].threshold_value <= 3600
    ])
    error_message = "Whoever waits for more than an hour to say that nothing gets done might as well wait for the dead letters."
  }

  assert {
    condition     = google_monitoring_alert_policy.codes["AGE"].conditions[0].condition_threshold[0].filter == "resource.type = \"pubsub_subscription\" AND metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND resource.labels.subscription_id = \"demo-events\""
    error_message = "AGE is not about the oldest event."
  }

  assert {
    condition     = google_monitoring_alert_policy.codes["LAG"].conditions[0].condition_threshold[0].threshold_value == 300
    error_message = "LAG is five minutes."
  }

  assert {
    condition = alltrue([
      for code in ["AGE-OUTBOUND", "LAG"] :
      google_monitoring_alert_policy.codes[code].conditions[0].condition_threshold[0].filter == "resource.type = \"pubsub_subscription\" AND metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND resource.labels.subscription_id = \"demo-outbound\""
    ])
    error_message = "AGE-OUTBOUND or LAG is not about the oldest follow-up."
  }

  assert {
    condition     = google_monitoring_alert_policy.codes["DLQ"].conditions[0].condition_threshold[0].filter == "resource.type = \"pubsub_subscription\" AND metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND resource.labels.subscription_id = \"demo-dead-letters\""
    error_message = "DLQ is not about the number of dead letters."
  }

  assert {
    condition     = google_logging_metric.codes.label_extractors == tomap({ code = "EXTRACT(jsonPayload.code)" })
    error_message = "The code of a log line must become a label, and nothing else may: labels are no place for data."
  }

  # The following two are what all filters on log lines begin with.
  assert {
    condition     = local.lines_of_functions == "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = (\"demo-ingest\" OR \"demo-worker\" OR \"demo-outbound\")"
    error_message = "The log of a function is not heard."
  }

  assert {
    condition     = local.lines_of_requests == "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"demo-ingest\" AND log_id(\"run.googleapis.com/requests\")"
    error_message = "What never reached an instance is in the request log only."
  }

  assert {
    condition     = google_logging_metric.codes.filter == "${local.lines_of_functions} AND jsonPayload.code:*"
    error_message = "Lines that carry a code are not counted, or others are."
  }

  assert {
    condition     = google_logging_metric.refused.filter == "${local.lines_of_requests} AND (httpRequest.status = 429 OR httpRequest.status >= 500 OR (${local.redirected}))"
    error_message = "What platforms are refused with is not counted."
  }

  assert {
    condition     = google_logging_metric.refused.label_extractors == tomap({ status = "EXTRACT(httpRequest.status)" })
    error_message = "5XX-ANY goes by the status of what is refused."
  }

  assert {
    condition = alltrue([
      for m in concat([google_logging_metric.codes, google_logging_metric.refused], values(google_logging_metric.deliveries)) :
      m.metric_descriptor[0].metric_kind == "DELTA" && m.metric_descriptor[0].value_type == "INT64" &&
      join(",", m.metric_descriptor[0].labels[*].key) == join(",", keys(m.label_extractors))
    ])
    error_message = "A metric that counts lines by a label must declare it."
  }

  assert {
    condition = (
      join("", google_monitoring_alert_policy.codes["429"].conditions[0].condition_matched_log[*].filter) == "${local.lines_of_requests} AND httpRequest.status = 429" &&
      join("", google_monitoring_alert_policy.codes["5XX"].conditions[0].condition_matched_log[*].filter) == "${local.lines_of_requests} AND httpRequest.status >= 500 AND (httpRequest.status != 503 OR textPayload:*)" &&
      join("", google_monitoring_alert_policy.codes["403"].conditions[0].condition_matched_log[*].filter) == "${local.lines_of_requests} AND (httpRequest.status = 401 OR httpRequest.status = 403) AND textPayload:*"
    )
    error_message = "403, 429 or 5XX rings for other statuses than its own, or for a stranger who knocks where no platform is configured."
  }

  assert {
    condition     = startswith(google_monitoring_alert_policy.codes["5XX-ANY"].conditions[0].condition_prometheus_query_language[0].query, "sum(sum_over_time(${local.counted.refused},status=~\"5..\"}[5m]")
    error_message = "Nobody is told that deliveries of a platform without a secret are lost."
  }

  assert {
    condition = alltrue([
      for code, alarm in local.code_alarms :
      join("", google_monitoring_alert_policy.codes[code].conditions[0].condition_matched_log[*].filter) == "${local.lines_of_functions} AND jsonPayload.code = \"${code}\"" if alarm.page
    ])
    error_message = "A page looks at another code than its own."
  }

  assert {
    condition = alltrue([
      for code, alarm in local.code_alarms :
      startswith(join("", google_monitoring_alert_policy.codes[code].conditions[0].condition_prometheus_query_language[*].query), "sum(sum_over_time(${local.counted.codes},code=\"${code}\"}[5m]") if !alarm.page
    ])
    error_message = "A ticket looks at another code than its own."
  }

  assert {
    condition = alltrue([
      for key, name in { codes = google_logging_metric.codes.name, refused = google_logging_metric.refused.name, missed = google_logging_metric.deliveries["missed"].name, accepted = google_logging_metric.deliveries["accepted"].name } :
      name == "demo-${key}" && local.counted[key] == "logging_googleapis_com:user_demo_${key}{monitored_resource=\"cloud_run_revision\"" &&
      local.charted[key] == "resource.type = \"cloud_run_revision\" AND metric.type = \"logging.googleapis.com/user/demo-${key}\""
    ])
    error_message = "Tickets or charts look at a metric that does not exist."
  }

  assert {
    condition     = alltrue([for m in google_logging_metric.deliveries : m.label_extractors == tomap({ provider = "EXTRACT(jsonPayload.provider)" })])
    error_message = "REF goes by the platform."
  }

  assert {
    condition = alltrue([
      for c in google_monitoring_notification_channel.email : c.type == "email" && c.labels == tomap({ email_address = var.alarm_email })
    ])
    error_message = "Somebody else is told."
  }

  assert {
    condition     = output.dashboard == "https://console.cloud.google.com/monitoring/dashboards/builder/0a1b2c3d?project=acme-demo"
    error_message = "The printed address is not the dashboard's."
  }

  assert {
    condition = length(distinct([
      for tile in jsondecode(google_monitoring_dashboard.pipeline.dashboard_json).mosaicLayout.tiles : "${try(tile.xPos, 0)}/${try(tile.yPos, 0)}"
    ])) == length(jsondecode(google_monitoring_dashboard.pipeline.dashboard_json).mosaicLayout.tiles)
    error_message = "Two tiles in one place."
  }

  assert {
    condition     = !can(regex("Pos\":0[,}]|:\\[\\]", google_monitoring_dashboard.pipeline.dashboard_json))
    error_message = "Monitoring leaves out what is 0 or empty: every plan would change the dashboard."
  }

  assert {
    condition = alltrue([
      for by in ["response_code", "status", "code", "provider"] :
      strcontains(google_monitoring_dashboard.pipeline.dashboard_json, "\"groupByFields\":[\"metric.label.${by}\"]")
    ])
    error_message = "A chart by status, code or platform does not tell them apart."
  }
}

run "logs_are_kept_as_long_as_the_project_says" {
  command = plan

  assert {
    condition     = length(google_logging_project_bucket_config.default) == 0
    error_message = "The log of a whole project changes only when somebody says so."
  }
}

run "logs_are_kept_as_long_as_you_say" {
  command = plan

  variables {
    log_retention_days = 90
  }

  assert {
    condition = (
      one(google_logging_project_bucket_config.default).project == "acme-demo" &&
      one(google_logging_project_bucket_config.default).location == "global" &&
      one(google_logging_project_bucket_config.default).bucket_id == "_Default" &&
      one(google_logging_project_bucket_config.default).retention_days == 90
    )
    error_message = "Logs go to the project's _Default bucket; another retention keeps nothing."
  }
}

run "labels_are_everywhere" {
  command = plan

  variables {
    labels = { team = "credits" }
  }

  assert {
    condition = alltrue([
      for labels in concat(
        [for r in [google_pubsub_topic.events, google_pubsub_topic.outbound, google_pubsub_topic.dead_letters] : r.labels],
        [for r in [google_pubsub_subscription.events, google_pubsub_subscription.outbound, google_pubsub_subscription.dead_letters] : r.labels],
        [for r in [google_cloudfunctions2_function.ingest, google_cloudfunctions2_function.worker, google_cloudfunctions2_function.outbound] : r.labels],
        [google_secret_manager_secret.webhook.labels, google_secret_manager_secret.outbound.labels, google_storage_bucket.source.labels, google_artifact_registry_repository.functions.labels],
        [for a in google_monitoring_alert_policy.codes : a.user_labels],
        google_monitoring_notification_channel.email[*].user_labels,
      ) : labels == tomap({ application = "demo", team = "credits" })
    ])
    error_message = "The bill of this application cannot be told from another's."
  }
}
