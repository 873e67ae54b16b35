//! What events say to other services: to whom something happened and how, by id only, so that erasing a person
//! never has to chase events (security rule 27).

use domain::{
    DomainEvent, TenantId, UserId,
    business::{BusinessEvent, BusinessEventKind},
    discount::{DiscountCodeEvent, RedemptionEvent},
    invitation::{InvitationEvent, InvitationEventKind},
    session::{SessionEvent, SessionEventKind},
    subscription::{PlanChoice, SubscriptionEvent, SubscriptionEventKind},
    tenant::{TenantEvent, TenantEventKind, TenantSettings},
    user::{UserEvent, UserEventKind},
};
use serde_json::{Map, Value, json};

use super::time;

/// The version of the shape of every event's `data`, as `docs/events` describes it; counted up when a reader of the
/// present shape could not read the next.
pub(super) const VERSION: u32 = 1;

/// The `data` of an event.
pub(super) fn of(event: &DomainEvent) -> Value {
    Value::Object(match event {
        DomainEvent::User(event) => of_user(event),
        DomainEvent::Tenant(event) => of_tenant(event),
        DomainEvent::Session(event) => of_session(event),
        DomainEvent::Invitation(event) => of_invitation(event),
        DomainEvent::Business(event) => of_business(event),
        DomainEvent::DiscountCode(event) => of_discount_code(event),
        DomainEvent::Redemption(event) => of_redemption(event),
        DomainEvent::Subscription(event) => of_subscription(event),
    })
}

fn of_user(UserEvent { user_id, tenant_id, version: _, what }: &UserEvent) -> Map<String, Value> {
    let mut data = ids(tenant_id, Some(user_id));
    match what {
        UserEventKind::ProfileChanged { fields } => {
            data.insert("fields".to_owned(), json!(fields));
        }
        UserEventKind::IdentityLinked { provider } | UserEventKind::IdentityUnlinked { provider } => {
            data.insert("provider".to_owned(), provider.as_str().into());
        }
        UserEventKind::RoleChanged { from, to } => {
            data.insert("from".to_owned(), from.as_str().into());
            data.insert("to".to_owned(), to.as_str().into());
        }
        UserEventKind::Registered
        | UserEventKind::EmailConfirmationRequested
        | UserEventKind::EmailConfirmed
        | UserEventKind::SignedIn
        | UserEventKind::PasswordResetRequested
        | UserEventKind::PasswordReset
        | UserEventKind::PasswordDisabled
        | UserEventKind::PreferencesChanged
        | UserEventKind::Deactivated
        | UserEventKind::Reactivated
        | UserEventKind::LeftTenant
        | UserEventKind::SessionsEnded
        | UserEventKind::Removed => {}
    }
    data
}

fn of_tenant(TenantEvent { tenant_id, version: _, what }: &TenantEvent) -> Map<String, Value> {
    let mut data = ids(tenant_id, None);
    match what {
        TenantEventKind::Created { owner_user_id } => {
            data.insert("owner_user_id".to_owned(), owner_user_id.as_str().into());
        }
        TenantEventKind::SettingsChanged { settings: TenantSettings { target_line_mode } } => {
            data.insert("target_line_mode".to_owned(), target_line_mode.as_str().into());
        }
        TenantEventKind::Suspended { reason } => {
            data.insert("reason".to_owned(), reason.as_str().into());
        }
        TenantEventKind::Closed { reopen_until } => {
            data.insert("reopen_until".to_owned(), time::to_sortable_text(*reopen_until).into());
        }
        TenantEventKind::Renamed | TenantEventKind::Reactivated | TenantEventKind::Reopened => {}
        TenantEventKind::OwnershipTransferred { from, to } => {
            data.insert("from".to_owned(), from.as_str().into());
            data.insert("to".to_owned(), to.as_str().into());
        }
    }
    data
}

fn of_session(event: &SessionEvent) -> Map<String, Value> {
    let SessionEvent { session_id, user_id, tenant_id, version: _, what } = event;
    let mut data = ids(tenant_id, Some(user_id));
    data.insert("session_id".to_owned(), session_id.as_str().into());
    match what {
        SessionEventKind::Ended { reason } => {
            data.insert("reason".to_owned(), reason.as_str().into());
        }
    }
    data
}

fn of_invitation(event: &InvitationEvent) -> Map<String, Value> {
    let InvitationEvent { invitation_id, tenant_id, version: _, what } = event;
    let mut data = ids(tenant_id, None);
    data.insert("invitation_id".to_owned(), invitation_id.as_str().into());
    match what {
        InvitationEventKind::Invited { by, role } => {
            data.insert("invited_by_user_id".to_owned(), by.as_str().into());
            data.insert("role".to_owned(), role.as_str().into());
        }
        InvitationEventKind::Accepted { by } => {
            data.insert("user_id".to_owned(), by.as_str().into());
        }
        InvitationEventKind::Resent | InvitationEventKind::Cancelled => {}
    }
    data
}

fn of_business(BusinessEvent { tenant_id, version: _, what }: &BusinessEvent) -> Map<String, Value> {
    let mut data = ids(tenant_id, None);
    match what {
        BusinessEventKind::Changed { fields } => {
            data.insert("fields".to_owned(), json!(fields));
        }
        BusinessEventKind::OnboardingCompleted => {}
    }
    data
}

fn of_discount_code(DiscountCodeEvent { id, code, version: _, what: _ }: &DiscountCodeEvent) -> Map<String, Value> {
    let members = [("discount_code_id", id.as_str()), ("code", code.as_str())];
    members.map(|(name, value)| (name.to_owned(), value.into())).into_iter().collect()
}

fn of_redemption(event: &RedemptionEvent) -> Map<String, Value> {
    let RedemptionEvent { redemption_id, code, tenant_id, subscription_id, what: _ } = event;
    let mut data = ids(tenant_id, None);
    let members = [
        ("redemption_id", redemption_id.as_str()),
        ("code", code.as_str()),
        ("subscription_id", subscription_id.as_str()),
    ];
    data.extend(members.map(|(name, value)| (name.to_owned(), value.into())));
    data
}

fn of_subscription(event: &SubscriptionEvent) -> Map<String, Value> {
    let SubscriptionEvent { subscription_id, tenant_id, version: _, what } = event;
    let mut data = ids(tenant_id, None);
    data.insert("subscription_id".to_owned(), subscription_id.as_str().into());
    match what {
        SubscriptionEventKind::TrialStarted { ends_at } | SubscriptionEventKind::TrialExtended { ends_at } => {
            data.insert("trial_ends_at".to_owned(), time::to_sortable_text(*ends_at).into());
        }
        SubscriptionEventKind::Ordered { choice } | SubscriptionEventKind::Activated { choice } => {
            data.extend(of_choice("", *choice));
        }
        SubscriptionEventKind::Renewed { period_ends_at } => {
            data.insert("period_ends_at".to_owned(), time::to_sortable_text(*period_ends_at).into());
        }
        SubscriptionEventKind::Changed { from, to } => {
            data.extend(of_choice("from_", *from));
            data.extend(of_choice("to_", *to));
        }
        SubscriptionEventKind::ChangeScheduled { to } => data.extend(of_choice("to_", *to)),
        SubscriptionEventKind::PaymentFailed { grace_ends_at } => {
            data.insert("grace_ends_at".to_owned(), time::to_sortable_text(*grace_ends_at).into());
        }
        SubscriptionEventKind::RenewalSwitchedOff
        | SubscriptionEventKind::RenewalSwitchedOn
        | SubscriptionEventKind::Unpaid
        | SubscriptionEventKind::Cancelled => {}
    }
    data
}

fn of_choice(prefix: &str, PlanChoice { tier, frequency }: PlanChoice) -> [(String, Value); 2] {
    [(format!("{prefix}tier"), tier.as_str().into()), (format!("{prefix}frequency"), frequency.as_str().into())]
}

fn ids(tenant_id: &TenantId, user_id: Option<&UserId>) -> Map<String, Value> {
    let tenant = ("tenant_id".to_owned(), tenant_id.as_str().into());
    let user = user_id.map(|user_id| ("user_id".to_owned(), user_id.as_str().into()));
    [tenant].into_iter().chain(user).collect()
}

#[cfg(test)]
mod tests;
