# terraform apply -var-file=prod.tfvars, in a workspace or with a backend of its own.
name                = "webhooks-prod"
tags                = { environment = "prod" }
deletion_protection = true
log_retention_days  = 90
