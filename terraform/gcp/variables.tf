# The variables of terraform/aws under the same names, as far as they mean the same.

variable "project" {
  description = "Id of the Google Cloud project. One of its own per environment is the best fence there is."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "Use the project's id (6 to 30 lower-case letters, digits and hyphens), not its name or number."
  }
}

variable "region" {
  description = "Where everything runs and is stored, e.g. europe-west1. The database cannot move later."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "Use a region such as europe-west1; zones and multi-regions do not run functions."
  }
}

variable "name" {
  description = "Prefix of everything that has a name, and the name of the database. One per environment: webhooks-dev, webhooks-prod. Another one later would make everything anew, the ledger and queues empty."
  type        = string
  default     = "webhooks"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,19}[a-z0-9]$", var.name))
    error_message = "Use 4 to 21 lower-case letters, digits and hyphens: databases need 4, and service accounts end at 30 with their suffix."
  }
}

variable "labels" {
  description = "Labels of every resource, beside application = name."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for k, v in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", k)) && can(regex("^[a-z0-9_-]{0,63}$", v))])
    error_message = "Use lower-case letters, digits, hyphens and underscores, at most 63 of them."
  }
}

variable "build_dir" {
  description = "Folder with gcp-ingest.zip, gcp-worker.zip and gcp-outbound.zip, made by `make package-gcp`."
  type        = string
  default     = "../../build"
}

variable "runtime" {
  description = "Go version of the functions. Google deprecates go127 in August 2027 and switches it off half a year later."
  type        = string
  default     = "go127"

  validation {
    condition     = can(regex("^go1[0-9]{2}$", var.runtime))
    error_message = "Use a Go runtime id such as go127."
  }
}

variable "max_body_kib" {
  description = "Largest webhook body in KiB; larger ones are answered 413."
  type        = number
  default     = 180

  validation {
    # The upper end is a record, which must fit into a Firestore document of 1 MiB; Pub/Sub would take 10 MB.
    condition     = floor(var.max_body_kib) == var.max_body_kib && var.max_body_kib >= 16 && var.max_body_kib <= 720
    error_message = "Use a whole number from 16 to 720."
  }
}

variable "ingest_min_instances" {
  description = "Copies of ingest that are kept warm, and paid for. 0 is fine: the process is ready in milliseconds."
  type        = number
  default     = 0

  validation {
    condition     = floor(var.ingest_min_instances) == var.ingest_min_instances && var.ingest_min_instances >= 0 && var.ingest_min_instances <= var.ingest_max_instances
    error_message = "Use a whole number from 0 to ingest_max_instances."
  }
}

variable "ingest_max_instances" {
  description = "How many copies of ingest may run at once, 80 requests each. It caps what a flood can cost; beyond it platforms are told 429."
  type        = number
  default     = 20

  validation {
    condition     = floor(var.ingest_max_instances) == var.ingest_max_instances && var.ingest_max_instances >= 1
    error_message = "Use a whole number, 1 or more. A ceiling of 0 would close the door."
  }
}

variable "grant_all_users" {
  description = <<-EOT
    Make ingest public by granting roles/run.invoker to allUsers. False where the organisation forbids that
    (iam.allowedPolicyMemberDomains): platforms are answered 403 until Cloud Run's invoker check is switched off, see
    docs/deploy-gcp.md.
  EOT
  type        = bool
  default     = true
}

variable "worker_max_instances" {
  description = "How many copies of the worker may run at once, 10 messages each. Low on purpose: writers to one account's balance get in each other's way."
  type        = number
  default     = 5

  validation {
    condition     = floor(var.worker_max_instances) == var.worker_max_instances && var.worker_max_instances >= 1
    error_message = "Use a whole number, 1 or more."
  }
}

variable "tariff" {
  description = "Price list, credits per unit: \"conversational_seconds=1,token_cnt=0.002\". Usage types that are not in it cost nothing; conversational_seconds=0 is free of charge altogether."
  type        = string
  default     = "conversational_seconds=1"

  validation {
    condition     = can(regex("^\\s*[^=,\\s]+\\s*=\\s*(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?\\s*(,\\s*[^=,\\s]+\\s*=\\s*(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?\\s*)*$", var.tariff))
    error_message = "Use usage=price, separated by commas, no price below 0. conversational_seconds=0 charges nothing; empty would mean the default."
  }
}

variable "idless_window" {
  description = "How long a usage event without an id counts as a retry of the same bytes: a duration (15m, 0s) or forever."
  type        = string
  default     = "15m"

  validation {
    condition     = can(regex("^(forever|0|([0-9]*[.]?[0-9]+(ns|us|ms|s|m|h))+)$", var.idless_window))
    error_message = "Use a duration such as 15m, 1h30m or 0s, or forever."
  }
}

variable "anonymous_humans" {
  description = "Ids of unknown persons, separated by commas: their usage goes to the suspense account."
  type        = string
  default     = "anonymous"

  validation {
    condition     = var.anonymous_humans != ""
    error_message = "Name at least one, or write a comma alone for none; empty would mean the default."
  }
}

variable "account_per_project" {
  description = "One account per project and human instead of one per human. (The platform's project, not Google's.)"
  type        = bool
  default     = false
}

variable "exclude_simulated" {
  description = "Record the usage of sessions that Gabber reports as simulated at 0."
  type        = bool
  default     = false
}

variable "gabber_ledger" {
  description = "Debit usage in Gabber's own credit ledger, too (beside) or only there (instead). Both need gabber_credit."
  type        = string
  default     = "off"

  validation {
    condition     = contains(["off", "beside", "instead"], var.gabber_ledger) && (var.gabber_ledger == "off" || var.gabber_credit != "")
    error_message = "Use off, beside or instead; the latter two need gabber_credit."
  }
}

variable "gabber_credit" {
  description = "Id of the credit type in Gabber's own credit ledger."
  type        = string
  default     = ""
}

variable "speak_result" {
  description = "What is spoken when a tool has answered. {tool}, {response} and {code} are filled in."
  type        = string
  default     = "{response}"

  validation {
    condition     = var.speak_result != ""
    error_message = "Say something; empty would mean the default."
  }
}

variable "speak_failure" {
  description = "What is spoken when a tool has failed. {tool}, {error} and {code} are filled in."
  type        = string
  default     = "That did not work."

  validation {
    condition     = var.speak_failure != ""
    error_message = "Say something; empty would mean the default."
  }
}

variable "leads_forward_url" {
  description = "Your service that leads are posted to, empty for none. Put LEADS_FORWARD_SECRET into the outbound secret first."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(https://[^/@ ]+(/.*)?)?$", var.leads_forward_url))
    error_message = "Use an address that begins with https://: nothing else is called."
  }
}

variable "gabber_api_url" {
  description = "Where Gabber's API lives. Outbound calls this host and that of leads_forward_url and no other."
  type        = string
  default     = "https://api.gabber.dev"

  validation {
    condition     = can(regex("^https://[^/@ ]+(/.*)?$", var.gabber_api_url))
    error_message = "Use an address that begins with https://: nothing else is called."
  }
}

variable "end_exhausted_sessions" {
  description = "End the live sessions of a human who has nothing left."
  type        = bool
  default     = false
}

variable "outbound_max_instances" {
  description = "How many copies of outbound may run at once, 10 messages each. Low on purpose; the platforms' APIs have limits, too."
  type        = number
  default     = 2

  validation {
    condition     = floor(var.outbound_max_instances) == var.outbound_max_instances && var.outbound_max_instances >= 1
    error_message = "Use a whole number, 1 or more."
  }
}

variable "log_retention_days" {
  description = <<-EOT
    How long logs are kept. They hold no bodies, secrets or personal data. This sets the project's _Default bucket, and so
    concerns everything that logs in the project. Null leaves that bucket as it is: 30 days, unless it was changed.
  EOT
  type        = number
  default     = null

  validation {
    condition     = var.log_retention_days == null ? true : floor(var.log_retention_days) == var.log_retention_days && var.log_retention_days >= 1 && var.log_retention_days <= 3650
    error_message = "Google takes 1 to 3650 whole days, or null."
  }
}

variable "alarm_email" {
  description = "Who is told of alarms."
  type        = string
  default     = ""

  validation {
    # AWS has a topic to subscribe to later. Here an alert policy without a channel rings nowhere, for ever.
    condition     = var.alarm_email != "" || length(var.notification_channels) > 0
    error_message = "Alarms must reach an operator: set alarm_email or notification_channels."
  }
}

variable "notification_channels" {
  description = "Channels you have already (pager, chat): projects/<project>/notificationChannels/<id>."
  type        = list(string)
  default     = []
}

variable "runbook_url" {
  description = "Address of docs/runbook.md in your fork. Every alarm links its section."
  type        = string
  default     = "https://github.com/webhook-functions/template/blob/main/docs/runbook.md"
}

variable "deletion_protection" {
  description = "Refuse to delete the database and the secrets. To tear an environment down, apply with false first."
  type        = bool
  default     = true
}

variable "kms_key_name" {
  description = <<-EOT
    Your own KMS key, in the same region, for topics, database and secrets: projects/<p>/locations/<region>/keyRings/<r>/cryptoKeys/<k>.
    Empty: keys that Google owns. The service agents of Pub/Sub, Firestore and Secret Manager must be allowed to use it
    beforehand. A database keeps the key it was created with, or has none for good: later changes are about the others.
  EOT
  type        = string
  default     = ""

  validation {
    condition     = var.kms_key_name == "" || can(regex("^projects/[^/]+/locations/${var.region}/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key_name))
    error_message = "Use projects/<p>/locations/<region>/keyRings/<r>/cryptoKeys/<k>, with your region: no other key works for the database."
  }
}
