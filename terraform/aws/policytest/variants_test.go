package policytest

// variant is one way to configure the system. The plan of the same name in
// tests/system.tftest.hcl is configured alike.
type variant struct {
	name       string
	parameters map[string]string
	assertions []assertion
}

// key of the variant with options.
const key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

var variants = []variant{
	{"defaults", nil, asItComes},
	{"options", map[string]string{
		"Architecture":               "x86_64",
		"IngestReservedConcurrency":  "20",
		"WorkerMaximumConcurrency":   "2",
		"Tariff":                     "conversational_seconds=1,token_cnt=0.002",
		"IdlessWindow":               "forever",
		"AnonymousHumans":            "anonymous,guest",
		"AccountPerProject":          "true",
		"ExcludeSimulated":           "true",
		"OutboundMaximumConcurrency": "3",
		"GabberLedger":               "beside",
		"GabberCredit":               "credit-1",
		"SpeakResult":                "{tool} says {response}",
		"SpeakFailure":               "Sorry.",
		"LeadsForwardUrl":            "https://leads.example.com/new",
		"GabberApiUrl":               "https://gabber.example.com",
		"EndExhaustedSessions":       "true",
		"LogRetentionDays":           "365",
		"AlarmEmail":                 "oncall@example.com",
		"RunbookUrl":                 "https://example.com/runbook",
		"DeletionProtection":         "false",
		"KmsKeyArn":                  key,
		"PermissionsBoundaryArn":     "arn:aws:iam::111122223333:policy/boundary",
	}, withOptions},
}
