package policytest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/toolstest"
	"github.com/webhook-functions/template/terraform/tftest"
)

// actionsOf says which actions create, read, change, tag and delete a resource, by its
// types in the template and in the module; other rows are about commands. AWS' service
// authorization reference and the provider's and CloudFormation's documentation are the
// sources. TestDeployerReads compares with CloudFormation's registry and
// TestApplyAndDestroy with Terraform's calls; nothing here has asked IAM.
var actionsOf = map[string][]string{
	"AWS::Lambda::Function aws_lambda_function": actions("lambda", "CreateFunction GetFunction GetFunctionConfiguration GetFunctionCodeSigningConfig GetFunctionRecursionConfig"+
		" GetRuntimeManagementConfig ListVersionsByFunction UpdateFunctionCode"+
		" UpdateFunctionConfiguration PutFunctionConcurrency DeleteFunctionConcurrency DeleteFunction TagResource UntagResource ListTags", "iam", "PassRole"),
	"AWS::Lambda::EventSourceMapping aws_lambda_event_source_mapping": actions("lambda", "CreateEventSourceMapping GetEventSourceMapping ListEventSourceMappings UpdateEventSourceMapping"+
		" DeleteEventSourceMapping TagResource UntagResource ListTags"),
	"AWS::Lambda::Url aws_lambda_function_url": actions("lambda", "CreateFunctionUrlConfig GetFunctionUrlConfig UpdateFunctionUrlConfig DeleteFunctionUrlConfig"+
		" AddPermission RemovePermission GetPolicy"),
	"AWS::Lambda::Permission aws_cloudformation_stack": actions("lambda", "AddPermission RemovePermission GetPolicy"),
	"AWS::SQS::Queue aws_sqs_queue":                    actions("sqs", "CreateQueue GetQueueUrl GetQueueAttributes SetQueueAttributes DeleteQueue TagQueue UntagQueue ListQueueTags"),
	"AWS::SQS::QueuePolicy aws_sqs_queue_policy":       actions("sqs", "GetQueueAttributes SetQueueAttributes"),
	"AWS::DynamoDB::Table aws_dynamodb_table": actions("dynamodb", "CreateTable DescribeTable UpdateTable DeleteTable DescribeContinuousBackups UpdateContinuousBackups DescribeTimeToLive"+
		" DescribeContributorInsights DescribeKinesisStreamingDestination GetResourcePolicy TagResource UntagResource ListTagsOfResource"),
	"AWS::SecretsManager::Secret aws_secretsmanager_secret": actions("secretsmanager", "CreateSecret DescribeSecret UpdateSecret DeleteSecret GetResourcePolicy TagResource UntagResource"),
	"AWS::IAM::Role aws_iam_role": actions("iam", "CreateRole GetRole UpdateRole UpdateAssumeRolePolicy PutRolePermissionsBoundary DeleteRolePermissionsBoundary DeleteRole"+
		" ListRolePolicies ListAttachedRolePolicies ListInstanceProfilesForRole TagRole UntagRole ListRoleTags"),
	"AWS::IAM::Role aws_iam_role_policy": actions("iam", "PutRolePolicy GetRolePolicy DeleteRolePolicy"),
	"AWS::Logs::LogGroup aws_cloudwatch_log_group": actions("logs", "CreateLogGroup DescribeLogGroups PutRetentionPolicy DeleteRetentionPolicy DeleteLogGroup GetDataProtectionPolicy"+
		" DescribeIndexPolicies DescribeResourcePolicies AssociateKmsKey DisassociateKmsKey TagResource UntagResource ListTagsForResource"),
	"AWS::Logs::MetricFilter aws_cloudwatch_log_metric_filter": actions("logs", "PutMetricFilter DescribeMetricFilters DeleteMetricFilter"),
	"AWS::CloudWatch::Alarm aws_cloudwatch_metric_alarm":       actions("cloudwatch", "PutMetricAlarm DescribeAlarms DeleteAlarms TagResource UntagResource ListTagsForResource"),
	"AWS::CloudWatch::Dashboard aws_cloudwatch_dashboard":      actions("cloudwatch", "PutDashboard GetDashboard DeleteDashboards"),
	"AWS::SNS::Topic aws_sns_topic":                            actions("sns", "CreateTopic GetTopicAttributes SetTopicAttributes DeleteTopic GetDataProtectionPolicy TagResource UntagResource ListTagsForResource"),
	"AWS::SNS::Subscription aws_sns_topic_subscription":        actions("sns", "Subscribe GetSubscriptionAttributes SetSubscriptionAttributes Unsubscribe ListSubscriptionsByTopic"),
	"aws_cloudformation_stack":                                 actions("cloudformation", "CreateStack UpdateStack DeleteStack DescribeStacks DescribeStackEvents GetTemplate TagResource"),
	"sam deploy and sam delete": actions("cloudformation", "CreateChangeSet DescribeChangeSet ExecuteChangeSet DeleteChangeSet DescribeStackResources GetTemplateSummary",
		"s3", "CreateBucket GetBucketLocation ListBucket PutBucketPolicy GetBucketPolicy GetBucketAcl PutBucketVersioning PutBucketPublicAccessBlock"+
			" PutEncryptionConfiguration PutBucketTagging PutObject GetObject GetObjectVersion DeleteObject"),
	"the guide's commands for a secret": {"secretsmanager:PutSecretValue"},
}

// actions joins each service with its actions, which stand in one text.
func actions(of ...string) (all []string) {
	for i := 0; i < len(of); i += 2 {
		for _, action := range strings.Fields(of[i+1]) {
			all = append(all, of[i]+":"+action)
		}
	}
	return all
}

// spared are reads of CloudFormation's registry that belong to a property which
// nothing here has.
var spared = actions("dynamodb", "DescribeImport GetItem Query Scan", "ec2", "DescribeNetworkInterfaces DescribeSecurityGroups DescribeSubnets DescribeVpcs",
	"elasticfilesystem", "DescribeMountTargets", "iam", "GetRole", "kinesis", "DescribeStream", "kms", "DescribeKey ListAliases", "lambda", "GetCodeSigningConfig GetLayerVersion",
	"logs", "DescribeLogStreams", "s3", "GetBucketMetadataTableConfiguration GetObjectMetadata", "s3files", "ListMountTargets", "s3tables", "GetTable GetTableMetadataLocation",
	"secretsmanager", "GetRandomPassword GetSecretValue")

var read = regexp.MustCompile(`:(Describe|Get|List)`)

// CloudFormation looks at what it makes, changes and deletes, for all properties that a
// resource may have: its registry, of which cfn-lint brings a copy, names the actions.
// Those that write depend on properties and stand in actionsOf.
func TestDeployerReads(t *testing.T) {
	toolstest.Path(t, root+".tools/cfn/bin/cfn-lint")
	files, err := filepath.Glob(root + ".tools/cfn/lib/python3*/site-packages/cfnlint/data/schemas/resources/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("cfn-lint has no schemas (%v)", err)
	}
	wanted := map[string]bool{"AWS::S3::Bucket": true, "AWS::S3::BucketPolicy": true} // SAM's
	for _, resource := range at(transformed(t, nil), "Resources") {
		wanted[tftest.Text(resource, "Type")] = true
	}
	granted := grantedActions(t)
	for _, file := range files {
		written, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var schema struct {
			TypeName string
			Handlers map[string]struct{ Permissions []string }
		}
		if json.Unmarshal(written, &schema) != nil || !wanted[schema.TypeName] {
			continue
		}
		delete(wanted, schema.TypeName)
		for _, does := range []string{"create", "update", "delete"} {
			for _, action := range schema.Handlers[does].Permissions {
				if read.MatchString(action) && !granted[action] && !slices.Contains(spared, action) {
					t.Errorf("%s, %s: docs/aws-deployer.json does not grant %s", schema.TypeName, does, action)
				}
			}
		}
	}
	if len(wanted) > 0 {
		t.Errorf("cfn-lint does not know %v", wanted)
	}
}

// docs/aws-deployer.json grants what the resources of the template and of the
// module take, and nothing else; no statement reaches beyond the deployment by
// its resources, but where IAM knows none.
func TestDeployerActions(t *testing.T) {
	granted, kinds, needed := grantedActions(t), used(t), map[string]bool{}
	for row, actions := range actionsOf {
		for kind := range strings.FieldsSeq(row) {
			if _, isType := kinds[kind]; isType {
				kinds[kind] = true
			} else if strings.ContainsAny(kind, ":_") {
				t.Errorf("%s is used nowhere: take it out", kind)
			}
		}
		for _, action := range actions {
			needed[action] = true
			if !granted[action] {
				t.Errorf("%s takes %s, which docs/aws-deployer.json does not grant", row, action)
			}
		}
	}
	for kind, known := range kinds {
		if !known {
			t.Errorf("%s: which actions does it take? Add them here and to docs/aws-deployer.json", kind)
		}
	}
	for action := range granted {
		if !needed[action] {
			t.Errorf("docs/aws-deployer.json grants %s, which nothing takes", action)
		}
	}
}

// used are the types of resources in the template, after SAM, and in the module; none
// is known yet.
func used(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for kind := range tftest.Parse(t, module).Types() {
		all[kind] = false
	}
	for _, resource := range at(transformed(t, nil), "Resources") {
		all[tftest.Text(resource, "Type")] = false
	}
	return all
}

// anywhere are the statements for which IAM knows no resource of a deployment.
var anywhere = []string{"QueuesToFunctions", "Lists", "Templates"}

func grantedActions(t *testing.T) map[string]bool {
	t.Helper()
	var policy struct {
		Statement []struct {
			Sid, Effect      string
			Action, Resource any
		}
	}
	document, err := os.ReadFile(root + "docs/aws-deployer.json")
	if err == nil {
		err = json.Unmarshal(document, &policy)
	}
	if err != nil {
		t.Fatal(err)
	}
	if size := len(strings.Join(strings.Fields(string(document)), "")); size > 6144 {
		t.Errorf("the policy has %d characters without white space, IAM takes 6144", size)
	}
	all := map[string]bool{}
	for _, s := range policy.Statement {
		for _, resource := range tftest.Texts(s.Resource) {
			if s.Effect != "Allow" || resource == "*" != slices.Contains(anywhere, s.Sid) {
				t.Errorf("statement %s: %s %s", s.Sid, s.Effect, resource)
			}
		}
		for _, action := range tftest.Texts(s.Action) {
			all[action] = true
		}
	}
	return all
}
