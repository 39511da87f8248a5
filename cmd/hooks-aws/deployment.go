package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"github.com/webhook-functions/template/cmd/internal/outputs"
)

// deployment is what a flag names, else the environment.
type deployment struct {
	Stack   string `xor:"where" placeholder:"NAME" help:"The CloudFormation stack to work on."`
	Outputs string `xor:"where" placeholder:"FILE" help:"The deployment to work on, by its Terraform outputs: a file that terraform output -json wrote, or Terraform's folder."`
}

// load finds the deployment's variables, and region, endpoint and credentials
// where every tool of AWS' does: environment, profile, SSO, role, instance.
func (d *deployment) load(ctx context.Context) (env func(string) string, credentials aws.CredentialsProvider, err error) {
	c, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, nil, err
	}
	variables, err := d.outputs(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	return func(name string) string {
		switch value, found := variables[name]; {
		case found:
			return value
		case name == "AWS_REGION":
			return c.Region
		case name == "AWS_ENDPOINT_URL":
			return aws.ToString(c.BaseEndpoint)
		}
		return os.Getenv(name)
	}, c.Credentials, nil
}

func (d *deployment) outputs(ctx context.Context, c aws.Config) (map[string]string, error) {
	switch {
	case d.Outputs != "":
		return outputs.Terraform(ctx, d.Outputs)
	case d.Stack != "":
		return stack(ctx, c, d.Stack)
	}
	return nil, nil
}

func stack(ctx context.Context, c aws.Config, name string) (map[string]string, error) {
	found, err := cloudformation.NewFromConfig(c).DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &name})
	if err != nil {
		return nil, fmt.Errorf("stack %s: %w", name, err)
	}
	for _, s := range found.Stacks {
		for _, output := range s.Outputs {
			if aws.ToString(output.OutputKey) == "Operator" {
				return outputs.Variables(aws.ToString(output.OutputValue))
			}
		}
	}
	return nil, errors.New("the stack has no output Operator: deploy it again with this version")
}
