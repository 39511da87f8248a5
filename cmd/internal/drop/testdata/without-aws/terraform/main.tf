locals {
  platforms = ["acme-co", "other"]
}

variable "acme_co_url" {
  type = string
}

variable "other" {
  type = object({
    acme_co = string
    name    = string
  })
}
