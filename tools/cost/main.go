// Command cost computes what a million usage events cost, from what an event
// makes the functions do and from list prices. Both are tables below: change
// them and run `make cost` again.
//
// What is published, read and written on Google Cloud is what `make bench-gcp`
// prints; AWS bills the same steps by its own rules. How long functions run and
// how long log lines are is assumed.
//
// The prices are the public lists of us-east-1 and us-central1 as we remembered
// them in November 2026, in US dollars, without free tiers, without tax. Check
// them before you quote the result.
package main

import (
	"fmt"
	"os"
	"text/tabwriter"
)

// item is one line of a bill.
type item struct {
	what  string
	count float64 // units per event
	price float64 // dollars per million units
	why   string
}

// Lambda bills by the millisecond; an event that is alone in its batch is the
// dear case. Memory is the template's default.
const (
	lambdaGB        = 0.25
	ingestMillis    = 10 // billed per delivery, warm, two network calls included
	workerMillis    = 20 // billed per batch of one
	outboundMillis  = 80 // the platform's API included
	gib             = 1 << 30
	arm64PerGBs     = 0.0000133334 * 1e6
	runVCPU         = 1.0
	runGiB          = 0.25
	runPerVCPUs     = 0.000024 * 1e6
	runPerGiBs      = 0.0000025 * 1e6
	gcpIngestMillis = 15
	gcpWorkerMillis = 25
)

var aws = []item{
	{"Lambda requests", 3, 0.20, "ingest, worker, outbound"},
	{"Lambda time", lambdaGB * (ingestMillis + workerMillis + outboundMillis) / 1000, arm64PerGBs, "GB-seconds, arm64"},
	{"SQS requests", 6, 0.40, "send, receive, delete, for the event and for its follow-up"},
	{"DynamoDB writes", 6, 0.625, "entry and account in one transaction: 2 × 2 units; the index of statements: 1; synced_seq: 1"},
	{"DynamoDB reads", 4, 0.125, "outbound: the account before, after and for the crossing, and its state; the worker none"},
	{"CloudWatch logs", 1e-6, 0.50 * 1e6, "GB; about a kilobyte of log lines, if INFO is on"},
}

var gcp = []item{
	{"Cloud Run requests", 3, 0.40, "ingest, worker, outbound"},
	{"Cloud Run CPU", runVCPU * (gcpIngestMillis + gcpWorkerMillis + outboundMillis) / 1000, runPerVCPUs, "vCPU-seconds, one request at a time"},
	{"Cloud Run memory", runGiB * (gcpIngestMillis + gcpWorkerMillis + outboundMillis) / 1000, runPerGiBs, "GiB-seconds"},
	{"Pub/Sub", 4 * 1.5e-9, 40 * 1e6 / 1.0995, "TB; two messages in and out, each about 1.5 kB"},
	{"Firestore writes", 3, 0.90, "entry, account, synced_seq"},
	{"Firestore reads", 4, 0.30, "outbound: the account before, after and for the crossing, and its state; the worker none"},
	{"Cloud Logging", 1e3 / gib, 0.50 * 1e6, "GiB; about a kilobyte of log lines, if INFO is on"},
	{"Cloud Logging, requests", 3e3 / gib, 0.50 * 1e6, "GiB; what Cloud Run itself writes about each request, about a kilobyte as well"},
}

func main() {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, cloud := range []struct {
		name  string
		items []item
	}{{"AWS", aws}, {"Google Cloud", gcp}} {
		total := 0.0
		fmt.Fprintf(out, "%s, a million usage events\tper event\t$ per million\t$\t\t\n", cloud.name)
		for _, i := range cloud.items {
			total += i.count * i.price
			fmt.Fprintf(out, "%s\t%.4g\t%.4g\t%.2f\t  %s\t\n", i.what, i.count, i.price, i.count*i.price, i.why)
		}
		fmt.Fprintf(out, "together\t\t\t%.2f\t\t\n\t\t\t\t\t\n", total)
	}
	out.Flush()
}
