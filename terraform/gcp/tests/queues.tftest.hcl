# Nothing that was verified may be lost between two functions.

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

run "events_are_pushed_until_the_worker_has_them" {
  command = plan

  assert {
    condition     = google_pubsub_subscription.events.topic == google_pubsub_topic.events.id
    error_message = "The worker must be given the topic that ingest publishes to."
  }

  assert {
    condition     = google_pubsub_subscription.events.push_config[0].push_endpoint == "https://demo-worker-abcdef-ew.a.run.app"
    error_message = "Push to the worker's run.app address: no other counts as internal."
  }

  assert {
    condition     = google_pubsub_subscription.events.push_config[0].oidc_token[0].audience == google_cloudfunctions2_function.worker.service_config[0].uri
    error_message = "Cloud Run refuses a token with another audience."
  }

  assert {
    condition     = google_pubsub_subscription.events.push_config[0].oidc_token[0].service_account_email == google_service_account.push.email
    error_message = "Pushes must come from the one account that may call the worker."
  }

  assert {
    condition     = length(google_pubsub_subscription.events.push_config[0].no_wrapper) == 0
    error_message = "Without the envelope there is no delivery attempt."
  }

  assert {
    condition     = google_pubsub_subscription.events.ack_deadline_seconds == 600
    error_message = "The ack deadline must be the longest there is."
  }

  assert {
    condition     = google_pubsub_subscription.events.ack_deadline_seconds >= 6 * google_cloudfunctions2_function.worker.service_config[0].timeout_seconds
    error_message = "A message must not be handed out again while its first try may still write."
  }

  assert {
    condition     = google_pubsub_subscription.events.retry_policy[0].minimum_backoff == "10s"
    error_message = "Without a retry policy Pub/Sub pushes a failing message again at once, and again."
  }

  assert {
    condition     = google_pubsub_subscription.events.retry_policy[0].maximum_backoff == "600s"
    error_message = "Tries must be spread over hours."
  }

  assert {
    condition     = tonumber(trimsuffix(google_pubsub_subscription.events.message_retention_duration, "s")) >= 7 * 86400
    error_message = "Events must survive a week."
  }

  assert {
    condition     = google_pubsub_subscription.events.enable_exactly_once_delivery != true
    error_message = "Exactly-once is for pull subscriptions; the ledger does not need it."
  }

  assert {
    condition     = google_pubsub_subscription.events.filter == null
    error_message = "A filter acknowledges what it leaves out: lost, uncounted."
  }
}

run "follow_ups_are_pushed_until_outbound_has_them" {
  command = plan

  assert {
    condition     = google_pubsub_subscription.outbound.topic == google_pubsub_topic.outbound.id
    error_message = "Outbound must be given the topic that the worker publishes to."
  }

  assert {
    condition     = google_pubsub_subscription.outbound.push_config[0].push_endpoint == "https://demo-outbound-abcdef-ew.a.run.app"
    error_message = "Push to outbound's run.app address: no other counts as internal."
  }

  assert {
    condition = (
      google_pubsub_subscription.outbound.push_config[0].oidc_token[0].audience == google_cloudfunctions2_function.outbound.service_config[0].uri &&
      google_pubsub_subscription.outbound.push_config[0].oidc_token[0].service_account_email == google_service_account.push.email
    )
    error_message = "Cloud Run lets only the push account in, with a token for outbound."
  }

  assert {
    condition     = google_pubsub_subscription.outbound.retry_policy[0].minimum_backoff == "60s"
    error_message = "A limit whose outcome is unknown must be pushed again no sooner than after a minute."
  }

  assert {
    condition     = google_pubsub_subscription.outbound.retry_policy[0].maximum_backoff == "600s"
    error_message = "An outage of a platform's API takes hours, and so must the tries."
  }

  assert {
    condition     = google_pubsub_subscription.outbound.ack_deadline_seconds == 600
    error_message = "Outbound's ack deadline must be the longest, too."
  }

  assert {
    condition     = google_pubsub_subscription.outbound.ack_deadline_seconds >= 6 * google_cloudfunctions2_function.outbound.service_config[0].timeout_seconds
    error_message = "A follow-up must not be handed out again while its first try may still call."
  }

  assert {
    condition     = tonumber(trimsuffix(google_pubsub_subscription.outbound.message_retention_duration, "s")) >= 7 * 86400
    error_message = "Follow-ups must survive a week."
  }

  assert {
    condition     = google_pubsub_subscription.outbound.filter == null && length(google_pubsub_subscription.outbound.push_config[0].no_wrapper) == 0
    error_message = "A filter acknowledges what it leaves out; without the envelope there is no delivery attempt."
  }

  assert {
    condition     = google_pubsub_subscription_iam_member.agent_takes_from_outbound.subscription == google_pubsub_subscription.outbound.id && google_pubsub_subscription_iam_member.agent_takes_from_outbound.role == "roles/pubsub.subscriber"
    error_message = "Pub/Sub may not acknowledge the follow-ups it moves: they would come back for ever."
  }
}

run "what_nobody_takes_is_kept" {
  command = plan

  assert {
    condition = alltrue([
      for s in [google_pubsub_subscription.events, google_pubsub_subscription.outbound] :
      s.dead_letter_policy[0].dead_letter_topic == google_pubsub_topic.dead_letters.id
    ])
    error_message = "Every source must lead to the dead letters."
  }

  assert {
    condition = alltrue([
      for s in [google_pubsub_subscription.events, google_pubsub_subscription.outbound] :
      s.dead_letter_policy[0].max_delivery_attempts >= 10
    ])
    error_message = "A push that found no free worker counts as an attempt: fewer than 10 would bury innocents."
  }

  assert {
    condition     = google_pubsub_subscription.dead_letters.topic == google_pubsub_topic.dead_letters.id
    error_message = "A topic without a subscription keeps nothing."
  }

  assert {
    condition     = length(google_pubsub_subscription.dead_letters.push_config) == 0
    error_message = "Dead letters wait for people; nothing may take them away."
  }

  assert {
    condition     = google_pubsub_subscription.dead_letters.message_retention_duration == "1209600s"
    error_message = "Dead letters are kept 14 days."
  }

  assert {
    condition     = local.dead_letters_retention > local.retention
    error_message = "Dead letters must live longer than events."
  }

  assert {
    condition     = google_pubsub_topic_iam_member.agent_publishes_dead_letters.topic == google_pubsub_topic.dead_letters.id
    error_message = "Pub/Sub may not publish to the dead letters."
  }

  assert {
    condition     = google_pubsub_topic_iam_member.agent_publishes_dead_letters.member == "serviceAccount:service-111122223333@gcp-sa-pubsub.iam.gserviceaccount.com"
    error_message = "That is not Pub/Sub's service agent."
  }

  assert {
    condition     = google_pubsub_subscription_iam_member.agent_takes_from_events.subscription == google_pubsub_subscription.events.id && google_pubsub_subscription_iam_member.agent_takes_from_events.role == "roles/pubsub.subscriber"
    error_message = "Pub/Sub may not acknowledge the events it moves: they would come back for ever."
  }

  assert {
    condition = (
      toset([google_pubsub_topic.events.id, google_pubsub_topic.outbound.id, google_pubsub_topic.dead_letters.id]) ==
      toset([google_pubsub_subscription.events.topic, google_pubsub_subscription.outbound.topic, google_pubsub_subscription.dead_letters.topic])
    )
    error_message = "A topic without a subscription keeps nothing."
  }

  assert {
    condition = alltrue([
      for s in [google_pubsub_subscription.events, google_pubsub_subscription.outbound, google_pubsub_subscription.dead_letters] :
      s.expiration_policy[0].ttl == ""
    ])
    error_message = "A subscription that expires takes its messages along, after 31 idle days by default."
  }

  assert {
    condition = alltrue([
      for t in [google_pubsub_topic.events, google_pubsub_topic.outbound, google_pubsub_topic.dead_letters] :
      t.message_storage_policy[0].allowed_persistence_regions == toset(["europe-west1"])
    ])
    error_message = "Messages hold personal data and must stay in the region."
  }

  assert {
    condition     = output.events_topic == google_pubsub_topic.events.id
    error_message = "Dead letters would be sent back to a topic other than that of events; outbound loses what is the worker's."
  }

  assert {
    condition     = output.dead_letters_subscription == google_pubsub_subscription.dead_letters.id
    error_message = "People would look for dead letters elsewhere."
  }
}
