# terraform apply -var-file=dev.tfvars, in a project or workspace of its own.
name                = "webhooks-dev"
labels              = { environment = "dev" }
deletion_protection = false
