# Who can reach what, and within which bounds. Who may do what is checked as a whole, against a list that must be
# complete, by `go test ./terraform/gcp/policytest`.

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

run "ingest_is_public_and_bounded" {
  command = plan

  assert {
    condition     = google_cloudfunctions2_function.ingest.service_config[0].ingress_settings == "ALLOW_ALL"
    error_message = "Platforms come from the internet."
  }

  assert {
    condition = (
      one(google_cloud_run_v2_service_iam_member.ingest_is_public).name == google_cloudfunctions2_function.ingest.name &&
      one(google_cloud_run_v2_service_iam_member.ingest_is_public).role == "roles/run.invoker" &&
      one(google_cloud_run_v2_service_iam_member.ingest_is_public).member == "allUsers"
    )
    error_message = "Platforms cannot sign requests for IAM."
  }

  assert {
    condition     = google_cloudfunctions2_function.ingest.service_config[0].timeout_seconds <= 10
    error_message = "No platform waits longer."
  }

  assert {
    condition     = google_cloudfunctions2_function.ingest.service_config[0].max_instance_count == 20
    error_message = "Without a ceiling a flood costs what it likes."
  }

  assert {
    condition     = google_cloudfunctions2_function.ingest.service_config[0].max_instance_request_concurrency > 1 && tonumber(google_cloudfunctions2_function.ingest.service_config[0].available_cpu) >= 1
    error_message = "Concurrent requests need a whole CPU."
  }

  assert {
    condition     = google_cloudfunctions2_function.ingest.service_config[0].max_instance_request_concurrency == 80
    error_message = "80 bodies at their largest fit in the memory, and 80 is what ingest_max_instances counts with."
  }

  assert {
    condition     = google_cloudfunctions2_function.ingest.service_config[0].environment_variables["MAX_BODY_BYTES"] == "184320"
    error_message = "The body cap must be the default of the code, 180 KiB."
  }

  assert {
    condition     = output.webhook_url == "https://demo-ingest-abcdef-ew.a.run.app/"
    error_message = "The printed address is not that of ingest."
  }

  assert {
    condition     = output.webhook_secret == google_secret_manager_secret.webhook.id && output.outbound_secret == google_secret_manager_secret.outbound.id
    error_message = "Secrets would be put where nobody looks, or where the wrong function does."
  }

  assert {
    condition = toset([for api in google_project_service.apis : api.service]) == toset([
      for api in [
        "artifactregistry", "cloudbuild", "cloudfunctions", "firestore", "iam", "logging", "monitoring", "pubsub", "run", "secretmanager",
        "storage",
      ] : "${api}.googleapis.com"
    ])
    error_message = "What is used must be switched on, and nothing else."
  }
}

run "worker_is_reached_by_pushes_only" {
  command = plan

  assert {
    condition     = google_cloudfunctions2_function.worker.service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY"
    error_message = "A forged push must not even arrive."
  }

  assert {
    condition = (
      google_cloud_run_v2_service_iam_member.push_calls_worker.name == google_cloudfunctions2_function.worker.name &&
      google_cloud_run_v2_service_iam_member.push_calls_worker.role == "roles/run.invoker" &&
      google_cloud_run_v2_service_iam_member.push_calls_worker.member == google_service_account.push.member
    )
    error_message = "The push account, and nobody else, calls the worker."
  }

  assert {
    condition     = length(google_cloudfunctions2_function.worker.event_trigger) == 0
    error_message = "A trigger's own subscription has no dead letters."
  }

  assert {
    condition     = google_cloudfunctions2_function.worker.service_config[0].timeout_seconds >= 30
    error_message = "A conflict is retried for a while."
  }

  assert {
    condition     = google_cloudfunctions2_function.worker.service_config[0].max_instance_count == 5
    error_message = "Too many writers stand in each other's way."
  }

  assert {
    condition = alltrue([
      for f in [google_cloudfunctions2_function.worker, google_cloudfunctions2_function.outbound] :
      f.service_config[0].max_instance_request_concurrency == 10
    ])
    error_message = "Ten messages at once per instance: the ceilings of worker and outbound count with it."
  }

  assert {
    condition     = one(google_cloudfunctions2_function.ingest.service_config[0].secret_volumes).secret == google_secret_manager_secret.webhook.secret_id
    error_message = "Ingest needs the webhook secret."
  }

  assert {
    condition     = one(google_cloudfunctions2_function.ingest.service_config[0].secret_volumes).mount_path == google_cloudfunctions2_function.ingest.service_config[0].environment_variables["SECRETS_DIR"]
    error_message = "The secret is mounted where the function does not look."
  }

  assert {
    condition     = one(one(google_cloudfunctions2_function.ingest.service_config[0].secret_volumes).versions).version == "latest"
    error_message = "A pinned version makes a rotation a deployment."
  }

  assert {
    condition     = one(one(google_cloudfunctions2_function.ingest.service_config[0].secret_volumes).versions).path == "webhook"
    error_message = "The webhook secret is a file of another name than ingest reads."
  }

  assert {
    condition = alltrue([
      for f in [google_cloudfunctions2_function.ingest, google_cloudfunctions2_function.worker, google_cloudfunctions2_function.outbound] :
      length(f.service_config[0].secret_environment_variables) == 0
    ])
    error_message = "Secrets do not belong into the environment."
  }

  assert {
    condition     = length(google_cloudfunctions2_function.worker.service_config[0].secret_volumes) == 0
    error_message = "The worker holds no secret."
  }

  assert {
    condition = alltrue(flatten([
      for f in [google_cloudfunctions2_function.ingest, google_cloudfunctions2_function.worker, google_cloudfunctions2_function.outbound] : [
        for k, v in f.service_config[0].environment_variables : !can(regex("SECRET$|TOKEN|PASSWORD|API_KEY", k))
      ]
    ]))
    error_message = "Secrets do not belong into the environment."
  }

  assert {
    condition     = google_secret_manager_secret.webhook.deletion_protection
    error_message = "Without its secret ingest is down."
  }

  assert {
    condition     = google_secret_manager_secret.webhook.version_destroy_ttl == "604800s"
    error_message = "A version destroyed by mistake must be recoverable."
  }

  assert {
    condition = alltrue([
      for f in [google_cloudfunctions2_function.ingest, google_cloudfunctions2_function.worker, google_cloudfunctions2_function.outbound] :
      f.build_config[0].runtime == "go127"
    ])
    error_message = "The default runtime is the Go version of go.mod."
  }

  assert {
    condition = (
      google_cloudfunctions2_function.ingest.build_config[0].entry_point == "Ingest" &&
      google_cloudfunctions2_function.worker.build_config[0].entry_point == "Worker" &&
      google_cloudfunctions2_function.outbound.build_config[0].entry_point == "Outbound"
    )
    error_message = "These are the names that the functions register; with another one they do not start."
  }

  assert {
    condition = alltrue([
      for f in [google_cloudfunctions2_function.ingest, google_cloudfunctions2_function.worker, google_cloudfunctions2_function.outbound] :
      f.build_config[0].service_account == google_service_account.build.id
    ])
    error_message = "The default build account is too weak in new organisations and too strong in old ones."
  }

  assert {
    condition = alltrue([
      for key, f in {
        gcp-ingest   = google_cloudfunctions2_function.ingest
        gcp-worker   = google_cloudfunctions2_function.worker
        gcp-outbound = google_cloudfunctions2_function.outbound
      } : f.build_config[0].source[0].storage_source[0].bucket == google_storage_bucket.source.name && f.build_config[0].source[0].storage_source[0].object == google_storage_bucket_object.source[key].name
    ])
    error_message = "A function is built from the source of another."
  }

  assert {
    condition = alltrue([
      for key, o in google_storage_bucket_object.source :
      o.source == "./tests/archives/${key}.zip" && o.name == "${key}-${filemd5("./tests/archives/${key}.zip")}.zip"
    ])
    error_message = "An object must hold the archive it is called after, and have another name when that changes."
  }

  assert {
    condition = alltrue([
      for f in [google_cloudfunctions2_function.ingest, google_cloudfunctions2_function.worker, google_cloudfunctions2_function.outbound] :
      f.service_config[0].all_traffic_on_latest_revision
    ])
    error_message = "A deployment that no request reaches."
  }

  assert {
    condition = alltrue(concat(
      [for f in [google_cloudfunctions2_function.ingest, google_cloudfunctions2_function.worker, google_cloudfunctions2_function.outbound] : f.location == var.region],
      [for s in [google_secret_manager_secret.webhook, google_secret_manager_secret.outbound] : s.replication[0].user_managed[0].replicas[*].location == tolist([var.region])],
      [google_storage_bucket.source.location == var.region, google_artifact_registry_repository.functions.location == var.region],
    ))
    error_message = "What runs, its code and its secrets stay in the region."
  }

  assert {
    condition = (
      google_cloudfunctions2_function.ingest.service_config[0].service_account_email == google_service_account.ingest.email &&
      google_cloudfunctions2_function.worker.service_config[0].service_account_email == google_service_account.worker.email &&
      google_cloudfunctions2_function.outbound.service_config[0].service_account_email == google_service_account.outbound.email
    )
    error_message = "A function runs as another's account: it lacks what it needs and may do what it must not."
  }

  assert {
    condition     = length(distinct([for o in google_storage_bucket_object.source : o.bucket])) == 1 && google_storage_bucket.source.public_access_prevention == "enforced"
    error_message = "The source is nobody else's business."
  }

  assert {
    condition = length(distinct([
      google_cloudfunctions2_function.ingest.service_config[0].service_account_email,
      google_cloudfunctions2_function.worker.service_config[0].service_account_email,
      google_cloudfunctions2_function.outbound.service_config[0].service_account_email,
      google_pubsub_subscription.events.push_config[0].oidc_token[0].service_account_email,
      google_service_account.build.email,
    ])) == 5
    error_message = "One account per job, or least privilege means nothing."
  }
}

run "outbound_is_the_one_that_calls_out" {
  command = plan

  assert {
    condition     = google_cloudfunctions2_function.outbound.service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY"
    error_message = "A forged follow-up must not even arrive."
  }

  assert {
    condition = (
      google_cloud_run_v2_service_iam_member.push_calls_outbound.name == google_cloudfunctions2_function.outbound.name &&
      google_cloud_run_v2_service_iam_member.push_calls_outbound.role == "roles/run.invoker" &&
      google_cloud_run_v2_service_iam_member.push_calls_outbound.member == google_service_account.push.member
    )
    error_message = "The push account, and nobody else, calls outbound."
  }

  assert {
    condition     = length(google_cloudfunctions2_function.outbound.event_trigger) == 0
    error_message = "A trigger's own subscription has no dead letters, and no minute between tries."
  }

  assert {
    condition     = google_cloudfunctions2_function.outbound.service_config[0].max_instance_count == 2
    error_message = "Platforms' APIs have limits, too."
  }

  assert {
    condition     = google_cloudfunctions2_function.outbound.service_config[0].timeout_seconds >= 30
    error_message = "An event may take 10 s, and storing what follows from it comes on top."
  }

  assert {
    condition     = one(google_cloudfunctions2_function.outbound.service_config[0].secret_volumes).secret == google_secret_manager_secret.outbound.secret_id
    error_message = "Outbound needs its API keys, and no other secret."
  }

  assert {
    condition = (
      one(google_cloudfunctions2_function.outbound.service_config[0].secret_volumes).mount_path == google_cloudfunctions2_function.outbound.service_config[0].environment_variables["OUTBOUND_SECRETS_DIR"] &&
      one(one(google_cloudfunctions2_function.outbound.service_config[0].secret_volumes).versions).path == "outbound"
    )
    error_message = "The API keys are mounted where outbound does not look."
  }

  assert {
    condition     = one(one(google_cloudfunctions2_function.outbound.service_config[0].secret_volumes).versions).version == "latest"
    error_message = "A pinned version makes a new key a change of the module."
  }

  assert {
    condition = !anytrue([
      for f in [google_cloudfunctions2_function.ingest, google_cloudfunctions2_function.worker] :
      contains(f.service_config[0].secret_volumes[*].secret, google_secret_manager_secret.outbound.secret_id)
    ])
    error_message = "Nobody but outbound may hold API keys."
  }

  assert {
    condition = (
      google_secret_manager_secret_iam_member.outbound_reads_outbound_secret.secret_id == google_secret_manager_secret.outbound.id &&
      google_secret_manager_secret_iam_member.outbound_reads_outbound_secret.member == google_service_account.outbound.member
    )
    error_message = "The API keys are outbound's, and outbound's alone."
  }

  assert {
    condition     = google_secret_manager_secret.outbound.deletion_protection && google_secret_manager_secret.outbound.version_destroy_ttl == "604800s"
    error_message = "API keys destroyed by mistake must be recoverable."
  }

  assert {
    condition     = google_project_iam_member.outbound_keeps_books.condition[0].expression == "resource.name == \"projects/acme-demo/databases/demo\""
    error_message = "Outbound's right must end at its own database."
  }

  assert {
    condition     = google_cloudfunctions2_function.outbound.service_config[0].environment_variables["FIRESTORE_DATABASE"] == google_cloudfunctions2_function.worker.service_config[0].environment_variables["FIRESTORE_DATABASE"]
    error_message = "Outbound would push the balances of another database."
  }

  assert {
    condition     = google_cloudfunctions2_function.outbound.service_config[0].environment_variables["TARIFF"] == google_cloudfunctions2_function.worker.service_config[0].environment_variables["TARIFF"]
    error_message = "Charged by one price and limited by another."
  }
}
