//! How a person wants the product to behave.

use crate::{Currency, Language, TimeZone};

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// Every choice.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The choice's name in tables and answers.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The choice of that name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

choice! {
    /// The colours of the user interface.
    Theme {
        /// Dark on light.
        Light = "light",
        /// Light on dark.
        Dark = "dark",
        /// As the device has it.
        #[default]
        Auto = "auto",
    }
}

choice! {
    /// How times of day are written.
    TimeFormat {
        /// 1:30 PM
        #[default]
        TwelveHours = "12h",
        /// 13:30
        TwentyFourHours = "24h",
    }
}

/// A short free text, such as a date pattern or the name of a coaching style: 1 to 50 visible characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label(String);

/// Why a text is not a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 50 characters")]
pub struct InvalidLabel;

impl Label {
    /// Longest label, in characters.
    pub const MAX_LENGTH: usize = 50;

    /// Reads a label, ignoring white space around it.
    ///
    /// # Errors
    ///
    /// [`InvalidLabel`] when it is empty, too long or holds control characters.
    pub fn parse(text: &str) -> Result<Self, InvalidLabel> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > Self::MAX_LENGTH || text.chars().any(char::is_control) {
            return Err(InvalidLabel);
        }
        Ok(Self(text.to_owned()))
    }

    /// Takes a label from the store as it is.
    #[must_use]
    pub fn restore(stored: impl Into<String>) -> Self {
        Self(stored.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How long a coaching session should be: 5 to 480 minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLength(u16);

/// Why a number of minutes is not a session length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 5 to 480 minutes")]
pub struct InvalidSessionLength;

impl SessionLength {
    /// The shortest session, in minutes.
    pub const MIN_MINUTES: u16 = 5;

    /// The longest session, in minutes.
    pub const MAX_MINUTES: u16 = 480;

    /// Takes a length in minutes.
    ///
    /// # Errors
    ///
    /// [`InvalidSessionLength`] when it is out of range.
    pub fn from_minutes(minutes: u16) -> Result<Self, InvalidSessionLength> {
        let possible = Self::MIN_MINUTES..=Self::MAX_MINUTES;
        if possible.contains(&minutes) { Ok(Self(minutes)) } else { Err(InvalidSessionLength) }
    }

    /// Takes a length from the store as it is.
    #[must_use]
    pub const fn restore(minutes: u16) -> Self {
        Self(minutes)
    }

    /// The length in minutes.
    #[must_use]
    pub const fn minutes(self) -> u16 {
        self.0
    }
}

/// Everything a person can set, complete: what was never set has its default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preferences {
    /// The colours of the user interface.
    pub theme: Theme,
    /// The language of mails and pages.
    pub language: Language,
    /// The zone in which times are shown.
    pub timezone: TimeZone,
    /// The pattern in which dates are shown.
    pub date_format: Label,
    /// How times of day are shown.
    pub time_format: TimeFormat,
    /// The currency in which amounts are shown.
    pub currency: Currency,
    /// What the person wants to be told, and how.
    pub notifications: Notifications,
    /// How the person wants to be coached.
    pub coaching: Coaching,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            theme: Theme::default(),
            language: Language::default(),
            timezone: TimeZone::default(),
            date_format: Label::restore("MM/DD/YYYY"),
            time_format: TimeFormat::default(),
            currency: Currency::default(),
            notifications: Notifications::default(),
            coaching: Coaching::default(),
        }
    }
}

/// What a person wants to be told, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "seven independent switches on one page are seven booleans")]
pub struct Notifications {
    /// By mail.
    pub email: bool,
    /// On the device.
    pub push: bool,
    /// By text message.
    pub sms: bool,
    /// Offers; off unless asked for.
    pub marketing: bool,
    /// Reminders of coaching sessions.
    pub coaching_reminders: bool,
    /// What the team did.
    pub team_updates: bool,
    /// What the service has to say.
    pub system_notifications: bool,
}

impl Default for Notifications {
    fn default() -> Self {
        Self {
            email: true,
            push: true,
            sms: false,
            marketing: false,
            coaching_reminders: true,
            team_updates: true,
            system_notifications: true,
        }
    }
}

/// How a person wants to be coached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coaching {
    /// How long a session should be.
    pub preferred_session_length: SessionLength,
    /// How often to be reminded, for example `weekly`.
    pub reminder_frequency: Label,
    /// The tone, for example `supportive`.
    pub coaching_style: Label,
}

impl Default for Coaching {
    fn default() -> Self {
        Self {
            preferred_session_length: SessionLength::restore(30),
            reminder_frequency: Label::restore("weekly"),
            coaching_style: Label::restore("supportive"),
        }
    }
}

/// A wish to change some of the [`Preferences`]; `None` leaves a value as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreferencesChange {
    /// See [`Preferences::theme`].
    pub theme: Option<Theme>,
    /// See [`Preferences::language`].
    pub language: Option<Language>,
    /// See [`Preferences::timezone`].
    pub timezone: Option<TimeZone>,
    /// See [`Preferences::date_format`].
    pub date_format: Option<Label>,
    /// See [`Preferences::time_format`].
    pub time_format: Option<TimeFormat>,
    /// See [`Preferences::currency`].
    pub currency: Option<Currency>,
    /// See [`Preferences::notifications`].
    pub notifications: NotificationsChange,
    /// See [`Preferences::coaching`].
    pub coaching: CoachingChange,
}

/// A wish to change some of the [`Notifications`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotificationsChange {
    /// See [`Notifications::email`].
    pub email: Option<bool>,
    /// See [`Notifications::push`].
    pub push: Option<bool>,
    /// See [`Notifications::sms`].
    pub sms: Option<bool>,
    /// See [`Notifications::marketing`].
    pub marketing: Option<bool>,
    /// See [`Notifications::coaching_reminders`].
    pub coaching_reminders: Option<bool>,
    /// See [`Notifications::team_updates`].
    pub team_updates: Option<bool>,
    /// See [`Notifications::system_notifications`].
    pub system_notifications: Option<bool>,
}

/// A wish to change some of the [`Coaching`] preferences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CoachingChange {
    /// See [`Coaching::preferred_session_length`].
    pub preferred_session_length: Option<SessionLength>,
    /// See [`Coaching::reminder_frequency`].
    pub reminder_frequency: Option<Label>,
    /// See [`Coaching::coaching_style`].
    pub coaching_style: Option<Label>,
}

impl Preferences {
    /// These preferences with the wished changes.
    #[must_use]
    pub fn changed(&self, change: PreferencesChange) -> Self {
        let PreferencesChange {
            theme,
            language,
            timezone,
            date_format,
            time_format,
            currency,
            notifications,
            coaching,
        } = change;
        let now = self.clone();
        Self {
            theme: theme.unwrap_or(now.theme),
            language: language.unwrap_or(now.language),
            timezone: timezone.unwrap_or(now.timezone),
            date_format: date_format.unwrap_or(now.date_format),
            time_format: time_format.unwrap_or(now.time_format),
            currency: currency.unwrap_or(now.currency),
            notifications: now.notifications.changed(&notifications),
            coaching: now.coaching.changed(coaching),
        }
    }
}

impl Notifications {
    fn changed(&self, change: &NotificationsChange) -> Self {
        Self {
            email: change.email.unwrap_or(self.email),
            push: change.push.unwrap_or(self.push),
            sms: change.sms.unwrap_or(self.sms),
            marketing: change.marketing.unwrap_or(self.marketing),
            coaching_reminders: change.coaching_reminders.unwrap_or(self.coaching_reminders),
            team_updates: change.team_updates.unwrap_or(self.team_updates),
            system_notifications: change.system_notifications.unwrap_or(self.system_notifications),
        }
    }
}

impl Coaching {
    fn changed(self, change: CoachingChange) -> Self {
        Self {
            preferred_session_length: change.preferred_session_length.unwrap_or(self.preferred_session_length),
            reminder_frequency: change.reminder_frequency.unwrap_or(self.reminder_frequency),
            coaching_style: change.coaching_style.unwrap_or(self.coaching_style),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_named_changes() {
        let change = PreferencesChange {
            theme: Some(Theme::Dark),
            notifications: NotificationsChange { marketing: Some(true), ..NotificationsChange::default() },
            ..PreferencesChange::default()
        };
        let changed = Preferences::default().changed(change);
        let mut expected = Preferences { theme: Theme::Dark, ..Preferences::default() };
        expected.notifications.marketing = true;
        assert_eq!(changed, expected);
    }
}
