# terraform apply -var-file=dev.tfvars, in a workspace or with a backend of its own.
name                = "webhooks-dev"
tags                = { environment = "dev" }
deletion_protection = false
log_retention_days  = 7
