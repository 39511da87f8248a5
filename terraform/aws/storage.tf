# Both tables cost nothing while nothing happens, can be restored to any second of the last 35 days, and refuse deletion.

# Entries and balances. No TTL, ever: an entry is what makes its event's second delivery harmless, at any age.
resource "aws_dynamodb_table" "ledger" {
  name                        = "${var.name}-ledger"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "pk"
  range_key                   = "sk"
  deletion_protection_enabled = var.deletion_protection

  attribute {
    name = "pk"
    type = "S"
  }
  attribute {
    name = "sk"
    type = "S"
  }
  attribute {
    name = "account"
    type = "S"
  }
  attribute {
    name = "time"
    type = "N"
  }

  # Statements. Balances are never read from here: an index lags behind.
  global_secondary_index {
    name            = "account-time"
    hash_key        = "account"
    range_key       = "time"
    projection_type = "ALL"
  }

  point_in_time_recovery {
    enabled = true
  }

  dynamic "server_side_encryption" {
    for_each = local.kms_key_arn[*]
    content {
      enabled     = true
      kms_key_arn = server_side_encryption.value
    }
  }
}

# The latest state of leads, contacts, conversations, sessions: pk is the kind, sk the id.
resource "aws_dynamodb_table" "records" {
  name                        = "${var.name}-records"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "pk"
  range_key                   = "sk"
  deletion_protection_enabled = var.deletion_protection

  attribute {
    name = "pk"
    type = "S"
  }
  attribute {
    name = "sk"
    type = "S"
  }
  attribute {
    name = "kind"
    type = "S"
  }
  attribute {
    name = "time"
    type = "N"
  }

  # Newest first, for lists.
  global_secondary_index {
    name            = "kind-time"
    hash_key        = "kind"
    range_key       = "time"
    projection_type = "ALL"
  }

  point_in_time_recovery {
    enabled = true
  }

  dynamic "server_side_encryption" {
    for_each = local.kms_key_arn[*]
    content {
      enabled     = true
      kms_key_arn = server_side_encryption.value
    }
  }
}
