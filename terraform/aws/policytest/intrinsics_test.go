package policytest

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/webhook-functions/template/terraform/tftest"
)

// template is a transformed CloudFormation template with its parameters.
type template struct {
	t          *testing.T
	body       map[string]any
	parameters map[string]string
}

// noValue is what AWS::NoValue evaluates to: the property is not there.
type noValue struct{}

// evaluate resolves the intrinsic functions in v as CloudFormation would.
func (c *template) evaluate(v any) any {
	switch v := v.(type) {
	case []any:
		all := []any{}
		for _, item := range v {
			if item = c.evaluate(item); item != (noValue{}) {
				all = append(all, item)
			}
		}
		return all
	case map[string]any:
		if name, argument, ok := intrinsic(v); ok {
			return c.call(name, argument)
		}
		all := map[string]any{}
		for name, item := range v {
			if item = c.evaluate(item); item != (noValue{}) {
				all[name] = item
			}
		}
		return all
	}
	return v
}

func intrinsic(v map[string]any) (name string, argument any, ok bool) {
	if len(v) != 1 {
		return "", nil, false
	}
	for name, argument = range v {
	}
	return name, argument, name == "Ref" || strings.HasPrefix(name, "Fn::")
}

func (c *template) call(name string, argument any) any {
	switch name {
	case "Ref":
		return c.ref(tftest.Text(argument))
	case "Fn::GetAtt":
		if dotted, ok := argument.(string); ok {
			id, attribute, _ := strings.Cut(dotted, ".")
			return c.attribute(id, attribute)
		}
		return c.attribute(tftest.Text(argument, 0), tftest.Text(argument, 1))
	case "Fn::Sub":
		return c.substitute(tftest.Text(argument))
	case "Fn::If":
		if c.condition(tftest.Text(argument, 0)) {
			return c.evaluate(tftest.At(argument, 1))
		}
		return c.evaluate(tftest.At(argument, 2))
	case "Fn::FindInMap":
		row := tftest.Text(c.evaluate(tftest.At(argument, 1)))
		return tftest.At(c.body, "Mappings", tftest.Text(argument, 0), row, tftest.Text(argument, 2))
	case "Fn::Equals":
		return tftest.Text(c.evaluate(tftest.At(argument, 0))) == tftest.Text(c.evaluate(tftest.At(argument, 1)))
	case "Fn::Not":
		return c.evaluate(tftest.At(argument, 0)) != true
	}
	c.t.Fatalf("intrinsic function %s is not evaluated here yet", name)
	return nil
}

func (c *template) condition(name string) bool {
	return c.evaluate(tftest.At(c.body, "Conditions", name)) == true
}

var variable = regexp.MustCompile(`\$\{[^!}]+\}`)

func (c *template) substitute(s string) string {
	return variable.ReplaceAllStringFunc(s, func(v string) string {
		id, attribute, dotted := strings.Cut(v[2:len(v)-1], ".")
		if dotted {
			return tftest.Text(c.attribute(id, attribute))
		}
		return tftest.Text(c.ref(id))
	})
}

func (c *template) ref(id string) any {
	switch id {
	case "AWS::StackName":
		return stack
	case "AWS::Region":
		return region
	case "AWS::NoValue":
		return noValue{}
	}
	if value, ok := c.parameters[id]; ok {
		return value
	}
	if parameter, ok := tftest.At(c.body, "Parameters", id).(map[string]any); ok {
		return parameter["Default"]
	}
	return c.attribute(id, "Ref")
}

// attribute gives what AWS would: the same addresses as the mock of Terraform.
func (c *template) attribute(id, attribute string) any {
	kind := tftest.Text(c.body, "Resources", id, "Type")
	name := func(property string) string {
		return tftest.Text(c.evaluate(tftest.At(c.body, "Resources", id, "Properties", property)))
	}
	arn := func(service, resource string) string {
		return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, region, account, resource)
	}
	switch kind + " " + attribute {
	case "AWS::SQS::Queue Ref":
		return fmt.Sprintf("https://sqs.%s.amazonaws.com/%s/%s", region, account, name("QueueName"))
	case "AWS::SQS::Queue QueueName":
		return name("QueueName")
	case "AWS::SQS::Queue Arn":
		return arn("sqs", name("QueueName"))
	case "AWS::DynamoDB::Table Ref":
		return name("TableName")
	case "AWS::DynamoDB::Table Arn":
		return arn("dynamodb", "table/"+name("TableName"))
	case "AWS::SecretsManager::Secret Ref":
		return arn("secretsmanager", "secret:"+name("Name")+"-AbCdEf")
	case "AWS::Lambda::Function Ref":
		return name("FunctionName")
	case "AWS::Lambda::Url FunctionUrl":
		return "https://" + stack + ".lambda-url." + region + ".on.aws/"
	case "AWS::IAM::Role Arn":
		return "arn:aws:iam::" + account + ":role/" + id
	case "AWS::Logs::LogGroup Ref":
		return name("LogGroupName")
	case "AWS::Logs::LogGroup Arn":
		return arn("logs", "log-group:"+name("LogGroupName")+":*")
	case "AWS::SNS::Topic Ref":
		return arn("sns", name("TopicName"))
	}
	c.t.Fatalf("%s of %s (%s) is not known here yet", attribute, id, kind)
	return nil
}
