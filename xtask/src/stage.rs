//! The stages, and what things are called in each (`docs/deployment/analysis.md`).

use std::fmt;

use clap::ValueEnum;
use serde::Serialize;

/// Where the service runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Stage {
    /// For development.
    Dev,
    /// The rehearsal.
    Staging,
    /// Real customers.
    Prod,
}

impl Stage {
    /// The stage's part of names.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Staging => "staging",
            Self::Prod => "prod",
        }
    }

    /// The custom domain that the services share, unless a setting says otherwise.
    pub(crate) const fn domain(self) -> &'static str {
        match self {
            Self::Dev => "api.dev.purposepath.app",
            Self::Staging => "api.staging.purposepath.app",
            Self::Prod => "api.purposepath.app",
        }
    }

    /// `purposepath-<middle>-<stage>`: the rule for stacks, exports and tables.
    pub(crate) fn name(self, middle: &str) -> String {
        format!("purposepath-{middle}-{}", self.as_str())
    }

    /// The stack of this service.
    pub(crate) fn our_stack(self) -> String {
        self.name("account-rust")
    }

    /// Every stack that is ours, one for each template.
    pub(crate) fn our_stacks(self) -> [String; 5] {
        OUR_STACKS.map(|middle| self.name(middle))
    }

    /// The stack of what the service needs and a stage may lack. (`purposepath-shared-infrastructure-<stage>` is
    /// somebody else's.)
    pub(crate) fn shared_stack(self) -> String {
        self.name("account-rust-shared")
    }
}

/// Our stacks, without `purposepath-` and the stage.
const OUR_STACKS: [&str; 5] =
    ["account-rust", "account-rust-shared", "account-rust-mapping", "account-rust-observability", "account-rust-ci"];

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The part of the custom domain that leads to the account service.
pub(crate) const MAPPING_KEY: &str = "account";
