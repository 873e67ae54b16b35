//! Every event, as the relay would publish it, against `docs/events`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use application::ports::OutboxPayload;
use chrono::DateTime;
use domain::{
    DiscountCodeId, Frequency, IdentityProvider, InvitationId, PromoCode, RedemptionId, Role, SessionId,
    SubscriptionId, Tier, Version,
    discount::{DiscountCodeEventKind, RedemptionEventKind},
    session::SessionEnd,
    tenant::{SuspensionReason, TargetLineMode},
};
use jsonschema::Draft;

use super::*;
use crate::{
    crypto::{PayloadSealer, SealError},
    dynamodb::items::message,
    events::CloudEvents,
};

/// Samples of every kind of event. A kind without a pattern here does not compile, and a pattern has samples: of each
/// closed list in the event's data, every value.
macro_rules! samples {
    ($kind:ty { $($pattern:pat => [$($sample:expr),+ $(,)?]),+ $(,)? }) => {{
        const _: fn(&$kind) = |kind| match kind { $($pattern)|+ => {} };
        vec![$($($sample),+),+]
    }};
}

fn user_kinds() -> Vec<UserEventKind> {
    use UserEventKind::*;
    let mut kinds = samples!(UserEventKind {
        Registered => [Registered],
        EmailConfirmationRequested => [EmailConfirmationRequested],
        EmailConfirmed => [EmailConfirmed],
        SignedIn => [SignedIn],
        PasswordResetRequested => [PasswordResetRequested],
        PasswordReset => [PasswordReset],
        PasswordDisabled => [PasswordDisabled],
        ProfileChanged { .. } => [
            ProfileChanged { fields: vec!["first_name", "last_name", "phone", "avatar_url", "preferences"] },
        ],
        PreferencesChanged => [PreferencesChanged],
        RoleChanged { .. } => [RoleChanged { from: Role::Owner, to: Role::Admin }],
        Deactivated => [Deactivated],
        Reactivated => [Reactivated],
        Removed => [Removed],
        LeftTenant => [LeftTenant],
        SessionsEnded => [SessionsEnded],
        IdentityLinked { .. } => [IdentityLinked { provider: IdentityProvider::Google }],
        IdentityUnlinked { .. } => [IdentityUnlinked { provider: IdentityProvider::Google }],
    });
    kinds.extend(
        IdentityProvider::ALL
            .into_iter()
            .flat_map(|provider| [IdentityLinked { provider }, IdentityUnlinked { provider }]),
    );
    kinds.extend(Role::ALL.map(|role| RoleChanged { from: role, to: role }));
    kinds
}

fn tenant_kinds() -> Vec<TenantEventKind> {
    use TenantEventKind::*;
    let settings = |target_line_mode| SettingsChanged { settings: TenantSettings { target_line_mode } };
    let mut kinds = samples!(TenantEventKind {
        Created { .. } => [Created { owner_user_id: UserId::restore("user-1") }],
        Renamed => [Renamed],
        SettingsChanged { .. } => [settings(TargetLineMode::Single)],
        Suspended { .. } => [Suspended { reason: SuspensionReason::Other }],
        Reactivated => [Reactivated],
        Closed { .. } => [Closed { reopen_until: DateTime::UNIX_EPOCH }],
        Reopened => [Reopened],
        OwnershipTransferred { .. } => [
            OwnershipTransferred { from: UserId::restore("user-1"), to: UserId::restore("user-2") },
        ],
    });
    kinds.extend(TargetLineMode::ALL.map(settings));
    kinds.extend(SuspensionReason::ALL.map(|reason| Suspended { reason }));
    kinds
}

fn invitation_kinds() -> Vec<InvitationEventKind> {
    let by = UserId::restore("user-1");
    let mut kinds = samples!(InvitationEventKind {
        InvitationEventKind::Invited { .. } => [InvitationEventKind::Invited { by: by.clone(), role: Role::Member }],
        InvitationEventKind::Resent => [InvitationEventKind::Resent],
        InvitationEventKind::Cancelled => [InvitationEventKind::Cancelled],
        InvitationEventKind::Accepted { .. } => [InvitationEventKind::Accepted { by: by.clone() }],
    });
    kinds.extend(Role::ALL.map(|role| InvitationEventKind::Invited { by: by.clone(), role }));
    kinds
}

fn business_kinds() -> Vec<BusinessEventKind> {
    let fields = [
        "business_name",
        "website",
        "industry",
        "business_type",
        "employee_count",
        "address",
        "products",
        "niche",
        "ica",
        "value_proposition",
        "core_values",
        "core_values_status",
        "purpose",
        "purpose_status",
        "vision",
        "vision_status",
        "completed_steps",
    ];
    samples!(BusinessEventKind {
        BusinessEventKind::Changed { .. } => [BusinessEventKind::Changed { fields: fields.to_vec() }],
        BusinessEventKind::OnboardingCompleted => [BusinessEventKind::OnboardingCompleted],
    })
}

fn discount_code_kinds() -> Vec<DiscountCodeEventKind> {
    use DiscountCodeEventKind::*;
    samples!(DiscountCodeEventKind {
        Created => [Created],
        Changed => [Changed],
        Enabled => [Enabled],
        Disabled => [Disabled],
        Deleted => [Deleted],
    })
}

fn redemption_kinds() -> Vec<RedemptionEventKind> {
    use RedemptionEventKind::*;
    samples!(RedemptionEventKind { Redeemed => [Redeemed], Released => [Released] })
}

fn subscription_kinds() -> Vec<SubscriptionEventKind> {
    use SubscriptionEventKind::*;
    let at = DateTime::UNIX_EPOCH;
    let choice = PlanChoice { tier: Tier::Starter, frequency: Frequency::Monthly };
    let mut kinds = samples!(SubscriptionEventKind {
        TrialStarted { .. } => [TrialStarted { ends_at: at }],
        TrialExtended { .. } => [TrialExtended { ends_at: at }],
        Ordered { .. } => [Ordered { choice }],
        Activated { .. } => [Activated { choice }],
        Renewed { .. } => [Renewed { period_ends_at: at }],
        Changed { .. } => [Changed { from: choice, to: choice }],
        ChangeScheduled { .. } => [ChangeScheduled { to: choice }],
        RenewalSwitchedOff => [RenewalSwitchedOff],
        RenewalSwitchedOn => [RenewalSwitchedOn],
        PaymentFailed { .. } => [PaymentFailed { grace_ends_at: at }],
        Unpaid => [Unpaid],
        Cancelled => [Cancelled],
    });
    let choices = Tier::ALL.into_iter().flat_map(|tier| Frequency::ALL.map(|frequency| PlanChoice { tier, frequency }));
    kinds.extend(choices.flat_map(|choice| {
        [Ordered { choice }, Activated { choice }, Changed { from: choice, to: choice }, ChangeScheduled { to: choice }]
    }));
    kinds
}

fn session_kinds() -> Vec<SessionEventKind> {
    let mut kinds = samples!(SessionEventKind {
        SessionEventKind::Ended { .. } => [SessionEventKind::Ended { reason: SessionEnd::SignedOut }],
    });
    kinds.extend(SessionEnd::ALL.map(|reason| SessionEventKind::Ended { reason }));
    kinds
}

fn every_event() -> Vec<DomainEvent> {
    const _: fn(&DomainEvent) = |event| match event {
        DomainEvent::User(_)
        | DomainEvent::Tenant(_)
        | DomainEvent::Business(_)
        | DomainEvent::Session(_)
        | DomainEvent::DiscountCode(_)
        | DomainEvent::Redemption(_)
        | DomainEvent::Invitation(_)
        | DomainEvent::Subscription(_) => {}
    };
    let (user_id, tenant_id) = (UserId::restore("user-1"), TenantId::restore("tenant-1"));
    let version = Version::restore(3);
    let mut events = Vec::new();
    for what in user_kinds() {
        events.push(UserEvent { user_id: user_id.clone(), tenant_id: tenant_id.clone(), version, what }.into());
    }
    for what in tenant_kinds() {
        events.push(TenantEvent { tenant_id: tenant_id.clone(), version, what }.into());
    }
    for what in session_kinds() {
        let (session_id, user_id, tenant_id) = (SessionId::restore("session-1"), user_id.clone(), tenant_id.clone());
        events.push(SessionEvent { session_id, user_id, tenant_id, version, what }.into());
    }
    for what in business_kinds() {
        events.push(BusinessEvent { tenant_id: tenant_id.clone(), version, what }.into());
    }
    for what in invitation_kinds() {
        let (invitation_id, tenant_id) = (InvitationId::restore("invitation-1"), tenant_id.clone());
        events.push(InvitationEvent { invitation_id, tenant_id, version, what }.into());
    }
    let code = PromoCode::restore("SPRING27");
    for what in discount_code_kinds() {
        let id = DiscountCodeId::restore("discount-1");
        events.push(DiscountCodeEvent { id, code: code.clone(), version, what }.into());
    }
    for what in redemption_kinds() {
        let (redemption_id, subscription_id) =
            (RedemptionId::restore("redemption-1"), SubscriptionId::restore("sub_1"));
        let (tenant_id, code) = (tenant_id.clone(), code.clone());
        events.push(RedemptionEvent { redemption_id, code, tenant_id, subscription_id, what }.into());
    }
    for what in subscription_kinds() {
        let (subscription_id, tenant_id) = (SubscriptionId::restore("subscription-1"), tenant_id.clone());
        events.push(SubscriptionEvent { subscription_id, tenant_id, version, what }.into());
    }
    events
}

/// Events are not sealed.
struct NoSealer;

impl PayloadSealer for NoSealer {
    fn seal(&self, _: &[u8]) -> Result<String, SealError> {
        Err(SealError::Broken)
    }

    fn open(&self, _: &str) -> Result<Vec<u8>, SealError> {
        Err(SealError::Broken)
    }
}

/// What the relay hands on, as others get it.
fn published(event: &DomainEvent) -> Value {
    let id = "0199a3c4-7f10-7cc2-9d2b-6a4d3f0b5e21";
    let now = DateTime::from_timestamp_micros(1_800_000_000_123_456).unwrap();
    let item = message::new_event(id, event, 1, Some(&UserId::restore("user-2")), now).unwrap();
    let OutboxPayload::Event(envelope) = message::read_payload(&item, &NoSealer).unwrap() else { panic!("{item:?}") };
    CloudEvents::of_stage("local").json(&envelope)
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/events")
}

fn schema(file: &str) -> Value {
    let text = fs::read_to_string(folder().join(file)).unwrap_or_else(|error| panic!("docs/events/{file}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("docs/events/{file}: {error}"))
}

fn check(schema: &Value, instance: &Value) {
    let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
    let validator = options.build(schema).unwrap();
    let errors: Vec<_> =
        validator.iter_errors(instance).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:?} in {instance:#}");
}

/// The closed lists of a schema, by member, in the member itself or in its items.
fn closed_lists(schema: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let mut lists = BTreeMap::new();
    for (member, rule) in schema["properties"].as_object().unwrap() {
        if let Some(values) = rule["enum"].as_array().or_else(|| rule["items"]["enum"].as_array()) {
            lists.insert(member.clone(), values.iter().map(|value| value.as_str().unwrap().to_owned()).collect());
        }
    }
    lists
}

#[test]
fn what_is_published_is_what_is_documented() {
    let envelope = schema("envelope.v1.json");
    let mut seen: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for event in every_event() {
        let name = event.name();
        let published = published(&event);
        check(&envelope, &published);
        assert_eq!(published["type"], format!("app.purposepath.account.{name}.v{VERSION}"));

        let schema = schema(&format!("{name}.v{VERSION}.json"));
        assert_eq!((&schema["title"], &schema["$id"]), (&json!(name), &published["dataschema"]));
        check(&schema, &published["data"]);
        let lists = seen.entry(name.to_owned()).or_default();
        for (member, value) in published["data"].as_object().unwrap() {
            let rule = &schema["properties"][member];
            assert!(rule["description"].is_string(), "{name} has an undocumented {member}");
            let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
            if rule["enum"].is_array() || rule["items"]["enum"].is_array() {
                let texts = values.iter().map(|value| value.as_str().unwrap().to_owned());
                lists.entry(member.clone()).or_default().extend(texts);
            }
        }
    }
    for (name, lists) in seen {
        let documented = closed_lists(&schema(&format!("{name}.v{VERSION}.json")));
        assert_eq!(lists, documented, "every value of the closed lists of {name}");
    }
}

#[test]
fn what_is_documented_is_published_and_listed() {
    let names: BTreeSet<_> = every_event().iter().map(DomainEvent::name).collect();
    let readme = fs::read_to_string(folder().join("README.md")).unwrap();
    for name in &names {
        let row = format!("| [`{name}`]({name}.v{VERSION}.json) | ");
        assert!(readme.lines().any(|line| line.starts_with(&row)), "docs/events/README.md has no row {row}…");
    }
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<_> = files.filter(|file| file != "README.md" && file != "envelope.v1.json").collect();
    let expected: BTreeSet<_> = names.iter().map(|name| format!("{name}.v{VERSION}.json")).collect();
    assert_eq!(files, expected);
}
