package local

// ReceiveStatements are the statements that every receive runs.
var ReceiveStatements = map[string]string{"ready": readyQuery, "claim": claimQuery, "remove": removeQuery}
