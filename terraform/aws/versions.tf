terraform {
  required_version = ">= 1.11" # tests/ overrides resources while planning

  required_providers {
    # The tests apply 5.100.0, the last 5; messages over 256 KiB need 6. What 6 has written into a state 5 may not read, so the
    # range holds both, and the lock file of a deployment says which it is: see docs/deploy-aws.md.
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

# Region and credentials come from the environment, like those of the AWS command line.
provider "aws" {
  default_tags {
    tags = merge({ application = var.name }, var.tags)
  }
}
