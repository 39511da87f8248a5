# template.yaml and terraform/aws: linted, held to the policies, compared, applied to a local AWS.

.PHONY: test-aws-iac test-aws-apply
CI_PARTS += test-aws-apply

test-aws-iac: ## template.yaml and terraform/aws: lint, validate, policies, parity
	go test -count=1 ./terraform/aws/...

test-aws-apply: ## terraform apply and destroy against a local AWS; takes two minutes
	go test -count=1 -tags apply -timeout 20m -run TestApplyAndDestroy ./terraform/aws/policytest
