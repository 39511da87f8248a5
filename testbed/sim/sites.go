package sim

import (
	"slices"
	"strings"
)

// ports is a row per kind of service.
var ports = []*port{sqs, dynamoDB, secretsManager, pubSub, fireStore, mounted, databaseFile, platformAPI}

func portNames() (names []string) {
	for _, p := range ports {
		names = append(names, p.name)
	}
	return names
}

// sites lists the places of the product that call a port. TestSim fails for a place that
// is not in the list, and after 50,000 histories for a fault that never happened at one.
var sites = slices.Concat(
	of("aws sender", []Fault{Before, Lost, Late}, "POST"),
	of("aws ingest", secretsManager.faults, "GetSecretValue"),
	of("aws ingest", sqs.faults, "SendMessage"),
	of("aws worker", []Fault{Throttle, Lost}, "delivery of a batch"),
	of("aws worker", dynamoDB.faults, "GetItem", "PutItem", "Query"),
	of("aws worker", with(dynamoDB, Conflict), "TransactWriteItems"),
	of("aws worker", sqs.faults, "SendMessage"),
	of("aws outbound", []Fault{Throttle, Lost}, "delivery of a batch"),
	of("aws outbound", secretsManager.faults, "GetSecretValue"),
	of("aws outbound", dynamoDB.faults, "GetItem", "PutItem", "Query"),
	of("aws outbound", with(dynamoDB, Conflict), "UpdateItem"),
	of("aws outbound", sqs.faults, "SendMessage"),
	of("aws outbound", platformAPI.faults, apiCalls...),
	of("aws operator", dynamoDB.faults, "GetItem"),
	of("aws operator", with(dynamoDB, Conflict), "TransactWriteItems"),
	of("aws operator", sqs.faults, "SendMessage"),

	of("gcp sender", []Fault{Before, Lost, Late}, "POST"),
	of("gcp ingest", mounted.faults, "read secret"),
	of("gcp ingest", pubSub.faults, "publish"),
	of("gcp worker", []Fault{Throttle, Lost}, "delivery of a batch"),
	of("gcp worker", fireStore.faults, "batchGet", "runQuery"),
	of("gcp worker", with(fireStore, Conflict), "commit"),
	of("gcp worker", pubSub.faults, "publish"),
	of("gcp outbound", []Fault{Throttle, Lost}, "delivery of a batch"),
	of("gcp outbound", mounted.faults, "read secret"),
	of("gcp outbound", fireStore.faults, "batchGet", "runQuery"),
	of("gcp outbound", with(fireStore, Conflict), "commit"),
	of("gcp outbound", pubSub.faults, "publish"),
	of("gcp outbound", platformAPI.faults, apiCalls...),
	of("gcp operator", fireStore.faults, "batchGet"),
	of("gcp operator", with(fireStore, Conflict), "commit"),
	of("gcp operator", pubSub.faults, "publish"),

	of("laptop sender", []Fault{Before, Lost, Late}, "POST"),
	of("laptop ingest", databaseFile.faults, "Publish"),
	of("laptop worker", []Fault{Throttle}, "delivery of a batch"),
	of("laptop worker", databaseFile.faults, "Account", "Finish", "Get", "List", "Post", "Publish", "Put"),
	of("laptop outbound", []Fault{Throttle}, "delivery of a batch"),
	of("laptop outbound", databaseFile.faults, "Account", "Finish", "Get", "List", "MarkPushed", "Publish", "Put"),
	of("laptop outbound", platformAPI.faults, apiCalls...),
	of("laptop operator", databaseFile.faults, "Account", "Post", "Publish"),
)

// apiCalls are those of the platforms' APIs.
var apiCalls = append([]string{limitCall}, seldomCalls...)

// limitCall puts a limit.
const limitCall = "PUT /v1/usage/token"

// seldomCalls are made in few histories.
var seldomCalls = []string{
	"POST /v1/realtime/…/end", "POST /v1/realtime/…/speak", "POST /v1/realtime/session/…/attach_human",
	"POST /v1/credit/…/ledger", "GET /v1/credit/…/ledger/latest", "POST /leads",
}

// isSeldom says whether a call site is reached in few histories: half of them have it
// fail more often than others.
func isSeldom(site string) bool {
	_, operation, _ := strings.Cut(site, ": ")
	return slices.Contains(seldomCalls, operation) || operation == "Query" || operation == "runQuery" || operation == "List" || strings.Contains(site, "operator")
}

// of gives a function's call sites of one kind of service.
func of(function string, faults []Fault, operations ...string) (all []site) {
	for _, operation := range operations {
		all = append(all, site{function + ": " + operation, faults})
	}
	return all
}

// with adds a fault to those of a port.
func with(p *port, more ...Fault) []Fault { return slices.Concat(p.faults, more) }
