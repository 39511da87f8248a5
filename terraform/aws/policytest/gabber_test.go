package policytest

func init() {
	options := variants[1].parameters
	options["GabberLedger"], options["GabberCredit"], options["GabberApiUrl"] = "beside", "credit-1", "https://gabber.example.com"
	inputs["GabberApiUrl"] = values{
		[]string{"https://api.gabber.dev", "https://gabber.example.com:8443/v/1/"},
		[]string{"api.gabber.dev", "https://", "https://user@api.gabber.dev", "https://api gabber.dev"},
	}
	refusals = append(refusals,
		map[string]string{"GabberApiUrl": ""}, map[string]string{"GabberApiUrl": "http://api.gabber.dev"},
		map[string]string{"GabberLedger": "beside"}, map[string]string{"GabberLedger": "instead"})
}
