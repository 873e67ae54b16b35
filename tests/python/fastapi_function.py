"""A function of the same kind as the Python service: FastAPI behind Mangum, with models, a table and tokens.

Only to be started next to ours, to compare how long each takes to its first answer. It answers the health route and
nothing else, so that what is compared is what every cold start pays for: the interpreter, the imports of the libraries
that such a service cannot do without, the clients of AWS and the routes.
"""

import os

import bcrypt  # noqa: F401  (imported by every service that verifies a password)
import boto3
import jwt  # noqa: F401  (imported by every service that verifies a token)
from fastapi import FastAPI
from mangum import Mangum
from pydantic import BaseModel

app = FastAPI(title="comparison")
dynamodb = boto3.resource(
    "dynamodb", region_name=os.environ["AWS_REGION"], endpoint_url=os.environ["AWS_ENDPOINT_URL_DYNAMODB"],
    aws_access_key_id="local", aws_secret_access_key="local",
)
users = dynamodb.Table("purposepath-users-local")


class Health(BaseModel):
    status: str
    environment: str


class Answer(BaseModel):
    success: bool
    data: Health


class Registration(BaseModel):
    email: str
    password: str
    first_name: str
    last_name: str


@app.get("/api/v1/health")
def health() -> Answer:
    return Answer(success=True, data=Health(status="Healthy", environment=os.environ["STAGE"]))


@app.post("/api/v1/auth/register")
def register(registration: Registration) -> Answer:
    users.put_item(Item=registration.model_dump(), ConditionExpression="attribute_not_exists(id)")
    return health()


handler = Mangum(app, lifespan="off")
