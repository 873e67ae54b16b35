//! The user-preferences table, shared with the Python services. Many users have no row.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    Currency, Language, TimeZone,
    user::Preferences,
    user::preferences::{Coaching, Label, Notifications, SessionLength, Theme, TimeFormat},
};

use super::ItemBuilder;
use crate::dynamodb::expression::{Changes, Condition, Item};

/// The preferences as attributes of their item, complete. The switches that the Python services know are in
/// `email_notifications`, as they have it; the channels are ours.
pub(in crate::dynamodb) fn to_item(preferences: &Preferences) -> Item {
    let Preferences { theme, language, timezone, date_format, time_format, currency, notifications, coaching } =
        preferences;
    let Notifications { email, push, sms, marketing, coaching_reminders, team_updates, system_notifications } =
        notifications;
    let Coaching { preferred_session_length, reminder_frequency, coaching_style } = coaching;
    let email_notifications = ItemBuilder::default()
        .flag("coaching_reminders", *coaching_reminders)
        .flag("team_updates", *team_updates)
        .flag("system_notifications", *system_notifications)
        .flag("marketing", *marketing);
    let channels = ItemBuilder::default().flag("email", *email).flag("push", *push).flag("sms", *sms);
    let coaching_preferences = ItemBuilder::default()
        .number("preferred_session_length", &preferred_session_length.minutes())
        .text("reminder_frequency", reminder_frequency.as_str())
        .text("coaching_style", coaching_style.as_str());
    ItemBuilder::default()
        .text("theme", theme.as_str())
        .text("language", language.as_str())
        .text("timezone", timezone.as_str())
        .text("date_format", date_format.as_str())
        .text("time_format", time_format.as_str())
        .text("currency", currency.as_str())
        .map("email_notifications", email_notifications)
        .map("notification_channels", channels)
        .map("coaching_preferences", coaching_preferences)
        .build()
}

/// Reads the preferences: from their row, else from the `preferences` of the user's row, else, for language and
/// time zone, from the user's profile.
///
/// What cannot be read counts as never set. A colour scheme that we do not know is no reason to keep somebody
/// from signing in.
pub(in crate::dynamodb) fn read(
    row: Option<&Item>,
    user: &Item,
    language: &Language,
    timezone: &TimeZone,
) -> Preferences {
    let layers = Layers([row, user.get("preferences").and_then(|value| value.as_m().ok())]);
    let default = Preferences::default();
    let email = layers.within("email_notifications");
    let channels = layers.within("notification_channels");
    let coaching = layers.within("coaching_preferences");
    let text = |name| layers.find(name, as_text);
    let label = |layers: Layers<'_>, name, default| layers.find(name, as_text).map_or(default, Label::restore);
    let flag = |layers: Layers<'_>, name, default| layers.find(name, as_flag).unwrap_or(default);
    Preferences {
        theme: text("theme").and_then(Theme::from_name).unwrap_or(default.theme),
        language: text("language").map_or_else(|| language.clone(), Language::restore),
        timezone: text("timezone").map_or_else(|| timezone.clone(), TimeZone::restore),
        date_format: label(layers, "date_format", default.date_format),
        time_format: text("time_format").and_then(TimeFormat::from_name).unwrap_or(default.time_format),
        currency: text("currency").map_or(default.currency, Currency::restore),
        notifications: Notifications {
            email: flag(channels, "email", default.notifications.email),
            push: flag(channels, "push", default.notifications.push),
            sms: flag(channels, "sms", default.notifications.sms),
            marketing: flag(email, "marketing", default.notifications.marketing),
            coaching_reminders: flag(email, "coaching_reminders", default.notifications.coaching_reminders),
            team_updates: flag(email, "team_updates", default.notifications.team_updates),
            system_notifications: flag(email, "system_notifications", default.notifications.system_notifications),
        },
        coaching: Coaching {
            preferred_session_length: coaching
                .find("preferred_session_length", as_minutes)
                .map_or(default.coaching.preferred_session_length, SessionLength::restore),
            reminder_frequency: label(coaching, "reminder_frequency", default.coaching.reminder_frequency),
            coaching_style: label(coaching, "coaching_style", default.coaching.coaching_style),
        },
    }
}

/// What to change in the stored row for preferences that were `before` to be `after`, and what must be as it
/// was seen for that. Keys that we do not know stay, in the row and in its maps.
///
/// A map is replaced as a whole, because DynamoDB can set a key of a map only where the map exists.
pub(in crate::dynamodb) fn changes(stored: &Item, before: &Preferences, after: &Preferences) -> (Changes, Condition) {
    let (before, after) = (to_item(before), to_item(after));
    let mut changes = Changes::default();
    let mut condition = Condition::default();
    for (name, value) in after {
        let previous = before.get(&name);
        if previous == Some(&value) {
            continue;
        }
        let (AttributeValue::M(wanted), Some(AttributeValue::M(previous))) = (&value, previous) else {
            changes = changes.set(&name, value);
            continue;
        };
        let seen = stored.get(&name);
        let mut merged = seen.and_then(|seen| seen.as_m().ok()).cloned().unwrap_or_default();
        let wanted = wanted.iter().filter(|(key, value)| previous.get(*key) != Some(value));
        merged.extend(wanted.map(|(key, value)| (key.clone(), value.clone())));
        condition = match seen {
            Some(seen) => condition.and(format!("#{name} = :seen_{name}")).with(&format!("seen_{name}"), seen.clone()),
            None => condition.and(format!("attribute_not_exists(#{name})")),
        };
        changes = changes.set(&name, AttributeValue::M(merged));
    }
    (changes, condition)
}

/// The places in which a preference may stand, first one first.
#[derive(Clone, Copy)]
struct Layers<'a>([Option<&'a Item>; 2]);

impl<'a> Layers<'a> {
    fn find<T>(&self, name: &str, read: fn(&'a AttributeValue) -> Option<T>) -> Option<T> {
        self.0.iter().flatten().find_map(|layer| layer.get(name).and_then(read))
    }

    fn within(&self, name: &str) -> Self {
        Self(self.0.map(|layer| layer.and_then(|layer| layer.get(name)).and_then(|value| value.as_m().ok())))
    }
}

fn as_text(value: &AttributeValue) -> Option<&str> {
    value.as_s().ok().map(String::as_str).filter(|text| !text.is_empty())
}

fn as_flag(value: &AttributeValue) -> Option<bool> {
    value.as_bool().ok().copied()
}

fn as_minutes(value: &AttributeValue) -> Option<u16> {
    value.as_n().ok().and_then(|digits| digits.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamodb::expression::{Parts, number, text};

    fn map<const N: usize>(entries: [(&str, AttributeValue); N]) -> Item {
        entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn read_from(row: Option<&Item>, user: &Item) -> Preferences {
        read(row, user, &Language::restore("de"), &TimeZone::restore("Europe/Berlin"))
    }

    #[test]
    fn what_was_never_set_comes_from_the_profile_or_has_its_default() {
        let expected = Preferences {
            language: Language::restore("de"),
            timezone: TimeZone::restore("Europe/Berlin"),
            ..Preferences::default()
        };
        assert_eq!(read_from(None, &Item::new()), expected);
    }

    #[test]
    fn the_row_goes_before_the_preferences_of_the_user() {
        let row = map([("theme", text("dark"))]);
        let old = map([("theme", text("light")), ("date_format", text("DD.MM.YYYY"))]);
        let preferences = read_from(Some(&row), &map([("preferences", AttributeValue::M(old))]));
        assert_eq!((preferences.theme, preferences.date_format.as_str()), (Theme::Dark, "DD.MM.YYYY"));
    }

    #[test]
    fn what_cannot_be_read_counts_as_never_set() {
        let row = map([
            ("theme", text("solarized")),
            ("time_format", number(&24)),
            ("currency", AttributeValue::Null(true)),
            ("email_notifications", text("all")),
            ("coaching_preferences", AttributeValue::M(map([("preferred_session_length", text("long"))]))),
        ]);
        assert_eq!(read_from(Some(&row), &Item::new()), read_from(None, &Item::new()));
    }

    #[test]
    fn an_update_keeps_what_it_does_not_know() {
        let stored =
            map([("email_notifications", AttributeValue::M(map([("weekly_digest", AttributeValue::Bool(true))])))]);
        let before = Preferences::default();
        let mut after = before.clone();
        after.notifications.marketing = true;
        let (changes, condition) = changes(&stored, &before, &after);
        let parts = Parts::new(changes, condition);
        assert_eq!(parts.update, "SET #email_notifications = :email_notifications");
        let merged = [("weekly_digest", AttributeValue::Bool(true)), ("marketing", AttributeValue::Bool(true))];
        let values = parts.values.unwrap();
        assert_eq!(values[":email_notifications"], AttributeValue::M(map(merged)));
        assert_eq!(values[":seen_email_notifications"], stored["email_notifications"]);
    }
}
