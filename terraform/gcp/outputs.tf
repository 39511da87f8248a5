output "webhook_url" {
  description = "What to enter as webhook address at a platform, with the platform's route behind it (gabber, g-tateth)."
  value       = "${google_cloudfunctions2_function.ingest.service_config[0].uri}/"
}

output "webhook_secret" {
  description = "Put the platforms' signing secrets here, before the functions are deployed."
  value       = google_secret_manager_secret.webhook.id
}

output "outbound_secret" {
  description = "Put what outbound calls platforms with here, before the functions are deployed; {} to call no platform."
  value       = google_secret_manager_secret.outbound.id
}

output "events_topic" {
  description = "Verified events on their way to the worker. Where dead letters are sent back to."
  value       = google_pubsub_topic.events.id
}

output "dead_letters_subscription" {
  description = "Where to look when the DLQ alarm rings."
  value       = google_pubsub_subscription.dead_letters.id
}

output "database" {
  description = "Ledger and records."
  value       = google_firestore_database.ledger.name
}

output "dashboard" {
  description = "The pipeline in pictures."
  value       = "https://console.cloud.google.com/monitoring/dashboards/builder/${basename(google_monitoring_dashboard.pipeline.id)}?project=${var.project}"
}

output "operator" {
  description = "What hooks-gcp --outputs reads; also fit for eval."
  value       = "export GOOGLE_CLOUD_PROJECT=${var.project} FIRESTORE_DATABASE=${google_firestore_database.ledger.name} OUTBOUND_TOPIC=${google_pubsub_topic.outbound.name} EVENTS_TOPIC=${google_pubsub_topic.events.name} ACCOUNT_PER_PROJECT=${var.account_per_project}"
}
