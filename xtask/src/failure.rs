//! Why a command did not do what it was asked for.

use std::{fmt, process::ExitCode};

use serde::Serialize;

/// What went wrong, for a program: stable, and listed in `docs/deployment/README.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Code {
    /// A program that the command needs is not installed.
    ToolMissing,
    /// A program that the command needs failed.
    ToolFailed,
    /// A program answered something that cannot be read.
    ToolAnswerUnreadable,
    /// AWS does not know who asks, or asks them to sign in again.
    NotSignedIn,
    /// A file cannot be read or written.
    FileFailed,
    /// What is there does not fit what the service needs.
    PreflightFailed,
    /// The decisions of the preflight are not there, or are for another stage.
    ParametersMissing,
    /// The template has no such parameter.
    ParameterUnknown,
    /// A change would replace or delete something that holds data or takes traffic.
    StatefulChange,
    /// The command changes production and was not confirmed.
    ConfirmationRequired,
    /// `CloudFormation` did not get to where it was asked to go.
    StackFailed,
    /// There is no such stack.
    StackMissing,
    /// What was built is larger than allowed.
    TooLarge,
    /// The templates are wrong.
    LintFailed,
    /// The service did not answer exactly as it must.
    SmokeFailed,
    /// The custom domain has no mapping of the account service.
    MappingMissing,
    /// The stack does not say where its API is.
    TargetMissing,
    /// The new target failed, and traffic is back at the previous one.
    SwitchReverted,
    /// The new target failed, and so did the way back.
    SwitchStuck,
    /// Nobody wrote down where traffic went before, or there is no such version.
    NoPreviousTarget,
    /// Deleting the stack would delete data.
    NotRetained,
    /// Other stacks import what the stack exports.
    StillImported,
    /// A mapping of the custom domain leads to the stack's API.
    StillMapped,
    /// The new service has not run long enough.
    SoakTime,
    /// A table could not be read or written.
    TableFailed,
    /// A table is not there, or is another than the service knows.
    TableMissing,
    /// The checkpoint belongs to other tables, or is of another version.
    CheckpointRefused,
    /// Not every user with an address has a claim, or something else is left for people to decide.
    MigrationIncomplete,
    /// Somebody cannot read a row.
    RowsUnreadable,
}

impl Code {
    /// Every code.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 29] = [
        Self::ToolMissing,
        Self::ToolFailed,
        Self::ToolAnswerUnreadable,
        Self::NotSignedIn,
        Self::FileFailed,
        Self::PreflightFailed,
        Self::ParametersMissing,
        Self::ParameterUnknown,
        Self::StatefulChange,
        Self::ConfirmationRequired,
        Self::StackFailed,
        Self::StackMissing,
        Self::TooLarge,
        Self::LintFailed,
        Self::SmokeFailed,
        Self::MappingMissing,
        Self::TargetMissing,
        Self::SwitchReverted,
        Self::SwitchStuck,
        Self::NoPreviousTarget,
        Self::NotRetained,
        Self::StillImported,
        Self::StillMapped,
        Self::SoakTime,
        Self::TableFailed,
        Self::TableMissing,
        Self::CheckpointRefused,
        Self::MigrationIncomplete,
        Self::RowsUnreadable,
    ];

    /// The exit status: 3 when the machine or AWS is at fault, 1 when the answer is no. (2 is clap's, for wrong
    /// arguments.)
    const fn exit_status(self) -> u8 {
        match self {
            Self::ToolMissing
            | Self::ToolFailed
            | Self::ToolAnswerUnreadable
            | Self::NotSignedIn
            | Self::FileFailed
            | Self::TableFailed => 3,
            _ => 1,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The one spelling is serde's.
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(name)) => f.write_str(&name),
            _ => fmt::Debug::fmt(self, f),
        }
    }
}

/// Why a command did not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    /// For a program.
    pub(crate) code: Code,
    /// For a person.
    pub(crate) message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) advice: Option<String>,
}

impl Failure {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), advice: None }
    }

    /// With what to do about it.
    pub(crate) fn advise(self, advice: impl Into<String>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code.exit_status())
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, fs, path::Path};

    use super::*;

    #[test]
    fn every_code_is_in_the_documentation_with_its_exit_status_and_none_besides() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/deployment/README.md");
        let page = fs::read_to_string(page).unwrap();
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
        let documented: HashSet<_> = rows
            .filter(|(code, _)| code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'))
            .map(|(code, rest)| (code.to_owned(), rest.chars().next().unwrap()))
            .collect();
        let status = |code: Code| char::from(b'0' + code.exit_status());
        let codes: HashSet<_> = Code::ALL.into_iter().map(|code| (code.to_string(), status(code))).collect();
        assert_eq!(documented, codes);
        assert_eq!(codes.len(), Code::ALL.len());
    }
}
