// Package aws is Amazon Web Services: everything the functions need of Lambda,
// SQS, DynamoDB and Secrets Manager.
//
//	client, err := aws.FromEnv(os.Getenv)
//	client.Queue(url)          a webhook.Publisher on SQS
//	client.Secret(arn)         a secrets.Fetch of Secrets Manager
//	client.Ledger(table)       a ledger.Store, LimitMarks and Lister on DynamoDB
//	client.Records(table)      a records.Store on DynamoDB
//	aws.FunctionURL(ingest)    what to start when a Function URL calls
//	aws.SQSBatch(worker)       what to start when a queue calls
//
// # Why not the SDK's service clients
//
// The functions call a handful of operations of three services, all of which
// speak JSON over POST. The [Client] speaks it itself and leaves the signing to
// the SDK's own signer. With the generated clients zips are larger by a fifth, a
// process holds more, and every cold start sets up their middleware while a
// webhook's sender waits; docs/decisions/0006-aws-requests.md has the figures.
// A handler that calls another service can use the SDK's client for it.
//
// # What the environment says
//
// AWS_REGION and the credentials come from Lambda; [New] takes an operator's. AWS_ENDPOINT_URL and
// AWS_ENDPOINT_URL_SQS, _DYNAMODB and _SECRETS_MANAGER point somewhere else, as
// they do for every AWS tool: a local server, a VPC or FIPS endpoint. Under `sam
// local` [LocalEndpoint] stands before them.
package aws
