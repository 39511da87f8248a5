// Package gcp is Google Cloud: everything ingest, worker and outbound need of Cloud
// Run, Pub/Sub, Firestore and Secret Manager.
//
//	client, err := gcp.FromEnv(os.Getenv)
//	client.Topic(name)              a webhook.Publisher on Pub/Sub
//	client.Ledger(database)         a ledger.Store, LimitMarks and Lister on Firestore
//	client.Records(database)        a records.Store on Firestore
//	gcp.Mounted(file)               a secrets.Fetch of a mounted secret
//	gcp.Push(worker)                what a push subscription calls
//
// # Why not the client libraries
//
// The functions call four operations of two services. The [Client] speaks their
// documented JSON over HTTPS itself; what the client libraries would add is
// weighed in docs/decisions/0007-pubsub-client.md. A handler that calls another
// service can use the library for it.
//
// # What the environment says
//
// GOOGLE_CLOUD_PROJECT is the project, FIRESTORE_DATABASE the database of those
// functions that have one. Tokens come from the metadata server of Cloud Run
// (GCE_METADATA_HOST points somewhere else); [New] takes an operator's.
// PUBSUB_EMULATOR_HOST and FIRESTORE_EMULATOR_HOST, as host:port, turn to
// Google's emulators, as they do for every tool of Google's; then no token is
// asked for.
package gcp
