.PHONY: tools
tools: ## Install into .tools/ what the tests on real parts need (Python, Maven, apt-get)
	tools/aws-python.sh
	tools/dynamodb-local.sh
	tools/elasticmq.sh
	tools/debian.sh
