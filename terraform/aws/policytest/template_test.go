package policytest

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/webhook-functions/template/shared/clouds/aws"
)

// templateSystem reads template.yaml as it would be deployed with the parameters.
func templateSystem(t *testing.T, parameters map[string]string) system {
	t.Helper()
	c := &template{t: t, parameters: parameters, body: transformed(t, parameters)}
	s := newSystem()
	resources := at(c.body, "Resources").(map[string]any)
	for id, resource := range resources {
		if condition := text(resource, "Condition"); condition != "" && !c.condition(condition) {
			continue
		}
		p := &properties{values: c.evaluate(at(resource, "Properties")), read: map[string]bool{}}
		p.dependsOn = texts(at(resource, "DependsOn"))
		addResource(t, &s, text(resource, "Type"), id, p, resources)
		p.allRead(t, id)
	}
	for id, output := range at(c.body, "Outputs").(map[string]any) {
		s.addOutput(snake(id), text(c.evaluate(at(output, "Value"))))
	}
	return s
}

// transformations remembers what SAM made of the template, by parameters.
var transformations = map[string]map[string]any{}

// transformed is the template after SAM.
func transformed(t *testing.T, parameters map[string]string) map[string]any {
	t.Helper()
	python := tool(t, ".tools/cfn/bin/python3", "make tools")
	if _, err := os.ReadFile(root + "template.yaml"); err != nil { // tells `go test` that the result depends on it
		t.Fatal(err)
	}
	arguments := []string{root + "tools/aws-transform.py", root + "template.yaml"}
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		arguments = append(arguments, name+"="+parameters[name])
	}
	if body, ok := transformations[fmt.Sprint(arguments)]; ok {
		return body
	}
	var body map[string]any
	if err := json.Unmarshal(output(t, exec.Command(python, arguments...)), &body); err != nil {
		t.Fatal(err)
	}
	transformations[fmt.Sprint(arguments)] = body
	return body
}

// properties of one resource. What nobody asked for is reported: it would be
// deployed without having been compared.
type properties struct {
	values    any
	read      map[string]bool
	dependsOn []string
}

func (p *properties) at(name string, path ...any) any {
	p.read[name] = true
	return at(at(p.values, name), path...)
}

func (p *properties) text(name string, path ...any) string { return text(p.at(name, path...)) }

func (p *properties) allRead(t *testing.T, id string) {
	t.Helper()
	values, _ := p.values.(map[string]any)
	for name := range values {
		if !p.read[name] {
			t.Errorf("template.yaml: nothing reads %s of %s, so nothing compares it", name, id)
		}
	}
}

func addResource(t *testing.T, s *system, kind, id string, p *properties, all map[string]any) {
	t.Helper()
	switch kind {
	case "AWS::SQS::Queue":
		name := short(p.text("QueueName"))
		s.Queues[name] = templateQueue(p, s.Queues[name].Policy)
	case "AWS::SQS::QueuePolicy":
		name := short(p.text("Queues", 0))
		q := s.Queues[name]
		q.Policy = statements(p.at("PolicyDocument"))
		s.Queues[name] = q
	case "AWS::DynamoDB::Table":
		s.Tables[short(p.text("TableName"))] = templateTable(p)
	case "AWS::SecretsManager::Secret":
		s.Secrets[short(p.text("Name"))] = secret{Description: p.text("Description"), KMSKey: p.text("KmsKeyId")}
	case "AWS::Lambda::Function":
		f := templateFunction(p)
		f.Code = built(t, id)
		leaveToSAM(t, id, f.Environment)
		s.Functions[short(p.text("FunctionName"))] = f
	case "AWS::Lambda::Url":
		s.URLs[short(p.text("TargetFunctionArn"))] = functionURL{Auth: p.text("AuthType"), Mode: p.text("InvokeMode")}
	case "AWS::Lambda::Permission":
		addPermission(t, s, p, all)
	case "AWS::Lambda::EventSourceMapping":
		s.Mappings[short(p.text("FunctionName"))] = mapping{
			Source:      p.text("EventSourceArn"),
			BatchSize:   p.text("BatchSize"),
			Responses:   joined(p.at("FunctionResponseTypes")),
			Concurrency: p.text("ScalingConfig", "MaximumConcurrency"),
		}
	case "AWS::IAM::Role":
		s.Roles[id] = templateRole(p)
	case "AWS::Logs::LogGroup":
		s.Logs[short(p.text("LogGroupName"))] = logGroup{Retention: p.text("RetentionInDays"), KMSKey: p.text("KmsKeyId")}
	case "AWS::Logs::MetricFilter":
		s.Filters[short(p.text("LogGroupName"))+" "+p.text("FilterName")] = filter{
			Pattern:    p.text("FilterPattern"),
			Namespace:  p.text("MetricTransformations", 0, "MetricNamespace"),
			Metric:     p.text("MetricTransformations", 0, "MetricName"),
			Value:      p.text("MetricTransformations", 0, "MetricValue"),
			Dimensions: named(p.at("MetricTransformations", 0, "Dimensions"), "Key", "Value"),
		}
	case "AWS::SNS::Topic":
		s.Topics[short(p.text("TopicName"))] = topic{KMSKey: p.text("KmsMasterKeyId")}
	case "AWS::SNS::Subscription":
		s.Subscriptions[short(p.text("TopicArn"))] = p.text("Protocol") + " " + p.text("Endpoint")
	case "AWS::CloudWatch::Alarm":
		s.Alarms[short(p.text("AlarmName"))] = templateAlarm(p)
	case "AWS::CloudWatch::Dashboard":
		s.Dashboards[p.text("DashboardName")] = decoded(t, p.text("DashboardBody"))
	default:
		t.Errorf("template.yaml: nothing compares resources of type %s (%s)", kind, id)
	}
}

func templateQueue(p *properties, policy []statement) queue {
	return queue{
		MaxSize:     p.text("MaximumMessageSize"),
		Retention:   p.text("MessageRetentionPeriod"),
		Visibility:  p.text("VisibilityTimeout"),
		RedriveTo:   p.text("RedrivePolicy", "deadLetterTargetArn"),
		MaxReceives: p.text("RedrivePolicy", "maxReceiveCount"),
		SQSKey:      p.text("SqsManagedSseEnabled"),
		KMSKey:      p.text("KmsMasterKeyId"),
		Policy:      policy,
	}
}

func templateTable(p *properties) table {
	keysOf := func(schema any) keys {
		byType := named(schema, "KeyType", "AttributeName")
		return keys{Hash: byType["HASH"], Range: byType["RANGE"]}
	}
	indexes := map[string]index{}
	list, _ := p.at("GlobalSecondaryIndexes").([]any)
	for _, i := range list {
		indexes[text(i, "IndexName")] = index{Keys: keysOf(at(i, "KeySchema")), Projection: text(i, "Projection", "ProjectionType")}
	}
	return table{
		Billing:     p.text("BillingMode"),
		PointInTime: p.text("PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled"),
		Protected:   p.text("DeletionProtectionEnabled"),
		TTL:         p.text("TimeToLiveSpecification", "AttributeName"),
		Attributes:  named(p.at("AttributeDefinitions"), "AttributeName", "AttributeType"),
		Keys:        keysOf(p.at("KeySchema")),
		Indexes:     indexes,
		KMSKey:      p.text("SSESpecification", "KMSMasterKeyId"),
	}
}

func templateFunction(p *properties) function {
	p.at("Code")
	p.at("Tags") // SAM's own
	return function{
		Description:  p.text("Description"),
		Role:         short(p.text("Role")),
		Runtime:      p.text("Runtime"),
		Handler:      p.text("Handler"),
		Architecture: joined(p.at("Architectures")),
		Memory:       p.text("MemorySize"),
		Timeout:      p.text("Timeout"),
		Ceiling:      p.text("ReservedConcurrentExecutions"),
		Environment:  pairs(p.at("Environment", "Variables")),
		KMSKey:       p.text("KmsKeyArn"),
		Log: logging{
			Group:            p.text("LoggingConfig", "LogGroup"),
			Format:           p.text("LoggingConfig", "LogFormat"),
			ApplicationLevel: p.text("LoggingConfig", "ApplicationLogLevel"),
			SystemLevel:      p.text("LoggingConfig", "SystemLogLevel"),
		},
	}
}

// leaveToSAM takes out the variable that only `sam local` fills: the module has
// none. In a stack it redirects nothing.
func leaveToSAM(t *testing.T, id string, environment map[string]string) {
	t.Helper()
	if value, declared := environment[aws.LocalEndpoint]; !declared || value != "" {
		t.Errorf("template.yaml: %s has %s %t as %q, want it declared and empty", id, aws.LocalEndpoint, declared, value)
	}
	delete(environment, aws.LocalEndpoint)
}

func addPermission(t *testing.T, s *system, p *properties, all map[string]any) {
	t.Helper()
	action := p.text("Action")
	if _, twice := s.Permissions[action]; twice {
		t.Errorf("%s is permitted twice", action)
	}
	var after []string
	for _, id := range p.dependsOn {
		after = append(after, text(all, id, "Properties", "Action"))
	}
	s.Permissions[action] = permission{
		After:      strings.Join(after, ","),
		Function:   short(p.text("FunctionName")),
		Principal:  p.text("Principal"),
		URLAuth:    p.text("FunctionUrlAuthType"),
		ThroughURL: p.text("InvokedViaFunctionUrl"),
	}
}

func templateRole(p *properties) role {
	policies := map[string][]statement{}
	list, _ := p.at("Policies").([]any)
	for _, policy := range list {
		policies[text(policy, "PolicyName")] = statements(at(policy, "PolicyDocument"))
	}
	return role{
		Boundary: p.text("PermissionsBoundary"),
		Trust:    statements(p.at("AssumeRolePolicyDocument")),
		Policies: policies,
	}
}

func templateAlarm(p *properties) alarm {
	a := alarm{
		Description: p.text("AlarmDescription"),
		Actions:     joined(p.at("AlarmActions")),
		Namespace:   p.text("Namespace"),
		Metric:      p.text("MetricName"),
		Statistic:   p.text("Statistic"),
		Dimensions:  named(p.at("Dimensions"), "Name", "Value"),
		Period:      p.text("Period"),
		Periods:     p.text("EvaluationPeriods"),
		Comparison:  p.text("ComparisonOperator"),
		Threshold:   p.text("Threshold"),
		MissingData: p.text("TreatMissingData"),
		Metrics:     map[string]measured{},
	}
	queries, _ := p.at("Metrics").([]any)
	for _, q := range queries {
		if expression := text(q, "Expression"); expression != "" {
			a.Expression = expression
			continue
		}
		a.Metrics[text(q, "Id")] = measured{
			Namespace:  text(q, "MetricStat", "Metric", "Namespace"),
			Metric:     text(q, "MetricStat", "Metric", "MetricName"),
			Dimensions: named(at(q, "MetricStat", "Metric", "Dimensions"), "Name", "Value"),
			Statistic:  text(q, "MetricStat", "Stat"),
			Period:     text(q, "MetricStat", "Period"),
		}
	}
	return a
}

// addOutput files an output under routes if it is a webhook address.
func (s *system) addOutput(name, value string) {
	if strings.HasPrefix(value, front) {
		s.Routes[strings.ReplaceAll(strings.TrimSuffix(name, "_url"), "_", "-")] = value
		return
	}
	s.Outputs[name] = value
}

// built is what the Makefile's target for a function builds: `sam build` calls
// it by the function's logical id.
func built(t *testing.T, id string) string {
	t.Helper()
	makefile, err := os.ReadFile(root + "mk/aws-build.mk")
	if err != nil {
		t.Fatal(err)
	}
	_, recipe, _ := strings.Cut(string(makefile), "\nbuild-"+id+":\n\t$(call lambda,aws-")
	folder, _, _ := strings.Cut(recipe, ",")
	return folder
}

// snake is how Terraform spells what CloudFormation calls WebhookSecretArn.
func snake(camel string) string {
	var b strings.Builder
	for i, r := range camel {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
