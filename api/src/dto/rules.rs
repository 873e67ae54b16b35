//! The rules of the domain's value objects, asked of every field of a request before any is used, so that one
//! answer names all that is wrong. What a rule is and how it is worded stands in the domain.

mod prices;

use std::{borrow::Cow, fmt::Display};

use application::{
    members::MemberSearch,
    page::{Cursor, PageSize},
    ports::MAX_ID_TOKEN_LENGTH,
};
use chrono::DateTime;
use domain::{
    Currency, EmailAddress, HttpsUrl, IdentityProvider, Language, PersonName, PhoneNumber, ProductId, Role,
    SubscriptionStatus, TenantId, Tier, TimeZone, Timestamp, TokenHash, UsageAmount, UserId, Version,
    business::{Line, MAX_CORE_VALUES, Problem, Prose, StepStatus, Steps},
    email_address::InvalidEmailAddress,
    invitation::{InvitationMessage, InvitationStatus, OpenFor},
    subscription::TrialExtensionReason,
    tenant::{SuspensionReason, TargetLineMode, TenantName, TenantStatus},
    user::{
        Password, UserStatus,
        preferences::{InvalidSessionLength, Label, SessionLength, Theme, TimeFormat},
    },
};
pub(crate) use prices::*;
use validator::ValidationError;

use super::{
    billing::{MAX_PAYMENT_METHOD, MAX_RETURN_URL},
    secret::Secret,
};

/// The code of an error that is about the form of an e-mail address; such errors have an answer of their own.
pub(crate) const EMAIL_FORMAT: &str = "email_format";

/// Longest `nonce`, in bytes.
pub(super) const MAX_NONCE_LENGTH: usize = 255;

type Verdict = Result<(), ValidationError>;

fn refuse(code: &'static str, why: impl Display) -> Verdict {
    Err(ValidationError::new(code).with_message(Cow::Owned(why.to_string())))
}

fn judge<T, E: Display>(parsed: Result<T, E>) -> Verdict {
    parsed.map_or_else(|why| refuse("invalid", why), |_| Ok(()))
}

pub(crate) fn email(text: &str) -> Verdict {
    match EmailAddress::parse(text) {
        Ok(_) => Ok(()),
        Err(missing @ InvalidEmailAddress::Missing) => refuse("required", missing),
        Err(why) => refuse(EMAIL_FORMAT, why),
    }
}

pub(crate) fn person_name(text: &str) -> Verdict {
    judge(PersonName::parse(text))
}

pub(crate) fn tenant_name(text: &str) -> Verdict {
    judge(TenantName::parse(text))
}

pub(crate) fn target_line_mode(text: &str) -> Verdict {
    judge(read_target_line_mode(text))
}

pub(crate) fn tenant_id(text: &str) -> Verdict {
    judge(TenantId::parse(text))
}

pub(crate) fn user_id(text: &str) -> Verdict {
    judge(UserId::parse(text))
}

pub(crate) fn user_status(text: &str) -> Verdict {
    judge(read_user_status(text))
}

pub(crate) fn tenant_status(text: &str) -> Verdict {
    judge(read_tenant_status(text))
}

pub(crate) fn tier(text: &str) -> Verdict {
    judge(read_tier(text))
}

pub(crate) fn subscription_status(text: &str) -> Verdict {
    judge(read_subscription_status(text))
}

pub(crate) fn trial_extension_reason(text: &str) -> Verdict {
    judge(TrialExtensionReason::parse(text))
}

pub(crate) fn usage_amount(amount: i64) -> Verdict {
    judge(UsageAmount::new(amount))
}

pub(crate) fn payment_method(text: &str) -> Verdict {
    let is_name =
        text.len() <= MAX_PAYMENT_METHOD && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name { Ok(()) } else { refuse("invalid", "is not a payment method") }
}

pub(crate) fn return_url(text: &str) -> Verdict {
    if text.len() <= MAX_RETURN_URL { Ok(()) } else { refuse("invalid", "is too long") }
}

pub(crate) fn suspension_reason(text: &str) -> Verdict {
    judge(read_suspension_reason(text))
}

/// A rule about several fields: what is wrong with one of them. Its code names that field.
pub(super) fn refuse_field(field: &'static str, why: impl Display) -> Verdict {
    refuse(field, why)
}

/// A word such as `RoleChanged`.
pub(crate) fn audit_action(text: &str) -> Verdict {
    let is_word =
        (1..=MAX_ACTION_LENGTH).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_word {
        Ok(())
    } else {
        refuse("invalid", format_args!("must be 1 to {MAX_ACTION_LENGTH} letters and digits"))
    }
}

pub(crate) fn time(text: &str) -> Verdict {
    judge(read_time(text))
}

pub(crate) fn page_size(text: &str) -> Verdict {
    judge(PageSize::parse(text))
}

pub(crate) fn cursor(text: &str) -> Verdict {
    judge(Cursor::parse(text))
}

pub(crate) fn member_search(text: &str) -> Verdict {
    judge(MemberSearch::parse(text))
}

pub(crate) fn role(text: &str) -> Verdict {
    judge(read_role(text))
}

pub(crate) fn phone(text: &str) -> Verdict {
    judge(PhoneNumber::parse(text))
}

pub(crate) fn https_url(text: &str) -> Verdict {
    judge(HttpsUrl::parse(text))
}

pub(crate) fn line(text: &str) -> Verdict {
    judge(Line::parse(text))
}

pub(crate) fn problem(text: &str) -> Verdict {
    judge(Problem::parse(text))
}

pub(crate) fn prose(text: &str) -> Verdict {
    judge(Prose::parse(text))
}

pub(crate) fn product_id(text: &str) -> Verdict {
    judge(ProductId::parse(text))
}

pub(crate) fn core_values(texts: &[String]) -> Verdict {
    judge(read_core_values(texts))
}

pub(crate) fn step_status(text: &str) -> Verdict {
    judge(read_step_status(text))
}

pub(crate) fn steps(numbers: &[i64]) -> Verdict {
    judge(Steps::parse(numbers))
}

pub(crate) fn version(number: i64) -> Verdict {
    judge(read_version(number))
}

pub(crate) fn language(text: &str) -> Verdict {
    judge(Language::parse(text))
}

pub(crate) fn time_zone(text: &str) -> Verdict {
    judge(TimeZone::parse(text))
}

pub(crate) fn currency(text: &str) -> Verdict {
    judge(Currency::parse(text))
}

pub(crate) fn label(text: &str) -> Verdict {
    judge(Label::parse(text))
}

pub(crate) fn theme(text: &str) -> Verdict {
    judge(read_theme(text))
}

pub(crate) fn time_format(text: &str) -> Verdict {
    judge(read_time_format(text))
}

pub(crate) fn session_length(minutes: i64) -> Verdict {
    judge(read_session_length(minutes))
}

/// A password in full; whether it is a good one is for the use case to say, which knows whose it is.
pub(crate) fn password(text: &Secret) -> Verdict {
    if text.expose().is_empty() {
        return refuse("required", "is required");
    }
    judge(Password::parse(text.clone().into_inner()))
}

pub(crate) fn token(text: &Secret) -> Verdict {
    token_of_at_most(TokenHash::MAX_TOKEN_LENGTH, text)
}

pub(crate) fn id_token(text: &Secret) -> Verdict {
    token_of_at_most(MAX_ID_TOKEN_LENGTH, text)
}

fn token_of_at_most(longest: usize, text: &Secret) -> Verdict {
    match text.expose().len() {
        0 => refuse("required", "is required"),
        length if length <= longest => Ok(()),
        _ => refuse("invalid", format_args!("must be at most {longest} characters")),
    }
}

pub(crate) fn invitation_message(text: &str) -> Verdict {
    judge(InvitationMessage::parse(text))
}

pub(crate) fn open_for(days: i64) -> Verdict {
    judge(OpenFor::from_days(days))
}

pub(crate) fn invitation_status(text: &str) -> Verdict {
    judge(read_invitation_status(text))
}

pub(crate) fn identity_provider(text: &str) -> Verdict {
    judge(read_identity_provider(text))
}

pub(crate) fn nonce(text: &str) -> Verdict {
    if text.len() > MAX_NONCE_LENGTH {
        return refuse("invalid", format_args!("must be at most {MAX_NONCE_LENGTH} characters"));
    }
    Ok(())
}

pub(super) fn read_theme(text: &str) -> Result<Theme, String> {
    Theme::from_name(text).ok_or_else(|| one_of(Theme::ALL.iter().map(|theme| theme.as_str())))
}

pub(super) fn read_user_status(text: &str) -> Result<UserStatus, String> {
    UserStatus::from_name(text).ok_or_else(|| one_of(UserStatus::ALL.iter().map(|status| status.as_str())))
}

pub(super) fn read_tenant_status(text: &str) -> Result<TenantStatus, String> {
    TenantStatus::from_name(text).ok_or_else(|| one_of(TenantStatus::ALL.iter().map(|status| status.as_str())))
}

pub(super) fn read_tier(text: &str) -> Result<Tier, String> {
    Tier::from_name(text).ok_or_else(|| one_of(Tier::ALL.iter().map(|tier| tier.as_str())))
}

pub(super) fn read_subscription_status(text: &str) -> Result<SubscriptionStatus, String> {
    let names = SubscriptionStatus::ALL.iter().map(|status| status.as_str());
    SubscriptionStatus::from_name(text).ok_or_else(|| one_of(names))
}

pub(super) fn read_suspension_reason(text: &str) -> Result<SuspensionReason, String> {
    SuspensionReason::from_name(text).ok_or_else(|| one_of(SuspensionReason::ALL.iter().map(|reason| reason.as_str())))
}

/// Longest name of an action in the audit trail.
pub(super) const MAX_ACTION_LENGTH: usize = 64;

pub(super) fn read_time(text: &str) -> Result<Timestamp, &'static str> {
    let parsed = DateTime::parse_from_rfc3339(text).map(|at| at.to_utc());
    parsed.map_err(|_| "must be a date and time such as 2026-11-21T10:00:00Z")
}

pub(super) fn read_role(text: &str) -> Result<Role, String> {
    Role::from_name(text).ok_or_else(|| one_of(Role::ALL.iter().map(|role| role.as_str())))
}

pub(super) fn read_invitation_status(text: &str) -> Result<InvitationStatus, String> {
    InvitationStatus::from_name(text).ok_or_else(|| one_of(InvitationStatus::ALL.iter().map(|status| status.as_str())))
}

pub(super) fn read_identity_provider(text: &str) -> Result<IdentityProvider, String> {
    IdentityProvider::from_name(text)
        .ok_or_else(|| one_of(IdentityProvider::ALL.iter().map(|provider| provider.as_str())))
}

pub(super) fn read_step_status(text: &str) -> Result<StepStatus, String> {
    StepStatus::from_name(text).ok_or_else(|| one_of(StepStatus::ALL.iter().map(|status| status.as_str())))
}

/// Core values as a form has them: a row that is left blank is none.
pub(super) fn read_core_values(texts: &[String]) -> Result<Vec<Line>, String> {
    let filled: Vec<_> = texts.iter().filter(|text| !text.trim().is_empty()).collect();
    if filled.len() > MAX_CORE_VALUES {
        return Err(format!("must have at most {MAX_CORE_VALUES} entries"));
    }
    filled.into_iter().map(|text| Line::parse(text).map_err(|why| format!("has an entry that {why}"))).collect()
}

pub(crate) fn read_version(number: i64) -> Result<Version, &'static str> {
    u64::try_from(number).map(Version::restore).map_err(|_| "must be the version of an earlier answer")
}

pub(super) fn read_target_line_mode(text: &str) -> Result<TargetLineMode, String> {
    TargetLineMode::from_name(text).ok_or_else(|| one_of(TargetLineMode::ALL.iter().map(|mode| mode.as_str())))
}

pub(super) fn read_time_format(text: &str) -> Result<TimeFormat, String> {
    TimeFormat::from_name(text).ok_or_else(|| one_of(TimeFormat::ALL.iter().map(|format| format.as_str())))
}

pub(super) fn read_session_length(minutes: i64) -> Result<SessionLength, InvalidSessionLength> {
    u16::try_from(minutes).map_err(|_| InvalidSessionLength).and_then(SessionLength::from_minutes)
}

fn one_of(names: impl Iterator<Item = &'static str>) -> String {
    format!("must be one of {}", names.collect::<Vec<_>>().join(", "))
}
