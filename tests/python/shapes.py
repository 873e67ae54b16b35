"""The account tables as a Python service sees them: boto3 for the rows, pydantic for their shapes.

    shapes.py read ENDPOINT STAGE        holds every row of the shared tables against its model, and counts them
    shapes.py write ENDPOINT STAGE NOW   writes the rows of one tenant, as the Python service writes them

Both print one JSON object. What does not fit its model is named by table, attribute and reason, never by value.
"""

import json
import sys
import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Annotated, Any, Literal, Optional

import boto3
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError


def date(text: str) -> str:
    """A date in ISO 8601 that says its offset."""
    if datetime.fromisoformat(text.replace("Z", "+00:00")).tzinfo is None:
        raise ValueError("has no offset")
    return text


def lower_case(text: str) -> str:
    if text != text.lower():
        raise ValueError("is not lower case")
    return text


def whole(number: Decimal) -> Decimal:
    if number != number.to_integral_value():
        raise ValueError("is not whole")
    return number


Text = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(min_length=1, max_length=50)]
Date = Annotated[str, AfterValidator(date)]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$"), AfterValidator(lower_case)]
Whole = Annotated[Decimal, AfterValidator(whole)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Role = Literal["owner", "admin", "manager", "member", "viewer"]


class Row(BaseModel):
    """No conversions: a number in a text is not a number. What a model does not name is somebody else's."""

    model_config = ConfigDict(strict=True, extra="ignore")


class User(Row):
    user_id: Text
    id: Text
    tenant_id: Text
    email: Email
    first_name: Name
    last_name: Name
    role: Role
    status: Literal["active", "inactive", "suspended", "pending"]
    password_hash: Optional[Text] = None
    email_verified: bool
    last_login: Optional[Date] = None
    avatar_url: Optional[Text] = None
    phone: Optional[Text] = None
    timezone: Text = "UTC"
    language: Text = "en"
    preferences: Optional[dict[str, Any]] = None
    created_at: Date
    updated_at: Date


class Tenant(Row):
    tenant_id: Text
    name: Annotated[str, Field(min_length=1, max_length=100)]
    domain: Optional[Text] = None
    owner_user_id: Text
    status: Literal["active", "suspended", "trial", "cancelled"]
    settings: Optional[dict[str, Any]] = None
    industry: Optional[Text] = None
    company_size: Optional[Text] = None
    timezone: Optional[Text] = None
    created_at: Date
    updated_at: Date


class Subscription(Row):
    subscription_id: Text
    tenant_id: Text
    tier: Literal["starter", "professional", "enterprise", "trial"]
    status: Literal["active", "trialing", "past_due", "cancelled", "unpaid"]
    billing_cycle: Literal["monthly", "yearly"]
    amount: Whole
    currency: Annotated[str, Field(pattern=r"^[A-Za-z]{3}$")]
    trial_ends_at: Optional[Date] = None
    current_period_start: Date
    current_period_end: Date
    cancelled_at: Optional[Date] = None
    limits: dict[str, Decimal] = {}
    usage: dict[str, Decimal] = {}
    external_subscription_id: Optional[Text] = None
    created_at: Date
    updated_at: Date


class Invitation(Row):
    invitation_id: Text
    tenant_id: Text
    email: Email
    invited_by_user_id: Text
    role: Role
    status: Literal["pending", "accepted", "expired", "cancelled"]
    token: Text
    expires_at: Date
    accepted_at: Optional[Date] = None
    message: Optional[Annotated[str, Field(max_length=500)]] = None
    email_sent_at: Optional[Date] = None
    reminders_sent: Whole = Decimal(0)
    accepted_user_id: Optional[Text] = None
    created_at: Date
    updated_at: Date


class EmailNotifications(Row):
    coaching_reminders: bool = True
    team_updates: bool = True
    system_notifications: bool = True
    marketing: bool = False


class CoachingPreferences(Row):
    preferred_session_length: Whole = Decimal(30)
    reminder_frequency: Text = "weekly"
    coaching_style: Text = "balanced"


class Preferences(Row):
    user_id: Text
    tenant_id: Text
    theme: Text = "light"
    language: Text = "en"
    timezone: Text = "UTC"
    date_format: Text = "MM/DD/YYYY"
    time_format: Literal["12h", "24h"] = "12h"
    email_notifications: EmailNotifications = EmailNotifications()
    coaching_preferences: CoachingPreferences = CoachingPreferences()
    dashboard_layout: Optional[dict[str, Any]] = None
    created_at: Date
    updated_at: Date


class BusinessData(Row):
    business_id: Text
    tenant_id: Text
    core_values: list[str]
    purpose: Optional[Text] = None
    vision: Optional[Text] = None
    goals: list[dict[str, Any]]
    mission: Optional[Text] = None
    culture_attributes: list[str]
    strategic_priorities: list[str]
    version: Literal["1.0"]
    last_updated_by: Text
    approved_by: Optional[Text] = None
    approval_date: Optional[Date] = None
    change_history: list[dict[str, Any]]
    created_at: Date
    updated_at: Date


class RefreshToken(Row):
    jti: Text
    user_id: Text
    tenant_id: Text
    ttl: Whole


class OneTimeToken(Row):
    token_hash: Sha256
    user_id: Text
    ttl: Whole


MODELS: dict[str, type[Row]] = {
    "users": User,
    "tenants": Tenant,
    "subscriptions": Subscription,
    "invitations": Invitation,
    "user-preferences": Preferences,
    "business-data": BusinessData,
    "refresh-tokens": RefreshToken,
    "password-resets": OneTimeToken,
    "verification-tokens": OneTimeToken,
}

# The password of the user who is written, and passlib's bcrypt of it at the least cost.
PASSWORD = "correct horse battery staple"
PASSWORD_HASH = "$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG"

# The store takes any credentials, and wants some.
CREDENTIALS = {"aws_access_key_id": "local", "aws_secret_access_key": "local", "region_name": "us-east-1"}


class Tables:
    def __init__(self, endpoint: str, stage: str) -> None:
        self.dynamodb = boto3.resource("dynamodb", endpoint_url=endpoint, **CREDENTIALS)
        self.stage = stage

    def table(self, name: str) -> Any:
        return self.dynamodb.Table(f"purposepath-{name}-{self.stage}")

    def rows(self, name: str) -> list[dict[str, Any]]:
        rows, page = [], {}
        while True:
            found = self.table(name).scan(ConsistentRead=True, **page)
            rows += found["Items"]
            if "LastEvaluatedKey" not in found:
                return rows
            page = {"ExclusiveStartKey": found["LastEvaluatedKey"]}


def without_nulls(row: dict[str, Any]) -> dict[str, Any]:
    """NULL and absent are the same to a Python reader."""
    return {name: value for name, value in row.items() if value is not None}


def read(tables: Tables) -> tuple[dict[str, Any], bool]:
    counts, problems = {}, []
    for name, model in MODELS.items():
        rows = tables.rows(name)
        counts[name] = len(rows)
        for row in rows:
            try:
                model.model_validate(without_nulls(row))
            except ValidationError as error:
                for found in error.errors(include_input=False, include_url=False, include_context=False):
                    place = ".".join(str(part) for part in found["loc"])
                    problems.append(f"{name}: {place}: {found['type']}")
        foreign = [row for row in rows if name == "business-data" and row["business_id"] != row["tenant_id"]]
        problems += [f"{name}: business_id is not the tenant's id" for _ in foreign]
        foreign = [row for row in rows if name == "users" and row["id"] != row["user_id"]]
        problems += [f"{name}: id is not user_id" for _ in foreign]
    return {"rows": counts, "problems": problems}, not problems


def new(prefix: str) -> str:
    """An identifier as the Python service makes them."""
    return f"{prefix}_{uuid.uuid4().hex[:12]}"


def write(tables: Tables, now: datetime) -> tuple[dict[str, Any], bool]:
    dates = {"created_at": now.isoformat(), "updated_at": now.isoformat()}
    user_id, tenant_id, email = new("user"), new("tenant"), f"{new('python')}@example.com"
    invited, token = f"{new('invited')}@example.com", uuid.uuid4().hex + uuid.uuid4().hex
    reset = uuid.uuid4().hex
    owner = {"user_id": user_id, "tenant_id": tenant_id}
    written = {
        "users": {
            **owner, **dates, "id": user_id, "email": email, "first_name": "Ada", "last_name": "Byron",
            "role": "owner", "status": "active", "password_hash": PASSWORD_HASH, "email_verified": True,
            "last_login": None, "avatar_url": None, "phone": None, "timezone": "UTC", "language": "en",
            "preferences": {},
        },
        "tenants": {
            **dates, "tenant_id": tenant_id, "name": "Engines Ltd", "domain": "engines.example.com",
            "owner_user_id": user_id, "status": "active", "settings": {}, "industry": None, "company_size": None,
            "timezone": "UTC",
        },
        "subscriptions": {
            **dates, "subscription_id": new("sub"), "tenant_id": tenant_id, "tier": "professional",
            "status": "active", "billing_cycle": "monthly", "amount": 9900, "currency": "USD", "trial_ends_at": None,
            "current_period_start": now.isoformat(), "current_period_end": (now + timedelta(days=30)).isoformat(),
            "cancelled_at": None, "limits": {"goals": 25}, "usage": {"goals": 3}, "external_subscription_id": None,
        },
        "invitations": {
            **dates, "invitation_id": new("inv"), "tenant_id": tenant_id, "email": invited,
            "invited_by_user_id": user_id, "role": "member", "status": "pending", "token": token,
            "expires_at": (now + timedelta(days=7)).isoformat(), "accepted_at": None, "message": "Join us",
            "email_sent_at": now.isoformat(), "reminders_sent": 0, "accepted_user_id": None,
        },
        "user-preferences": {
            **owner, **dates, "theme": "dark", "language": "de", "timezone": "Europe/Berlin",
            "date_format": "DD.MM.YYYY", "time_format": "24h",
            "email_notifications": {
                "coaching_reminders": False, "team_updates": True, "system_notifications": True, "marketing": True,
            },
            "coaching_preferences": {
                "preferred_session_length": 45, "reminder_frequency": "daily", "coaching_style": "direct",
            },
            "dashboard_layout": {"columns": 2},
        },
        "business-data": {
            **dates, "business_id": tenant_id, "tenant_id": tenant_id, "core_values": ["Rigour", "Wit"],
            "purpose": "Engines that think", "vision": "One in every study", "goals": [{"title": "Build it"}],
            "mission": "Compute", "culture_attributes": ["curious"], "strategic_priorities": ["notes"],
            "version": "1.0", "last_updated_by": user_id, "approved_by": None, "approval_date": None,
            "change_history": [{"changed": "purpose", "when": now.isoformat()}],
        },
        "refresh-tokens": {**owner, "jti": new("jti"), "ttl": int((now + timedelta(days=30)).timestamp())},
        "password-resets": {
            "token_hash": sha256(reset.encode()).hexdigest(), "user_id": user_id,
            "ttl": int((now + timedelta(hours=1)).timestamp()),
        },
    }
    for name, row in written.items():
        tables.table(name).put_item(Item=row)
    jti = written["refresh-tokens"]["jti"]
    report = {
        **owner, "email": email, "password": PASSWORD, "invited": invited, "invitation_token": token,
        "reset_token": reset, "jti": jti,
    }
    return report, True


def main() -> int:
    command, endpoint, stage, *now = sys.argv[1:]
    tables = Tables(endpoint, stage)
    report, fine = read(tables) if command == "read" else write(tables, datetime.fromisoformat(*now))
    print(json.dumps(report))
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
