locals {
  platforms = ["other"]
}


variable "other" {
  type = object({
    name    = string
  })
}
