"""Prints what `sam deploy` makes of template.yaml, as JSON: tools/aws-transform.py template.yaml [Parameter=value ...]

Runs offline, in the environment .tools/cfn (see aws-python.sh).
"""

import json
import os
import sys

os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-1")

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    """SAM asks for AWS's managed policies by name. Our roles have none."""

    def load(self):
        return {}


with open(sys.argv[1], encoding="utf-8") as file:
    template = yaml_parse(file.read())
parameters = dict(argument.split("=", 1) for argument in sys.argv[2:])

# What `sam package` does: by now the code is in a bucket.
template["Globals"]["Function"]["CodeUri"] = {"Bucket": "bucket", "Key": "key"}

json.dump(transform(template, parameters, NoManagedPolicies()), sys.stdout, indent=2)
