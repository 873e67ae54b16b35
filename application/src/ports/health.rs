use async_trait::async_trait;

/// Something that the service depends on and that can be asked how it is.
#[async_trait]
pub trait HealthCheck: Send + Sync {
    /// What it is called in answers and alarms.
    fn component(&self) -> Component;

    /// Reaches out to it once, in at most a second or two.
    ///
    /// # Errors
    ///
    /// A sentence for the log when it does not answer. It is not shown to clients.
    async fn check(&self) -> Result<(), String>;
}

/// What a health check looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Component {
    /// The tables.
    Store,
    /// The keys that tokens are signed with.
    SigningKeys,
}

impl Component {
    /// The component's name in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Store => "dynamodb",
            Self::SigningKeys => "signing_keys",
        }
    }
}
