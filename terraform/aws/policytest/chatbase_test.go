package policytest

func init() {
	inputs["LeadsForwardUrl"] = values{
		[]string{"", "https://leads.example.com/new?to=a@example.com", "https://leads.example.com?key=1"},
		[]string{"leads.example.com", "https://user:password@leads.example.com"},
	}
}
