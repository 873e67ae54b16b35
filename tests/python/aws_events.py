"""EventBridge, SNS and SQS on this machine, by moto, and what arrives in the queues.

    aws_events.py serve                          serves a bus and two topics that lead into two queues until it is
                                                 ended, and prints what they are called as one JSON object
    aws_events.py receive ENDPOINT QUEUE COUNT   prints as many messages of a queue as one JSON array, in the order in
                                                 which they come, or fails after a minute
"""

import json
import sys
import threading
import time

import boto3

REGION = "us-east-1"


def client(service: str, endpoint: str):
    return boto3.client(
        service, endpoint_url=endpoint, region_name=REGION, aws_access_key_id="local", aws_secret_access_key="local"
    )


def serve() -> None:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    sqs, sns, events = (client(service, endpoint) for service in ("sqs", "sns", "events"))

    def queue(name: str, **attributes: str) -> tuple[str, str]:
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, found["Attributes"]["QueueArn"]

    def topic(name: str, queue_arn: str, **attributes: str) -> str:
        arn = sns.create_topic(Name=name, Attributes=attributes)["TopicArn"]
        raw = {"RawMessageDelivery": "true"}
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn, Attributes=raw)
        return arn

    url, arn = queue("account-events")
    fifo_url, fifo_arn = queue("account-events.fifo", FifoQueue="true")
    events.create_event_bus(Name="account-events")
    pattern = json.dumps({"source": ["purposepath.account"]})
    events.put_rule(Name="all", EventBusName="account-events", EventPattern=pattern)
    events.put_targets(Rule="all", EventBusName="account-events", Targets=[{"Id": "queue", "Arn": arn}])
    made = {
        "endpoint": endpoint,
        "bus": "account-events",
        "topic": topic("account-events", arn),
        "fifo_topic": topic("account-events.fifo", fifo_arn, FifoTopic="true"),
        "queue": url,
        "fifo_queue": fifo_url,
    }
    print(json.dumps(made), flush=True)
    threading.Event().wait()


def receive(endpoint: str, queue: str, count: int) -> list[dict]:
    sqs, messages, deadline = client("sqs", endpoint), [], time.monotonic() + 60
    while len(messages) < count:
        if time.monotonic() > deadline:
            sys.exit(f"{len(messages)} of {count} messages have arrived: {messages}")
        answer = sqs.receive_message(
            QueueUrl=queue,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=5,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        for message in answer.get("Messages", []):
            messages.append(message)
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return messages


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve"]:
            serve()
        case ["receive", endpoint, queue, count]:
            print(json.dumps(receive(endpoint, queue, int(count))))
        case _:
            sys.exit(__doc__)
