# Ledger and records: a database of their own in native mode. It costs nothing while nothing happens, can be read and
# restored as of any minute of the last 7 days, and refuses deletion.

resource "google_firestore_database" "ledger" {
  name        = var.name
  location_id = var.region
  type        = "FIRESTORE_NATIVE"

  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  delete_protection_state           = var.deletion_protection ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  # The provider's default would drop the database from the state and say "destroyed".
  deletion_policy = "DELETE"

  dynamic "cmek_config" {
    for_each = local.kms_key_name[*]
    content {
      kms_key_name = cmek_config.value
    }
  }

  # Google changes the key of no database: the provider would delete it and make an empty one.
  lifecycle {
    ignore_changes = [cmek_config]
  }

  depends_on = [google_project_service.apis]
}

# Firestore indexes every field unless told otherwise. An index on an ever growing value takes 500 writes a second for
# the whole collection, all of them at its end; one on a balance makes each charge a slower write to the busiest
# document; one on a record's data is storage for nothing. No query is by one of these alone.
#
# No ttl_config, here or anywhere, ever: an entry is what makes its event's second delivery harmless, at any age.
resource "google_firestore_field" "unindexed" {
  for_each = {
    for path in [
      "entries/time", "entries/recorded",
      "records/time", "records/version", "records/order", "records/data",
      "accounts/balance", "accounts/seq", "accounts/synced_seq",
    ] : path => split("/", path)
  }

  database   = google_firestore_database.ledger.name
  collection = each.value[0]
  field      = each.value[1]

  index_config {} # empty: no index

  # One kind after the other: the database refuses some changes while it is busy with others, and the provider does not
  # try each refusal again.
  depends_on = [
    google_firestore_index.records,
    google_firestore_index.statements,
  ]
}

# Statements, oldest first. The account in front spreads the writes again. Balances are never read from here.
resource "google_firestore_index" "statements" {
  database   = google_firestore_database.ledger.name
  collection = "entries"

  fields {
    field_path = "account"
    order      = "ASCENDING"
  }
  fields {
    field_path = "time"
    order      = "ASCENDING"
  }
}

# Lists of records, newest first.
resource "google_firestore_index" "records" {
  database   = google_firestore_database.ledger.name
  collection = "records"

  fields {
    field_path = "kind"
    order      = "ASCENDING"
  }
  fields {
    field_path = "time"
    order      = "DESCENDING"
  }
}
