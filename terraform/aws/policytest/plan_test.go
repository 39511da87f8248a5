package policytest

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// planSystem reads the plan that a run of tests/system.tftest.hcl made.
func planSystem(t *testing.T, run string) system {
	t.Helper()
	plan, ok := plans(t)[run]
	if !ok {
		t.Fatalf("terraform test made no plan for run %q", run)
	}
	s := newSystem()
	for _, change := range plan.ResourceChanges {
		addPlanned(t, &s, change.Type, change.Change.After)
	}
	for name, change := range plan.OutputChanges {
		if name == "urls" {
			s.Routes = pairs(change.After)
			continue
		}
		s.Outputs[name] = text(change.After)
	}
	return s
}

// plan is the part of Terraform's machine-readable plan that we read.
type plan struct {
	ResourceChanges []struct {
		Type   string
		Change struct{ After any }
	} `json:"resource_changes"`
	OutputChanges map[string]struct{ After any } `json:"output_changes"`
}

var planned struct {
	once    sync.Once
	missing bool
	plans   map[string]plan
}

// plans runs `terraform test` once. Its failures are this test's failures.
func plans(t *testing.T) map[string]plan {
	t.Helper()
	planned.once.Do(func() {
		planned.missing = true // what stays true if the next line ends the test
		start := starter(t, copyOfModule(t))
		planned.missing = false
		planned.plans = parsePlans(t, output(t, start("test", "-json", "-verbose", "-var", "build_dir="+artefacts(t))))
	})
	if planned.missing {
		missing(t, "terraform with its provider", "see the first test that needed it")
	}
	return planned.plans
}

// parsePlans reads one JSON object per line. A plan carries the whole schema of
// the provider, 14 MB of it, so only the plans we want are decoded.
func parsePlans(t *testing.T, lines []byte) map[string]plan {
	t.Helper()
	all := map[string]plan{}
	for line := range bytes.Lines(lines) {
		if !bytes.Contains(line[:min(len(line), 400)], []byte(`"@testfile":"tests/system.tftest.hcl"`)) {
			continue
		}
		var entry struct {
			Run  string `json:"@testrun"`
			Type string
			Plan plan `json:"test_plan"`
		}
		if err := json.Unmarshal(line, &entry); err != nil {
			t.Fatal(err)
		}
		if entry.Type == "test_plan" {
			all[entry.Run] = entry.Plan
		}
	}
	return all
}

func addPlanned(t *testing.T, s *system, kind string, v any) {
	t.Helper()
	switch kind {
	case "aws_sqs_queue":
		name := short(text(v, "name"))
		s.Queues[name] = plannedQueue(t, v, s.Queues[name].Policy)
	case "aws_sqs_queue_policy":
		name := short(text(v, "queue_url"))
		q := s.Queues[name]
		q.Policy = statements(decoded(t, text(v, "policy")))
		s.Queues[name] = q
	case "aws_dynamodb_table":
		s.Tables[short(text(v, "name"))] = plannedTable(v)
	case "aws_secretsmanager_secret":
		s.Secrets[short(text(v, "name"))] = secret{Description: text(v, "description"), KMSKey: text(v, "kms_key_id")}
	case "aws_lambda_function":
		s.Functions[short(text(v, "function_name"))] = plannedFunction(v)
	case "aws_lambda_function_url":
		s.URLs[short(text(v, "function_name"))] = functionURL{Auth: text(v, "authorization_type"), Mode: text(v, "invoke_mode")}
	case "aws_cloudformation_stack":
		addStack(t, s, decoded(t, text(v, "template_body")))
	case "aws_lambda_event_source_mapping":
		s.Mappings[short(text(v, "function_name"))] = mapping{
			Source:      text(v, "event_source_arn"),
			BatchSize:   text(v, "batch_size"),
			Responses:   joined(at(v, "function_response_types")),
			Concurrency: text(v, "scaling_config", 0, "maximum_concurrency"),
		}
	case "aws_iam_role":
		r := s.role(short(text(v, "arn")))
		r.Boundary = text(v, "permissions_boundary")
		r.Trust = statements(decoded(t, text(v, "assume_role_policy")))
		s.Roles[short(text(v, "arn"))] = r
	case "aws_iam_role_policy":
		s.role(text(v, "role")).Policies[text(v, "name")] = statements(decoded(t, text(v, "policy")))
	case "aws_cloudwatch_log_group":
		s.Logs[short(text(v, "name"))] = logGroup{Retention: text(v, "retention_in_days"), KMSKey: text(v, "kms_key_id")}
	case "aws_cloudwatch_log_metric_filter":
		transformation := at(v, "metric_transformation", 0)
		s.Filters[short(text(v, "log_group_name"))+" "+text(v, "name")] = filter{
			Pattern:    text(v, "pattern"),
			Namespace:  text(transformation, "namespace"),
			Metric:     text(transformation, "name"),
			Value:      text(transformation, "value"),
			Dimensions: pairs(at(transformation, "dimensions")),
		}
	case "aws_sns_topic":
		s.Topics[short(text(v, "name"))] = topic{KMSKey: text(v, "kms_master_key_id")}
	case "aws_sns_topic_subscription":
		s.Subscriptions[short(text(v, "topic_arn"))] = text(v, "protocol") + " " + text(v, "endpoint")
	case "aws_cloudwatch_metric_alarm":
		s.Alarms[short(text(v, "alarm_name"))] = plannedAlarm(v)
	case "aws_cloudwatch_dashboard":
		s.Dashboards[text(v, "dashboard_name")] = decoded(t, text(v, "dashboard_body"))
	default:
		t.Errorf("terraform/aws: nothing compares resources of type %s", kind)
	}
}

// role gives the role of that name, new if need be: its policies are resources
// of their own and may come first.
func (s *system) role(name string) role {
	if _, ok := s.Roles[name]; !ok {
		s.Roles[name] = role{Policies: map[string][]statement{}}
	}
	return s.Roles[name]
}

// addStack reads the CloudFormation that says what the provider cannot.
func addStack(t *testing.T, s *system, body any) {
	t.Helper()
	resources := at(body, "Resources").(map[string]any)
	for id, resource := range resources {
		if kind := text(resource, "Type"); kind != "AWS::Lambda::Permission" {
			t.Errorf("terraform/aws: the CloudFormation stack makes a %s", kind)
			continue
		}
		p := &properties{values: at(resource, "Properties"), read: map[string]bool{}, dependsOn: texts(at(resource, "DependsOn"))}
		addPermission(t, s, p, resources)
		p.allRead(t, id)
	}
}

func plannedQueue(t *testing.T, v any, policy []statement) queue {
	t.Helper()
	q := queue{
		MaxSize:    text(v, "max_message_size"),
		Retention:  text(v, "message_retention_seconds"),
		Visibility: text(v, "visibility_timeout_seconds"),
		KMSKey:     text(v, "kms_master_key_id"),
		Policy:     policy,
	}
	if q.KMSKey == "" { // with a key of one's own the attribute is left to the provider
		q.SQSKey = text(v, "sqs_managed_sse_enabled")
	}
	if redrive := text(v, "redrive_policy"); strings.HasPrefix(redrive, "{") { // else mocked: not set
		q.RedriveTo = text(decoded(t, redrive), "deadLetterTargetArn")
		q.MaxReceives = text(decoded(t, redrive), "maxReceiveCount")
	}
	return q
}

func plannedTable(v any) table {
	indexes := map[string]index{}
	list, _ := at(v, "global_secondary_index").([]any)
	for _, i := range list {
		indexes[text(i, "name")] = index{
			Keys:       keys{Hash: text(i, "hash_key"), Range: text(i, "range_key")},
			Projection: text(i, "projection_type"),
		}
	}
	return table{
		Billing:     text(v, "billing_mode"),
		PointInTime: text(v, "point_in_time_recovery", 0, "enabled"),
		Protected:   text(v, "deletion_protection_enabled"),
		TTL:         text(v, "ttl", 0, "attribute_name"),
		Attributes:  named(at(v, "attribute"), "name", "type"),
		Keys:        keys{Hash: text(v, "hash_key"), Range: text(v, "range_key")},
		Indexes:     indexes,
		KMSKey:      text(v, "server_side_encryption", 0, "kms_key_arn"),
	}
}

func plannedFunction(v any) function {
	f := function{
		Description:  text(v, "description"),
		Role:         short(text(v, "role")),
		Code:         archived(v),
		Runtime:      text(v, "runtime"),
		Handler:      text(v, "handler"),
		Architecture: joined(at(v, "architectures")),
		Memory:       text(v, "memory_size"),
		Timeout:      text(v, "timeout"),
		Ceiling:      text(v, "reserved_concurrent_executions"),
		Environment:  pairs(at(v, "environment", 0, "variables")),
		KMSKey:       text(v, "kms_key_arn"),
		Log: logging{
			Group:            text(v, "logging_config", 0, "log_group"),
			Format:           text(v, "logging_config", 0, "log_format"),
			ApplicationLevel: text(v, "logging_config", 0, "application_log_level"),
			SystemLevel:      text(v, "logging_config", 0, "system_log_level"),
		},
	}
	if f.Ceiling == "-1" { // how the provider says none
		f.Ceiling = ""
	}
	return f
}

// archived is what the archive of a planned function holds, by its name: "" if
// the hash is another one's, since a new archive would then not be deployed.
func archived(v any) string {
	name := filepath.Base(text(v, "filename"))
	sum := sha256.Sum256([]byte(name)) // that of what artefacts puts in its place
	if text(v, "source_code_hash") != base64.StdEncoding.EncodeToString(sum[:]) {
		return ""
	}
	return strings.TrimSuffix(strings.TrimPrefix(name, "aws-"), ".zip")
}

func plannedAlarm(v any) alarm {
	a := alarm{
		Description: text(v, "alarm_description"),
		Actions:     joined(at(v, "alarm_actions")),
		Namespace:   text(v, "namespace"),
		Metric:      text(v, "metric_name"),
		Statistic:   text(v, "statistic"),
		Dimensions:  pairs(at(v, "dimensions")),
		Period:      text(v, "period"),
		Periods:     text(v, "evaluation_periods"),
		Comparison:  text(v, "comparison_operator"),
		Threshold:   text(v, "threshold"),
		MissingData: text(v, "treat_missing_data"),
		Metrics:     map[string]measured{},
	}
	queries, _ := at(v, "metric_query").([]any)
	for _, q := range queries {
		if expression := text(q, "expression"); expression != "" {
			a.Expression = expression
			continue
		}
		a.Metrics[text(q, "id")] = measured{
			Namespace:  text(q, "metric", 0, "namespace"),
			Metric:     text(q, "metric", 0, "metric_name"),
			Dimensions: pairs(at(q, "metric", 0, "dimensions")),
			Statistic:  text(q, "metric", 0, "stat"),
			Period:     text(q, "metric", 0, "period"),
		}
	}
	return a
}
