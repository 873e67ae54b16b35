//! Schemas whose limits and choices are the domain's.

mod prices;

use application::{
    audit::AuditActor,
    page::{Cursor, PageSize},
    ports::MAX_ID_TOKEN_LENGTH,
};
use domain::{
    EmailAddress, HttpsUrl, IdentityProvider, PersonName, PhoneNumber, Role, TokenHash, UsageAmount,
    business::{Line, MAX_CORE_VALUES, Problem, Prose, StepStatus, Steps},
    ids,
    invitation::{InvitationMessage, InvitationStatus, OpenFor},
    subscription::TrialExtensionReason,
    tenant::{SuspensionReason, TargetLineMode, TenantName, TenantStatus},
    user::{
        Password, PasswordPolicy, UserStatus,
        preferences::{Label, SessionLength, Theme, TimeFormat},
    },
};
pub(crate) use prices::*;
use utoipa::openapi::{
    Array, ArrayBuilder, KnownFormat, Object, ObjectBuilder, SchemaFormat,
    schema::{AdditionalProperties, SchemaType, Type},
};

use super::rules::{self, MAX_NONCE_LENGTH};

fn string() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn text(longest: usize) -> ObjectBuilder {
    string().min_length(Some(1)).max_length(Some(longest))
}

fn nullable(object: ObjectBuilder) -> ObjectBuilder {
    object.schema_type(SchemaType::from_iter([Type::String, Type::Null]))
}

fn of_format(object: ObjectBuilder, known: KnownFormat) -> ObjectBuilder {
    object.format(Some(SchemaFormat::KnownFormat(known)))
}

fn uri(object: ObjectBuilder) -> ObjectBuilder {
    of_format(object, KnownFormat::Uri)
}

fn choice(names: impl Iterator<Item = &'static str>) -> ObjectBuilder {
    string().enum_values(Some(names))
}

/// The `limit` of a list.
pub(crate) fn page_size() -> Object {
    let description = "How many to show at most; 20 unless told.";
    let object = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(PageSize::MAX));
    object.description(Some(description)).into()
}

/// The `cursor` of a list.
pub(crate) fn cursor() -> Object {
    text(Cursor::MAX_LENGTH).description(Some("The `next_cursor` of the page before.")).into()
}

/// The name of what happened, in the audit trail.
pub(crate) fn audit_action() -> Object {
    text(rules::MAX_ACTION_LENGTH).pattern(Some("^[A-Za-z0-9]+$")).into()
}

pub(crate) fn audit_actor_kind() -> Object {
    choice(AuditActor::KINDS.into_iter()).into()
}

/// An object whose fields depend on the action.
pub(crate) fn audit_details() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .additional_properties(Some(AdditionalProperties::FreeForm(true)))
        .into()
}

pub(crate) fn time() -> Object {
    of_format(string(), KnownFormat::DateTime).into()
}

pub(crate) fn always_true() -> Object {
    ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([true])).into()
}

pub(crate) fn always_false() -> Object {
    ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([false])).into()
}

pub(crate) fn email() -> Object {
    let description = "Compared without case; answers show it in lower case.";
    let object = of_format(text(EmailAddress::MAX_LENGTH), KnownFormat::Email);
    object.description(Some(description)).into()
}

fn any_password() -> ObjectBuilder {
    of_format(text(Password::MAX_TYPED_LENGTH), KnownFormat::Password)
}

pub(crate) fn typed_password() -> Object {
    any_password().into()
}

pub(crate) fn nullable_typed_password() -> Object {
    nullable(any_password()).into()
}

fn good_password() -> ObjectBuilder {
    let description = "Every character counts, white space included. Refused when it is short, common, or built \
                       from the name or address of the person.";
    let object = string().min_length(Some(PasswordPolicy::LEAST_MIN_LENGTH));
    let object = of_format(object.max_length(Some(PasswordPolicy::MAX_LENGTH)), KnownFormat::Password);
    object.description(Some(description))
}

pub(crate) fn new_password() -> Object {
    good_password().into()
}

pub(crate) fn nullable_new_password() -> Object {
    nullable(good_password()).into()
}

pub(crate) fn token() -> Object {
    text(TokenHash::MAX_TOKEN_LENGTH).into()
}

pub(crate) fn id_token() -> Object {
    text(MAX_ID_TOKEN_LENGTH).into()
}

pub(crate) fn nullable_id_token() -> Object {
    nullable(text(MAX_ID_TOKEN_LENGTH)).into()
}

pub(crate) fn identity_provider() -> Object {
    choice(IdentityProvider::ALL.iter().map(|provider| provider.as_str())).into()
}

pub(crate) fn nullable_identity_provider() -> Object {
    nullable_choice(IdentityProvider::ALL.iter().map(|provider| provider.as_str())).into()
}

pub(crate) fn nullable_nonce() -> Object {
    nullable(text(MAX_NONCE_LENGTH)).into()
}

pub(crate) fn id() -> Object {
    text(ids::MAX_LENGTH).description(Some("Opaque.")).into()
}

pub(crate) fn nullable_id() -> Object {
    nullable(text(ids::MAX_LENGTH)).into()
}

pub(crate) fn person_name() -> Object {
    text(PersonName::MAX_LENGTH).into()
}

pub(crate) fn nullable_person_name() -> Object {
    nullable(text(PersonName::MAX_LENGTH)).into()
}

pub(crate) fn nullable_tenant_name() -> Object {
    nullable(text(TenantName::MAX_LENGTH)).into()
}

pub(crate) fn nullable_phone() -> Object {
    nullable(text(PhoneNumber::MAX_LENGTH)).into()
}

pub(crate) fn nullable_https_url() -> Object {
    uri(nullable(text(HttpsUrl::MAX_LENGTH))).description(Some("An `https` link to a public host.")).into()
}

pub(crate) fn line() -> Object {
    text(Line::MAX_LENGTH).into()
}

pub(crate) fn nullable_line() -> Object {
    nullable(text(Line::MAX_LENGTH)).into()
}

pub(crate) fn problem() -> Object {
    text(Problem::MAX_LENGTH).into()
}

pub(crate) fn nullable_problem() -> Object {
    nullable(text(Problem::MAX_LENGTH)).into()
}

pub(crate) fn nullable_prose() -> Object {
    nullable(text(Prose::MAX_LENGTH)).into()
}

/// A size in words or as a number.
pub(crate) fn nullable_text_or_count() -> Object {
    let types = SchemaType::from_iter([Type::String, Type::Integer, Type::Null]);
    let object = text(Line::MAX_LENGTH).schema_type(types).minimum(Some(0)).maximum(Some(u32::MAX));
    object.description(Some("`12` or `\"11-50\"`; answered as a text.")).into()
}

fn nullable_list(of: ObjectBuilder, longest: usize) -> Array {
    let types = SchemaType::from_iter([Type::Array, Type::Null]);
    ArrayBuilder::new().schema_type(types).items(of).max_items(Some(longest)).build()
}

pub(crate) fn core_values() -> Array {
    nullable_list(string().max_length(Some(Line::MAX_LENGTH)), MAX_CORE_VALUES)
}

/// The numbers of steps.
pub(crate) fn steps() -> Array {
    let step = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(Steps::LAST));
    nullable_list(step, Steps::LAST.into())
}

pub(crate) fn step_status() -> Object {
    choice(StepStatus::ALL.iter().map(|status| status.as_str())).into()
}

pub(crate) fn nullable_step_status() -> Object {
    nullable_choice(StepStatus::ALL.iter().map(|status| status.as_str())).into()
}

pub(crate) fn nullable_version() -> Object {
    let types = SchemaType::from_iter([Type::Integer, Type::Null]);
    ObjectBuilder::new().schema_type(types).minimum(Some(0)).into()
}

pub(crate) fn role() -> Object {
    choice(Role::ALL.iter().map(|role| role.as_str())).into()
}

pub(crate) fn invitation_status() -> Object {
    choice(InvitationStatus::ALL.iter().map(|status| status.as_str())).into()
}

pub(crate) fn nullable_invitation_message() -> Object {
    let description = "A few words for the mail, on one or more lines; without links or addresses.";
    nullable(text(InvitationMessage::MAX_LENGTH)).description(Some(description)).into()
}

pub(crate) fn nullable_open_for() -> Object {
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Integer, Type::Null]))
        .minimum(Some(OpenFor::MIN_DAYS))
        .maximum(Some(OpenFor::MAX_DAYS))
        .description(Some("For how many days the invitation is open; 7 unless told."))
        .into()
}

pub(crate) fn nullable_token() -> Object {
    nullable(text(TokenHash::MAX_TOKEN_LENGTH)).into()
}

pub(crate) fn user_status() -> Object {
    choice(UserStatus::ALL.iter().map(|status| status.as_str())).into()
}

pub(crate) fn tenant_status() -> Object {
    choice(TenantStatus::ALL.iter().map(|status| status.as_str())).into()
}

pub(crate) fn target_line_mode() -> Object {
    choice(TargetLineMode::ALL.iter().map(|mode| mode.as_str())).into()
}

pub(crate) fn nullable_target_line_mode() -> Object {
    nullable_choice(TargetLineMode::ALL.iter().map(|mode| mode.as_str())).into()
}

pub(crate) fn theme() -> Object {
    choice(Theme::ALL.iter().map(|theme| theme.as_str())).into()
}

pub(crate) fn time_format() -> Object {
    choice(TimeFormat::ALL.iter().map(|format| format.as_str())).into()
}

/// A choice that may be absent: `null` is one of its values.
fn nullable_choice(names: impl Iterator<Item = &'static str>) -> ObjectBuilder {
    nullable(string()).enum_values(Some(names.map(Some).chain([None])))
}

pub(crate) fn nullable_theme() -> Object {
    nullable_choice(Theme::ALL.iter().map(|theme| theme.as_str())).into()
}

pub(crate) fn nullable_time_format() -> Object {
    nullable_choice(TimeFormat::ALL.iter().map(|format| format.as_str())).into()
}

pub(crate) fn suspension_reason() -> Object {
    choice(SuspensionReason::ALL.iter().map(|reason| reason.as_str())).into()
}

pub(crate) fn nullable_suspension_reason() -> Object {
    nullable_choice(SuspensionReason::ALL.iter().map(|reason| reason.as_str())).into()
}

pub(crate) fn trial_extension_reason() -> Object {
    text(TrialExtensionReason::MAX_LENGTH).into()
}

pub(crate) fn nullable_usage_amount() -> Object {
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Integer, Type::Null]))
        .minimum(Some(1))
        .maximum(Some(UsageAmount::MAX))
        .into()
}

pub(crate) fn nullable_time() -> Object {
    of_format(nullable(string()), KnownFormat::DateTime).into()
}

pub(crate) fn nullable_label() -> Object {
    nullable(text(Label::MAX_LENGTH)).into()
}

pub(crate) fn nullable_session_length() -> Object {
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Integer, Type::Null]))
        .minimum(Some(SessionLength::MIN_MINUTES))
        .maximum(Some(SessionLength::MAX_MINUTES))
        .description(Some("Minutes."))
        .into()
}

pub(crate) fn token_type() -> Object {
    choice(["Bearer"].into_iter()).into()
}

pub(crate) fn link_status() -> Object {
    choice(["valid", "used", "expired", "not_found"].into_iter()).into()
}
