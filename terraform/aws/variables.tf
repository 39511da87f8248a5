# The parameters of template.yaml, in snake_case and with the same defaults. Only name, tags and build_dir have no counterpart
# there: SAM calls them stack name, stack tags and CodeUri.

variable "name" {
  description = "Prefix of everything that has a name. One per environment: webhooks-dev, webhooks-prod. Another one later would make everything anew, the ledger and queues empty."
  type        = string
  default     = "webhooks"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,26}[a-z0-9]$", var.name))
    error_message = "Use 3 to 28 lower-case letters, digits and hyphens: role names are cut at 64 characters."
  }
}

variable "tags" {
  description = "Tags of every resource, beside application = name."
  type        = map(string)
  default     = {}
}

variable "build_dir" {
  description = "Folder with aws-ingest.zip, aws-worker.zip and aws-outbound.zip, made by `make zip`."
  type        = string
  default     = "../../build"
}

variable "architecture" {
  description = "Instruction set of the functions. Must be the ARCH of `make zip`: arm64 is arm64, amd64 is x86_64."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "Use arm64 or x86_64."
  }
}

variable "max_message_kib" {
  description = <<-EOT
    Largest queue message in KiB: 256, which every provider version can set, or 1024 (provider 6 and later). The body cap
    follows from it, 180 or 720 KiB, so that base64 and envelope always fit; larger bodies are answered 413. Of what is
    kept as a record, DynamoDB takes 400 KB at most: larger messages, leads and tool results become dead letters.
  EOT
  type        = number
  default     = 256

  validation {
    condition     = contains([256, 1024], var.max_message_kib)
    error_message = "Use 256 or 1024."
  }
}

variable "ingest_reserved_concurrency" {
  description = <<-EOT
    How many copies of ingest may run at once, 0 for no ceiling of its own. A ceiling caps what a flood can cost and keeps
    that share free for ingest. It is off by default because AWS refuses it where fewer than 100 (in small accounts: 10)
    unreserved executions would be left, and a new account has 10 in all.
  EOT
  type        = number
  default     = 0

  validation {
    condition     = floor(var.ingest_reserved_concurrency) == var.ingest_reserved_concurrency && var.ingest_reserved_concurrency >= 0
    error_message = "Use 0 for no ceiling, or a positive whole number. A ceiling of 0 would close the door."
  }
}

variable "worker_maximum_concurrency" {
  description = <<-EOT
    How many batches are worked on at once. Low on purpose: it leaves room for ingest in a new account (10 executions in
    all), and writers to one account's balance get in each other's way. AWS takes 2 to 1000.
  EOT
  type        = number
  default     = 5

  validation {
    condition     = floor(var.worker_maximum_concurrency) == var.worker_maximum_concurrency && var.worker_maximum_concurrency >= 2 && var.worker_maximum_concurrency <= 1000
    error_message = "AWS takes whole numbers from 2 to 1000."
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
  description = "One account per project and human instead of one per human."
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

variable "outbound_maximum_concurrency" {
  description = <<-EOT
    How many batches of calls to platforms are made at once. Low on purpose; their APIs have limits, too. AWS takes 2 to
    1000.
  EOT
  type        = number
  default     = 2

  validation {
    condition     = floor(var.outbound_maximum_concurrency) == var.outbound_maximum_concurrency && var.outbound_maximum_concurrency >= 2 && var.outbound_maximum_concurrency <= 1000
    error_message = "AWS takes whole numbers from 2 to 1000."
  }
}

variable "log_retention_days" {
  description = "How long logs are kept. They hold no bodies, secrets or personal data."
  type        = number
  default     = 30
}

variable "alarm_email" {
  description = "Who is told of alarms (AWS asks to confirm). Empty: subscribe to the topic in the outputs yourself."
  type        = string
  default     = ""
}

variable "runbook_url" {
  description = "Address of docs/runbook.md in your fork. Every alarm links its section."
  type        = string
  default     = "https://github.com/webhook-functions/template/blob/main/docs/runbook.md"
}

variable "deletion_protection" {
  description = "Refuse to delete the ledger and the records. To tear an environment down, apply with false first."
  type        = bool
  default     = true
}

variable "kms_key_arn" {
  description = <<-EOT
    Your own KMS key for queues, tables, secrets, logs, alarms and environment. Empty: keys that AWS owns. The key's policy
    must let logs.<region>.amazonaws.com and cloudwatch.amazonaws.com use it, and you create grants; the functions' roles
    get what they need here.
  EOT
  type        = string
  default     = ""

  validation {
    # Of other words than an ARN the provider says so itself; an alias would pass, and the roles' permissions not cover it.
    condition     = can(regex("^(arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+)?$", var.kms_key_arn))
    error_message = "Use the ARN of a key, not its id or an alias."
  }
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of the functions' roles, where your organisation asks for one."
  type        = string
  default     = ""
}
