package main

// The prices are the public lists of us-east-1 and us-central1 as we remembered
// them in November 2026, in US dollars, without free tiers, without tax. Check
// them before you quote the result.

const (
	million = 1e6
	month   = 365 * 86400 / 12.0 // seconds
	gb      = 1e9
	gib     = 1 << 30

	// A usage event makes one request to each function. It is alone in its batch,
	// which is the dear case; warm, network calls included, outbound the platform's
	// API as well.
	ingestMillis, workerMillis, outboundMillis = 10, 20, 80

	logged = 1e3 // bytes of our own lines about an event, if INFO is on
)

func aws(there counts) []section {
	lambdaGB, arm64 := 0.25, 0.0000133334 // memory is the template's default
	return []section{
		{"AWS: a million usage events", []item{
			{"Lambda requests", 3 * million, 0.20 / million, "ingest, worker, outbound"},
			{"Lambda time", million * lambdaGB * seconds(1, ingestMillis, workerMillis, outboundMillis), arm64, "GB-seconds, arm64; rounded up to a millisecond"},
			{"SQS requests", 6 * million, 0.40 / million, "send, receive, delete, for the event and for its follow-up"},
			{"DynamoDB writes", 6 * million, 0.625 / million, "entry and account in one transaction: 2 × 2 units; the index of statements: 1; synced_seq: 1"},
			{"DynamoDB reads", 4 * million, 0.125 / million, "outbound: the account before, after and for the crossing, and its state; the worker none"},
			{"CloudWatch logs", million * logged / gb, 0.50, "GB"},
		}},
		{"AWS: a month in which nothing happens", []item{
			{"Secrets", 2, 0.40, "webhook and outbound"},
			{"CloudWatch alarms", float64(there.awsAlarmMetrics), 0.10, "per metric that an alarm looks at"},
			{"CloudWatch dashboard", float64(there.awsDashboards), 3, ""},
			{"SQS polls", 2 * pollers * month / pollSeconds, 0.40 / million, "Lambda's own, of two queues: five wait 20 s each"},
		}},
		{"AWS: a month in which every code and platform occurs, beside that", []item{
			{"CloudWatch metrics", float64(there.awsLogMetrics), 0.30, "made of log lines, one per code, and two per platform; by the hour in which they occur"},
		}},
		{"AWS: a month of keeping a million usage events, for ever", []item{
			{"DynamoDB storage", million * dynamoEntry() / gb, 0.25, "GB; the entry, and its copy in the index of statements"},
			{"DynamoDB, any second of 35 days", million * dynamoEntry() / gb, 0.20, "GB; point-in-time recovery"},
		}},
	}
}

// Five pollers per queue at the least, which ask for 20 s each.
const pollers, pollSeconds = 5, 20

func gcp(there counts) []section {
	const vCPU, memory = 1.0, 0.25 // GiB
	requests := seconds(100, ingestMillis, workerMillis, outboundMillis)
	return []section{
		{"Google Cloud: a million usage events", []item{
			{"Cloud Run requests", 3 * million, 0.40 / million, "ingest, worker, outbound"},
			{"Cloud Run CPU", million * vCPU * requests, 0.000024, "vCPU-seconds, one request at a time; each is rounded up to 100 ms"},
			{"Cloud Run memory", million * memory * requests, 0.0000025, "GiB-seconds, likewise"},
			{"Pub/Sub", million * 4 * 1.5e3 / (1 << 40), 40, "TiB; two messages in and out, each about 1.5 kB"},
			{"Firestore writes", 3 * million, 0.90 / million, "entry, account, synced_seq"},
			{"Firestore reads", 4 * million, 0.30 / million, "outbound: the account before, after and for the crossing, and its state; the worker none"},
			{"Cloud Logging", million * logged / gib, 0.50, "GiB"},
			{"Cloud Logging, requests", million * 3 * 1e3 / gib, 0.50, "GiB; what Cloud Run itself writes about each request, about a kilobyte as well"},
		}},
		{"Google Cloud: a month in which nothing happens", []item{
			{"Secret versions", 2, 0.06, "webhook and outbound, one version each in one place"},
			{"Alerts", float64(there.gcpAlerts), 0.10, "per condition; Google has put the first bill off more than once"},
			{"Images", 0.3, 0.10, "GB in Artifact Registry; a deployment adds to it until old ones are deleted"},
		}},
		{"Google Cloud: a month that is busy every minute, beside that", []item{
			{"Metrics", 10 * month / 60 * 8 / (1 << 20), 0.258, "MiB; made of log lines, ten series of a number a minute"},
		}},
		{"Google Cloud: a month of prod's warm instance of ingest, beside that", []item{
			{"CPU", vCPU * month, 0.0000025, "vCPU-seconds of one instance of ingest that waits (ingest_min_instances = 1)"},
			{"memory", memory * month, 0.0000025, "GiB-seconds"},
		}},
		{"Google Cloud: a month of keeping a million usage events, for ever", []item{
			{"Firestore storage", million * firestoreEntry(there) / gib, 0.15, "GiB; the entry and its index entries"},
			{"Firestore, any minute of 7 days", million * firestoreEntry(there) / gib, 0.15, "GiB; point-in-time recovery"},
		}},
	}
}
