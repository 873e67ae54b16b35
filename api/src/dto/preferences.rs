//! Preferences.

use domain::user::{
    Preferences, PreferencesChange,
    preferences::{Coaching, CoachingChange, Label, Notifications, NotificationsChange},
};
use domain::{Currency, Language, TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::{rules, schemas};
use crate::error::{ApiError, AtField};

/// Everything a person can set.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Preferences)]
pub(crate) struct PreferencesInfo {
    #[schema(schema_with = schemas::theme)]
    theme: &'static str,
    /// BCP 47.
    language: String,
    /// IANA.
    timezone: String,
    date_format: String,
    #[schema(schema_with = schemas::time_format)]
    time_format: &'static str,
    /// ISO 4217.
    currency: String,
    notifications: NotificationsInfo,
    coaching: CoachingInfo,
}

/// What a person wants to be told, and how.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Notifications)]
#[expect(clippy::struct_excessive_bools, reason = "the switches of the contract")]
pub(crate) struct NotificationsInfo {
    email: bool,
    push: bool,
    sms: bool,
    marketing: bool,
    coaching_reminders: bool,
    team_updates: bool,
    system_notifications: bool,
}

/// How a person wants to be coached.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Coaching)]
pub(crate) struct CoachingInfo {
    /// Minutes.
    preferred_session_length: u16,
    reminder_frequency: String,
    coaching_style: String,
}

impl From<&Preferences> for PreferencesInfo {
    fn from(preferences: &Preferences) -> Self {
        let Preferences { theme, language, timezone, date_format, time_format, currency, notifications, coaching } =
            preferences;
        Self {
            theme: theme.as_str(),
            language: language.as_str().to_owned(),
            timezone: timezone.as_str().to_owned(),
            date_format: date_format.as_str().to_owned(),
            time_format: time_format.as_str(),
            currency: currency.as_str().to_owned(),
            notifications: notifications.into(),
            coaching: coaching.into(),
        }
    }
}

impl PreferencesInfo {
    pub(crate) fn example() -> Self {
        (&Preferences::default()).into()
    }
}

impl From<&Notifications> for NotificationsInfo {
    fn from(notifications: &Notifications) -> Self {
        let Notifications { email, push, sms, marketing, coaching_reminders, team_updates, system_notifications } =
            *notifications;
        Self { email, push, sms, marketing, coaching_reminders, team_updates, system_notifications }
    }
}

impl From<&Coaching> for CoachingInfo {
    fn from(coaching: &Coaching) -> Self {
        let Coaching { preferred_session_length, reminder_frequency, coaching_style } = coaching;
        Self {
            preferred_session_length: preferred_session_length.minutes(),
            reminder_frequency: reminder_frequency.as_str().to_owned(),
            coaching_style: coaching_style.as_str().to_owned(),
        }
    }
}

/// A wish to change preferences; what is absent or `null` stays as it is.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[schema(as = PreferencesUpdate, example = json!({ "theme": "dark", "notifications": { "marketing": false } }))]
pub(crate) struct PreferencesRequest {
    #[validate(custom(function = rules::theme))]
    #[schema(schema_with = schemas::nullable_theme)]
    theme: Option<String>,
    /// BCP 47.
    #[validate(custom(function = rules::language))]
    language: Option<String>,
    /// IANA.
    #[validate(custom(function = rules::time_zone))]
    timezone: Option<String>,
    #[validate(custom(function = rules::label))]
    #[schema(schema_with = schemas::nullable_label)]
    date_format: Option<String>,
    #[validate(custom(function = rules::time_format))]
    #[schema(schema_with = schemas::nullable_time_format)]
    time_format: Option<String>,
    /// ISO 4217.
    #[validate(custom(function = rules::currency))]
    currency: Option<String>,
    notifications: Option<NotificationsRequest>,
    #[validate(nested)]
    coaching: Option<CoachingRequest>,
}

/// A wish to change what one is told.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = NotificationsUpdate)]
struct NotificationsRequest {
    email: Option<bool>,
    push: Option<bool>,
    sms: Option<bool>,
    marketing: Option<bool>,
    coaching_reminders: Option<bool>,
    team_updates: Option<bool>,
    system_notifications: Option<bool>,
}

/// A wish to be coached differently.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[schema(as = CoachingUpdate)]
struct CoachingRequest {
    #[validate(custom(function = rules::session_length))]
    #[schema(schema_with = schemas::nullable_session_length)]
    preferred_session_length: Option<i64>,
    #[validate(custom(function = rules::label))]
    #[schema(schema_with = schemas::nullable_label)]
    reminder_frequency: Option<String>,
    #[validate(custom(function = rules::label))]
    #[schema(schema_with = schemas::nullable_label)]
    coaching_style: Option<String>,
}

impl TryFrom<PreferencesRequest> for PreferencesChange {
    type Error = ApiError;

    fn try_from(request: PreferencesRequest) -> Result<Self, ApiError> {
        let PreferencesRequest {
            theme,
            language,
            timezone,
            date_format,
            time_format,
            currency,
            notifications,
            coaching,
        } = request;
        Ok(Self {
            theme: theme.as_deref().map(rules::read_theme).transpose().at("theme")?,
            language: language.as_deref().map(Language::parse).transpose().at("language")?,
            timezone: timezone.as_deref().map(TimeZone::parse).transpose().at("timezone")?,
            date_format: date_format.as_deref().map(Label::parse).transpose().at("date_format")?,
            time_format: time_format.as_deref().map(rules::read_time_format).transpose().at("time_format")?,
            currency: currency.as_deref().map(Currency::parse).transpose().at("currency")?,
            notifications: notifications.unwrap_or_default().into(),
            coaching: coaching.unwrap_or_default().try_into()?,
        })
    }
}

impl From<NotificationsRequest> for NotificationsChange {
    fn from(request: NotificationsRequest) -> Self {
        let NotificationsRequest {
            email,
            push,
            sms,
            marketing,
            coaching_reminders,
            team_updates,
            system_notifications,
        } = request;
        Self { email, push, sms, marketing, coaching_reminders, team_updates, system_notifications }
    }
}

impl TryFrom<CoachingRequest> for CoachingChange {
    type Error = ApiError;

    fn try_from(request: CoachingRequest) -> Result<Self, ApiError> {
        let CoachingRequest { preferred_session_length: length, reminder_frequency, coaching_style } = request;
        let length = length.map(rules::read_session_length).transpose();
        Ok(Self {
            preferred_session_length: length.at("coaching.preferred_session_length")?,
            reminder_frequency: reminder_frequency
                .as_deref()
                .map(Label::parse)
                .transpose()
                .at("coaching.reminder_frequency")?,
            coaching_style: coaching_style.as_deref().map(Label::parse).transpose().at("coaching.coaching_style")?,
        })
    }
}
