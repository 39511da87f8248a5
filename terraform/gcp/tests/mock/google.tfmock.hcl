# What Google would answer, so that a plan is complete without it: every name and address that one resource takes from
# another.

override_data {
  target = data.google_project.this
  values = { number = "111122223333" }
}

override_resource {
  target = google_pubsub_topic.events
  values = { id = "projects/acme-demo/topics/demo-events" }
}

override_resource {
  target = google_pubsub_topic.outbound
  values = { id = "projects/acme-demo/topics/demo-outbound" }
}

override_resource {
  target = google_pubsub_topic.dead_letters
  values = { id = "projects/acme-demo/topics/demo-dead-letters" }
}

override_resource {
  target = google_pubsub_subscription.events
  values = { id = "projects/acme-demo/subscriptions/demo-events" }
}

override_resource {
  target = google_pubsub_subscription.outbound
  values = { id = "projects/acme-demo/subscriptions/demo-outbound" }
}

override_resource {
  target = google_pubsub_subscription.dead_letters
  values = { id = "projects/acme-demo/subscriptions/demo-dead-letters" }
}

override_resource {
  target = google_secret_manager_secret.webhook
  values = { id = "projects/acme-demo/secrets/demo-webhook" }
}

override_resource {
  target = google_secret_manager_secret.outbound
  values = { id = "projects/acme-demo/secrets/demo-outbound" }
}

override_resource {
  target = google_service_account.ingest
  values = {
    id     = "projects/acme-demo/serviceAccounts/demo-ingest@acme-demo.iam.gserviceaccount.com"
    name   = "projects/acme-demo/serviceAccounts/demo-ingest@acme-demo.iam.gserviceaccount.com"
    email  = "demo-ingest@acme-demo.iam.gserviceaccount.com"
    member = "serviceAccount:demo-ingest@acme-demo.iam.gserviceaccount.com"
  }
}

override_resource {
  target = google_service_account.worker
  values = {
    id     = "projects/acme-demo/serviceAccounts/demo-worker@acme-demo.iam.gserviceaccount.com"
    name   = "projects/acme-demo/serviceAccounts/demo-worker@acme-demo.iam.gserviceaccount.com"
    email  = "demo-worker@acme-demo.iam.gserviceaccount.com"
    member = "serviceAccount:demo-worker@acme-demo.iam.gserviceaccount.com"
  }
}

override_resource {
  target = google_service_account.outbound
  values = {
    id     = "projects/acme-demo/serviceAccounts/demo-outbound@acme-demo.iam.gserviceaccount.com"
    name   = "projects/acme-demo/serviceAccounts/demo-outbound@acme-demo.iam.gserviceaccount.com"
    email  = "demo-outbound@acme-demo.iam.gserviceaccount.com"
    member = "serviceAccount:demo-outbound@acme-demo.iam.gserviceaccount.com"
  }
}

override_resource {
  target = google_service_account.push
  values = {
    id     = "projects/acme-demo/serviceAccounts/demo-push@acme-demo.iam.gserviceaccount.com"
    name   = "projects/acme-demo/serviceAccounts/demo-push@acme-demo.iam.gserviceaccount.com"
    email  = "demo-push@acme-demo.iam.gserviceaccount.com"
    member = "serviceAccount:demo-push@acme-demo.iam.gserviceaccount.com"
  }
}

override_resource {
  target = google_service_account.build
  values = {
    id     = "projects/acme-demo/serviceAccounts/demo-build@acme-demo.iam.gserviceaccount.com"
    name   = "projects/acme-demo/serviceAccounts/demo-build@acme-demo.iam.gserviceaccount.com"
    email  = "demo-build@acme-demo.iam.gserviceaccount.com"
    member = "serviceAccount:demo-build@acme-demo.iam.gserviceaccount.com"
  }
}

override_resource {
  target = google_project_iam_custom_role.bookkeeper
  values = { id = "projects/acme-demo/roles/demo_bookkeeper" }
}

override_resource {
  target = google_artifact_registry_repository.functions
  values = {
    id   = "projects/acme-demo/locations/europe-west1/repositories/demo-functions"
    name = "demo-functions"
  }
}

override_resource {
  target = google_cloudfunctions2_function.ingest
  values = {
    service_config = { uri = "https://demo-ingest-abcdef-ew.a.run.app" }
  }
}

override_resource {
  target = google_cloudfunctions2_function.worker
  values = {
    service_config = { uri = "https://demo-worker-abcdef-ew.a.run.app" }
  }
}

override_resource {
  target = google_cloudfunctions2_function.outbound
  values = {
    service_config = { uri = "https://demo-outbound-abcdef-ew.a.run.app" }
  }
}

override_resource {
  target = google_monitoring_notification_channel.email
  values = { id = "projects/acme-demo/notificationChannels/1" }
}

override_resource {
  target = google_monitoring_dashboard.pipeline
  values = { id = "projects/111122223333/dashboards/0a1b2c3d" }
}
