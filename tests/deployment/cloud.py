"""What the tests of the templates ask of an AWS, or of what stands for it.

    cloud.py translate TEMPLATE PARAMETERS            the template as CloudFormation gets it from SAM
    cloud.py deploy ENDPOINT STACK TEMPLATE PARAMETERS makes or changes a stack, and waits
    cloud.py delete ENDPOINT STACK                    deletes a stack, and waits
    cloud.py call ENDPOINT SERVICE OPERATION REQUEST  any other call, as boto3 knows it

Parameters and requests are JSON objects. Each prints one JSON value; a call that is refused prints
{"error": {"code", "message"}}.
"""

import json
import os
import sys
import time
import uuid

import boto3
from botocore.exceptions import ClientError
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

REGION = "us-east-1"
BUCKET = "templates"
# The emulator answers at once; this is for a busy machine.
PATIENCE_SECONDS = 100


class NoManagedPolicies:
    """The templates name no policy of AWS's own."""

    def load(self):
        return {}


def translate(template, parameters):
    with open(template, encoding="utf-8") as file:
        document = yaml_parse(file.read())
    if "Transform" not in document:
        return document
    os.environ["AWS_DEFAULT_REGION"] = REGION
    return transform(document, parameters, NoManagedPolicies())


def client(endpoint, service):
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    return boto3.client(service, endpoint_url=endpoint, region_name=REGION, **keys)


def refused(error):
    return {"error": {"code": error.response["Error"]["Code"], "message": error.response["Error"]["Message"]}}


def deploy(endpoint, stack, template, parameters):
    storage, formation = client(endpoint, "s3"), client(endpoint, "cloudformation")
    # Too large to be sent with the request, as templates of CloudFormation easily are.
    storage.create_bucket(Bucket=BUCKET)
    key = str(uuid.uuid4())
    body = json.dumps(translate(template, parameters), default=str)
    storage.put_object(Bucket=BUCKET, Key=key, Body=body.encode())
    request = {
        "StackName": stack,
        "TemplateURL": f"{endpoint}/{BUCKET}/{key}",
        "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
    }
    try:
        if exists(formation, stack):
            formation.update_stack(**request)
        else:
            formation.create_stack(**request)
    except ClientError as error:
        return refused(error)
    return wait(formation, stack)


def delete(endpoint, stack):
    formation = client(endpoint, "cloudformation")
    stack_id = formation.describe_stacks(StackName=stack)["Stacks"][0]["StackId"]
    try:
        formation.delete_stack(StackName=stack)
    except ClientError as error:
        return refused(error)
    return wait(formation, stack_id)


def exists(formation, stack):
    try:
        return bool(formation.describe_stacks(StackName=stack)["Stacks"])
    except ClientError:
        return False


def wait(formation, stack):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = formation.describe_stacks(StackName=stack)["Stacks"][0]
        if not found["StackStatus"].endswith("_IN_PROGRESS"):
            break
        time.sleep(0.1)
    events = formation.describe_stack_events(StackName=stack)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"].endswith("_FAILED")]
    return {
        "status": found["StackStatus"],
        "outputs": {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])},
        "failed": {event["LogicalResourceId"]: event.get("ResourceStatusReason", "") for event in failed},
    }


def call(endpoint, service, operation, request):
    try:
        answer = getattr(client(endpoint, service), operation)(**request)
    except ClientError as error:
        return refused(error)
    answer.pop("ResponseMetadata", None)
    return answer


def main(command, *arguments):
    commands = {"translate": translate, "deploy": deploy, "delete": delete, "call": call}
    arguments = [json.loads(argument) if argument.startswith("{") else argument for argument in arguments]
    print(json.dumps(commands[command](*arguments), default=str))


main(*sys.argv[1:])
