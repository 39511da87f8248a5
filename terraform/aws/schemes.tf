# How platforms sign, where shared/providers does not have it right. What is refused here would be deployed, and answered
# 503 with the code CFG.

variable "schemes" {
  description = <<-EOT
    Signature schemes by platform, each the whole scheme in one text:
    { acme = "signed={timestamp}.{body}; header=X-Sig; list=','; field=v1; time=field:t s 300" }. docs/schemes.md has the items.
  EOT
  type        = map(string)
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.schemes), local.platforms)) == 0
    error_message = "Schemes are for these platforms: ${join(", ", local.platforms)}."
  }

  validation {
    # Quotes stand around a whole value or nowhere. [!#-&(-:<-~] is printable ASCII but the blank, quotes and the semicolon.
    condition = alltrue([for text in values(var.schemes) : can(regex(format("^\\s*(%[1]s)\\s*(;\\s*(%[1]s)\\s*)*;?\\s*$", join("|", [
      "header\\s*=\\s*[A-Za-z0-9!#$%&*+.^_|~-]+",
      "(list|assign)\\s*=\\s*(\"[ !#-~]\"|'[ -&(-~]'|[!#-&(-:<-~])",
      "(prefix|field|signed)\\s*=\\s*(\"[ !#-~]+\"|'[ -&(-~]+'|[!#-&(-:<-~]([ !#-&(-:<-~]*[!#-&(-:<-~])?)",
      "from\\s*=\\s*(body|(json|form|query):[!#-&(-:<-~]+)",
      "algorithm\\s*=\\s*(sha256|sha1|sha512|md5|hash-sha256|sorted-sha1|ed25519|ecdsa-sha256|rsa-sha256|jwt-hs(256|384|512)|static)",
      "encoding\\s*=\\s*(hex|base64)",
      "time\\s*=\\s*(header|field|query|json):[!#-&(-:<-~]+\\s+(s|ms|rfc3339)(\\s+[1-9][0-9]{0,5})?(\\s+past)?",
      "key\\s*=\\s*(text|base64|base64-lenient|hex|whsec|whpk|spki)",
      "id\\s*=\\s*(header|field|claim):[!#-&(-:<-~]+",
      "url\\s*=\\s*https?://[^\\s;\"'?#@]+",
      "(bodyhash|urlhash)\\s*=\\s*(claim|query):[!#-&(-:<-~]+\\s+(hex|base64)",
      "(leeway|maxage)\\s*=\\s*[0-9]{1,9}",
      "demand\\s*=\\s*exp",
      "covers\\s*=\\s*(part|nothing)",
    ])), text))])
    error_message = "A scheme is name=value; name=value. A name or a value is unknown here, or quotes do not stand around the whole value."
  }

  validation {
    condition = alltrue([for names in [for text in values(var.schemes) : flatten(regexall("(?:^|;)\\s*([a-z]+)\\s*=", replace(text, "/\"[^\"]*\"|'[^']*'/", "")))] :
      length(names) == length(distinct(names))
    ])
    error_message = "A name is in a scheme twice."
  }

  validation {
    condition = alltrue([for source in flatten([for text in values(var.schemes) : regexall("\\{[^}]*\\}?", text)]) : can(regex(join("", [
      "^\\{(body|body-md5|body-sha256|body-sha256-raw|method|url|url-noquery|path|query|params|params-amp|plivo|timestamp|id|lf",
      "|(header|field|query|json):[^\\s}]+)\\}$",
    ]), source))])
    error_message = "The template signed= names an unknown source."
  }

  validation {
    # A signed body covers its members, a token its claims.
    condition = alltrue(flatten([for text in values(var.schemes) : [for item in regexall("(?:^|;)\\s*(time|id)\\s*=\\s*([^\\s;]+)", text) : anytrue([
      strcontains(text, { time = "{timestamp}", id = "{id}" }[item[0]]),
      strcontains(lower(text), lower("{${item[1]}}")),
      can(regex("^(json|claim):", item[1])),
    ])]]))
    error_message = "The source of time= or id= must be signed: put it into signed=, or {timestamp} or {id} for it."
  }

  validation {
    condition = alltrue([for text in values(var.schemes) : alltrue([
      can(regex("(^|;)\\s*list\\s*=", text)) || !can(regex("(^|;)\\s*(field|assign)\\s*=", text)),
      can(regex("(^|;)\\s*field\\s*=", text)) || !can(regex("[{=]\\s*field:", text)),
    ])])
    error_message = "field= and assign= need list=, and a source field:NAME needs field=, the name of the signatures."
  }

  validation {
    # Tokens and static secrets have no template; a plain hash covers the body in part only.
    condition = alltrue([for text in values(var.schemes) : anytrue([
      can(regex("(^|;)\\s*(covers|bodyhash)\\s*=|(^|;)\\s*from\\s*=\\s*body", text)),
      alltrue([
        can(regex("\\{(body|params|plivo)[a-z0-9-]*\\}", text)) || !can(regex("(^|;)\\s*signed\\s*=", text)),
        !can(regex("(^|;)\\s*algorithm\\s*=\\s*(static|jwt|hash|sorted)", text)),
      ]),
    ])])
    error_message = "The signature does not cover the body: sign {body}, or say that this is meant with covers=part or covers=nothing."
  }

  validation {
    condition     = alltrue([for text in values(var.schemes) : can(regex("(^|;)\\s*url\\s*=", text)) || !can(regex("\\{(url|url-noquery|path|plivo)\\}|(^|;)\\s*urlhash\\s*=", text))])
    error_message = "Set url= to the public address of the platform's route: the signature covers it."
  }

  validation {
    condition = alltrue([for text in values(var.schemes) : can(regex("(^|;)\\s*algorithm\\s*=\\s*(ed25519|ecdsa|rsa)", text)) ?
      can(regex("(^|;)\\s*key\\s*=\\s*(base64|hex|whpk|spki)\\s*(;|$)", text)) : !can(regex("(^|;)\\s*key\\s*=\\s*(whpk|spki)", text))
    ])
    error_message = "A public key needs key=, its form: base64, hex, whpk or spki. The latter two are for public keys only."
  }

  validation {
    condition     = alltrue([for text in values(var.schemes) : !can(regex("(^|;)\\s*algorithm\\s*=\\s*(static|jwt)", text)) || !can(regex("(^|;)\\s*(signed|time|list)\\s*=", text))])
    error_message = "A static secret and a token have neither signed= nor time= nor list=."
  }
}

locals {
  # What ingest reads: the item platform=NAME begins a platform's scheme.
  signature_schemes = join("; ", [for platform, text in var.schemes : "platform=${platform}; ${text}"])
}
