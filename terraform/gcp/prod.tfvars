# terraform apply -var-file=prod.tfvars, in a project or workspace of its own.
name                 = "webhooks-prod"
labels               = { environment = "prod" }
deletion_protection  = true
log_retention_days   = 90 # of everything in the project
ingest_min_instances = 1  # platforms count the wait for a first instance, too
