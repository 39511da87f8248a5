# The books can neither be lost nor forget.

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

run "the_books_are_kept" {
  command = plan

  assert {
    condition     = google_firestore_database.ledger.type == "FIRESTORE_NATIVE"
    error_message = "The ledger is written for native mode."
  }

  assert {
    condition     = google_firestore_database.ledger.point_in_time_recovery_enablement == "POINT_IN_TIME_RECOVERY_ENABLED"
    error_message = "Without it there is no way back from a mistake."
  }

  assert {
    condition     = google_firestore_database.ledger.delete_protection_state == "DELETE_PROTECTION_ENABLED"
    error_message = "Deleting the books must take two steps."
  }

  assert {
    condition     = google_firestore_database.ledger.deletion_policy == "DELETE"
    error_message = "A database that Terraform merely forgets is a database nobody looks after."
  }

  assert {
    condition     = google_firestore_database.ledger.location_id == var.region
    error_message = "A database elsewhere makes every write slow and moves personal data."
  }

  assert {
    condition     = google_cloudfunctions2_function.worker.service_config[0].environment_variables["FIRESTORE_DATABASE"] == google_firestore_database.ledger.name
    error_message = "The worker writes to another database."
  }

  assert {
    condition = alltrue([
      for path in ["entries/time", "entries/recorded", "records/time", "records/version", "records/order"] :
      contains(keys(google_firestore_field.unindexed), path)
    ])
    error_message = "An index on an ever growing field takes 500 writes a second."
  }

  assert {
    condition     = alltrue([for f in google_firestore_field.unindexed : length(f.index_config) == 1 && length(f.index_config[0].indexes) == 0])
    error_message = "An exemption that lists indexes is none."
  }

  assert {
    condition     = alltrue([for path in ["accounts/balance", "accounts/seq", "accounts/synced_seq"] : contains(keys(google_firestore_field.unindexed), path)])
    error_message = "An index on what each charge changes makes the busiest document slower."
  }

  assert {
    condition     = contains(keys(google_firestore_field.unindexed), "records/data")
    error_message = "Nobody looks for a record by what is in it; an index on it is storage for nothing."
  }

  assert {
    condition     = alltrue([for path, f in google_firestore_field.unindexed : "${f.collection}/${f.field}" == path && f.database == google_firestore_database.ledger.name])
    error_message = "An exemption of another field."
  }

  assert {
    condition = (
      google_firestore_index.statements.collection == "entries" &&
      join(", ", [for f in google_firestore_index.statements.fields : "${f.field_path} ${f.order}"]) == "account ASCENDING, time ASCENDING"
    )
    error_message = "Statements are looked up by account, which spreads the writes, and oldest first."
  }

  assert {
    condition = (
      google_firestore_index.records.collection == "records" &&
      join(", ", [for f in google_firestore_index.records.fields : "${f.field_path} ${f.order}"]) == "kind ASCENDING, time DESCENDING"
    )
    error_message = "Records are listed by kind, which spreads the writes, and newest first."
  }

  assert {
    condition     = output.database == google_firestore_database.ledger.name
    error_message = "People would look into another database."
  }

  assert {
    condition     = output.operator == "export GOOGLE_CLOUD_PROJECT=acme-demo FIRESTORE_DATABASE=demo OUTBOUND_TOPIC=demo-outbound EVENTS_TOPIC=demo-events ACCOUNT_PER_PROJECT=false"
    error_message = "hooks-gcp would work on another deployment."
  }

  assert {
    condition     = alltrue([for f in google_firestore_field.unindexed : length(f.ttl_config) == 0])
    error_message = "An entry that expires is a second charge."
  }

  assert {
    condition = !anytrue([
      for p in google_project_iam_custom_role.bookkeeper.permissions : can(regex("delete|import|export|bulk|\\*", p))
    ])
    error_message = "The worker must not be able to delete entries."
  }

  assert {
    condition     = google_project_iam_member.worker_keeps_books.condition[0].expression == "resource.name == \"projects/acme-demo/databases/demo\""
    error_message = "The worker's right must end at its own database."
  }
}
