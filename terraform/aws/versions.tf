terraform {
  required_version = ">= 1.11" # tests/ overrides resources while planning

  required_providers {
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
