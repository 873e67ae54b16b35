//! How a tenant wants the product to behave for all of its people.

/// The settings of a tenant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TenantSettings {
    /// How many target lines charts show.
    pub target_line_mode: TargetLineMode,
}

/// How many target lines charts show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TargetLineMode {
    /// One.
    #[default]
    Single,
    /// Three: the target, and how far one may be off in either direction.
    Three,
}

impl TargetLineMode {
    /// Every mode.
    pub const ALL: [Self; 2] = [Self::Single, Self::Three];

    /// The mode's name in tables, events and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Three => "three",
        }
    }

    /// The mode of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == name)
    }
}

/// A wish to change some of the settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TenantSettingsChange {
    /// Another mode.
    pub target_line_mode: Option<TargetLineMode>,
}

impl TenantSettings {
    /// The settings with what is wished for.
    #[must_use]
    pub fn changed(self, change: TenantSettingsChange) -> Self {
        let TenantSettingsChange { target_line_mode } = change;
        Self { target_line_mode: target_line_mode.unwrap_or(self.target_line_mode) }
    }
}
