package webhook

// Alarm codes: the attribute "code" of a log line. Each cloud counts the lines by
// code; docs/runbook.md has a section for each. The values never change: alarms
// and dashboards of forks are made of them.
const (
	CodeAPI        = "API"   // a platform's API refuses a call until an operator acts
	CodeAmbiguous  = "AMB"   // usage without an id was suppressed as a retry
	CodeConfig     = "CFG"   // the configuration is missing or invalid
	CodeConflict   = "CON"   // an identity came again with another meaning
	CodeDeadLetter = "QUA"   // an event became a dead letter
	CodeDeprecated = "OLD"   // a payload has a deprecated member; no alarm
	CodeDrift      = "DRIFT" // a payload differs from its documentation
	CodeInternal   = "5XX"   // a fault of the program
	CodeLedger     = "INV"   // an account violates an invariant of the ledger
	CodeNegative   = "NEG"   // a balance fell below zero
	CodeQueue      = "ENQ"   // a queue did not take an event
	CodeRefused    = "REF"   // deliveries of a platform are refused
	CodeSecret     = "SEC"   // a secret cannot be read or used
	CodeSignature  = "SIG"   // a signature does not match
	CodeStale      = "STALE" // a signature is right, its time outside the tolerance
	CodeSuspense   = "SUS"   // usage of an unknown person
)
