// Package policytest reads the two descriptions of the AWS system, template.yaml
// and terraform/aws, into one model, compares them, and holds both to the same
// invariants.
//
// Neither needs AWS. The template goes through what `sam deploy` would do to it;
// the plan is what `terraform test` prints with AWS mocked. Both name the stack
// "demo" and give resources the same addresses, so that what differs in the model
// differs in the system.
package policytest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/webhook-functions/template/terraform/tftest"
)

// The account and region both descriptions are read for.
const (
	stack   = "demo"
	region  = "eu-west-1"
	account = "111122223333"

	root   = "../../../"
	module = "../"
)

// system is what gets deployed: by kind and name the fields of each resource.
// Names come without the stack's prefix; numbers and booleans are text.
type system map[string]map[string]fields

type fields map[string]any

// kind of a resource: its type and what names it, in the template and in the module,
// and its fields under their names here, there and there. In a path * stands for
// every element of a list.
type kind struct {
	name                   string
	template, templateID   string
	terraform, terraformID string
	fields                 string
}

var kinds = []kind{
	{"queue", "AWS::SQS::Queue", "QueueName", "aws_sqs_queue", "name", `
		size       MaximumMessageSize                 max_message_size
		retention  MessageRetentionPeriod             message_retention_seconds
		visibility VisibilityTimeout                  visibility_timeout_seconds
		redrive    RedrivePolicy.deadLetterTargetArn  redrive_policy.deadLetterTargetArn
		receives   RedrivePolicy.maxReceiveCount      redrive_policy.maxReceiveCount
		sse        SqsManagedSseEnabled               sqs_managed_sse_enabled
		key        KmsMasterKeyId                     kms_master_key_id`},
	{"queue policy", "AWS::SQS::QueuePolicy", "Queues.0", "aws_sqs_queue_policy", "queue_url", `
		document PolicyDocument.Statement policy.Statement`},
	{"table", "AWS::DynamoDB::Table", "TableName", "aws_dynamodb_table", "name", `
		billing    BillingMode                                                 billing_mode
		restorable PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled point_in_time_recovery.0.enabled
		protected  DeletionProtectionEnabled                                   deletion_protection_enabled
		ttl        TimeToLiveSpecification.AttributeName                       ttl.0.attribute_name
		attributes AttributeDefinitions.*.AttributeName                        attribute.*.name
		types      AttributeDefinitions.*.AttributeType                        attribute.*.type
		hash       KeySchema.0.AttributeName                                   hash_key
		range      KeySchema.1.AttributeName                                   range_key
		indexes    GlobalSecondaryIndexes.*.IndexName                          global_secondary_index.*.name
		index_hash GlobalSecondaryIndexes.*.KeySchema.0.AttributeName          global_secondary_index.*.hash_key
		index_sort GlobalSecondaryIndexes.*.KeySchema.1.AttributeName          global_secondary_index.*.range_key
		projection GlobalSecondaryIndexes.*.Projection.ProjectionType          global_secondary_index.*.projection_type
		key        SSESpecification.KMSMasterKeyId                             server_side_encryption.0.kms_key_arn`},
	{"secret", "AWS::SecretsManager::Secret", "Name", "aws_secretsmanager_secret", "name", `
		description Description description
		key         KmsKeyId    kms_key_id`},
	{"function", "AWS::Lambda::Function", "FunctionName", "aws_lambda_function", "function_name", `
		description  Description                      description
		role         Role                             role
		runtime      Runtime                          runtime
		handler      Handler                          handler
		architecture Architectures                    architectures
		memory       MemorySize                       memory_size
		timeout      Timeout                          timeout
		ceiling      ReservedConcurrentExecutions     reserved_concurrent_executions
		env          Environment.Variables            environment.0.variables
		key          KmsKeyArn                        kms_key_arn
		log          LoggingConfig.LogGroup           logging_config.0.log_group
		format       LoggingConfig.LogFormat          logging_config.0.log_format
		level        LoggingConfig.ApplicationLogLevel logging_config.0.application_log_level
		system       LoggingConfig.SystemLogLevel     logging_config.0.system_log_level`},
	{"url", "AWS::Lambda::Url", "TargetFunctionArn", "aws_lambda_function_url", "function_name", `
		auth AuthType   authorization_type
		mode InvokeMode invoke_mode`},
	{"mapping", "AWS::Lambda::EventSourceMapping", "FunctionName", "aws_lambda_event_source_mapping", "function_name", `
		source      EventSourceArn                   event_source_arn
		batch       BatchSize                        batch_size
		responses   FunctionResponseTypes            function_response_types
		concurrency ScalingConfig.MaximumConcurrency scaling_config.0.maximum_concurrency`},
	{"role", "AWS::IAM::Role", "", "aws_iam_role", "arn", `
		boundary PermissionsBoundary                permissions_boundary
		trust    AssumeRolePolicyDocument.Statement assume_role_policy.Statement`},
	{"role policy", "a policy of a role", "Role", "aws_iam_role_policy", "role", `
		name     PolicyName               name
		document PolicyDocument.Statement policy.Statement`},
	{"log", "AWS::Logs::LogGroup", "LogGroupName", "aws_cloudwatch_log_group", "name", `
		retention RetentionInDays retention_in_days
		key       KmsKeyId        kms_key_id`},
	{"filter", "AWS::Logs::MetricFilter", "LogGroupName FilterName", "aws_cloudwatch_log_metric_filter", "log_group_name name", `
		pattern    FilterPattern                           pattern
		namespace  MetricTransformations.0.MetricNamespace metric_transformation.0.namespace
		metric     MetricTransformations.0.MetricName      metric_transformation.0.name
		value      MetricTransformations.0.MetricValue     metric_transformation.0.value
		dimensions MetricTransformations.0.Dimensions      metric_transformation.0.dimensions`},
	{"topic", "AWS::SNS::Topic", "TopicName", "aws_sns_topic", "name", `
		key KmsMasterKeyId kms_master_key_id`},
	{"subscription", "AWS::SNS::Subscription", "TopicArn", "aws_sns_topic_subscription", "topic_arn", `
		protocol Protocol protocol
		endpoint Endpoint endpoint`},
	{"alarm", "AWS::CloudWatch::Alarm", "AlarmName", "aws_cloudwatch_metric_alarm", "alarm_name", `
		description AlarmDescription   alarm_description
		actions     AlarmActions       alarm_actions
		namespace   Namespace          namespace
		metric      MetricName         metric_name
		statistic   Statistic          statistic
		dimensions  Dimensions         dimensions
		period      Period             period
		periods     EvaluationPeriods  evaluation_periods
		comparison  ComparisonOperator comparison_operator
		threshold   Threshold          threshold
		missing     TreatMissingData   treat_missing_data
		ids         Metrics.*.Id                           metric_query.*.id
		expressions Metrics.*.Expression                   metric_query.*.expression
		namespaces  Metrics.*.MetricStat.Metric.Namespace  metric_query.*.metric.0.namespace
		metrics     Metrics.*.MetricStat.Metric.MetricName metric_query.*.metric.0.metric_name
		of          Metrics.*.MetricStat.Metric.Dimensions metric_query.*.metric.0.dimensions
		statistics  Metrics.*.MetricStat.Stat              metric_query.*.metric.0.stat
		spans       Metrics.*.MetricStat.Period            metric_query.*.metric.0.period`},
	{"dashboard", "AWS::CloudWatch::Dashboard", "DashboardName", "aws_cloudwatch_dashboard", "dashboard_name", `
		widgets DashboardBody.widgets dashboard_body.widgets`},
	{"permission", "AWS::Lambda::Permission", "Action", "", "", `
		function  FunctionName          -
		principal Principal             -
		auth      FunctionUrlAuthType   -
		through   InvokedViaFunctionUrl -`},
}

// names gives those of a kind's resources, sorted.
func (s system) names(kind string) string {
	return strings.Join(slices.Sorted(maps.Keys(s[kind])), ",")
}

// text of a field; of one that is an ARN, an address or a name, the short one.
func (s system) text(kind, name, field string) string { return tftest.Text(s[kind][name][field]) }

func (s system) number(kind, name, field string) float64 {
	return tftest.Number(s.text(kind, name, field))
}

func (s system) env(function string) map[string]any {
	m, _ := s["function"][function]["env"].(map[string]any)
	return m
}

func (s system) add(kind, name string, f fields) {
	if s[kind] == nil {
		s[kind] = map[string]fields{}
	}
	s[kind][name] = f
}

// read takes the fields of a resource from its description: which is 1 in the
// template and 2 in the module.
func (k kind) read(s system, description any, which int) {
	f := fields{}
	for row := range strings.Lines(strings.TrimSpace(k.fields)) {
		names := strings.Fields(row)
		f[names[0]] = plain(walk(description, strings.Split(names[which], ".")))
	}
	var ids []string
	for id := range strings.FieldsSeq([]string{1: k.templateID, 2: k.terraformID}[which]) {
		ids = append(ids, short(tftest.Text(walk(description, strings.Split(id, ".")))))
	}
	if f["key"] != "" { // the provider decides for itself
		delete(f, "sse")
	}
	if f["ceiling"] == "-1" { // how the provider says none
		f["ceiling"] = ""
	}
	if policies := k.name == "role policy"; policies {
		ids = append(ids, tftest.Text(f["name"]))
	}
	s.add(k.name, strings.Join(ids, " "), f)
}

// walk follows a path.
func walk(v any, path []string) any {
	for i, step := range path {
		if step == "*" {
			all := []any{}
			list := slices.SortedFunc(slices.Values(tftest.List(v)), func(a, b any) int { return cmp.Compare(identity(a), identity(b)) })
			for _, element := range list {
				all = append(all, walk(element, path[i+1:]))
			}
			return all
		}
		if n, err := strconv.Atoi(step); err == nil {
			v = tftest.At(v, n)
		} else {
			v = tftest.At(v, step)
		}
	}
	return v
}

// identity of an element of a list, the order of which has no meaning.
func identity(v any) string {
	return cmp.Or(tftest.Text(v, "Id"), tftest.Text(v, "id"), tftest.Text(v, "AttributeName"), tftest.Text(v, "IndexName"), tftest.Text(v, "name"))
}

// plain writes values the same way, no matter which description they come from.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		all := map[string]any{}
		for name, element := range v {
			all[name] = plain(element)
		}
		return all
	case []any:
		if pairs := pairs(v); pairs != nil {
			return pairs
		}
		all := []any{}
		for _, element := range v {
			all = append(all, plain(element))
		}
		if len(all) == 1 {
			if one, ok := all[0].(string); ok { // as IAM has it
				return one
			}
		}
		return all
	}
	return tftest.Text(v)
}

// pairs makes an object of what CloudFormation writes as a list of pairs.
func pairs(list []any) map[string]any {
	all := map[string]any{}
	for _, element := range list {
		name := cmp.Or(tftest.Text(element, "Name"), tftest.Text(element, "Key"))
		if m, ok := element.(map[string]any); !ok || len(m) != 2 || name == "" || m["Value"] == nil {
			return nil
		}
		all[name] = tftest.Text(element, "Value")
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// short takes the stack's name off a name, and everything before a name off an ARN
// or a path: "arn:aws:sqs:...:demo-events" is "events".
func short(name string) string {
	name = name[strings.LastIndexAny(name, ":/")+1:]
	return strings.TrimSuffix(strings.TrimPrefix(name, stack+"-"), "-AbCdEf")
}

// flat gives every value of a system by its path, what is empty left out.
func (s system) flat() map[string]string {
	var tree any
	encoded, _ := json.Marshal(s)
	_ = json.Unmarshal(encoded, &tree)
	values := map[string]string{}
	var flatten func(path string, v any)
	flatten = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, element := range v {
				flatten(path+"/"+name, element)
			}
		case []any:
			for i, element := range v {
				flatten(fmt.Sprint(path, "/", i), element)
			}
		default:
			if text := tftest.Text(v); text != "" {
				values[path] = text
			}
		}
	}
	flatten("", tree)
	return values
}
