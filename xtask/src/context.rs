//! What every command works with.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Mutex,
};

use serde::de::DeserializeOwned;

use crate::{
    failure::{Code, Failure},
    programs::{Call, Finished, Programs, quoted},
    progress::Progress,
    stage::Stage,
    time::Time,
    web::Web,
};

/// The world outside, which tests replace.
pub(crate) struct World<'a> {
    pub(crate) programs: &'a dyn Programs,
    pub(crate) web: &'a dyn Web,
    pub(crate) time: &'a dyn Time,
    pub(crate) progress: &'a dyn Progress,
    /// The workspace.
    pub(crate) folder: PathBuf,
}

/// What every command works with.
pub(crate) struct Context<'a> {
    pub(crate) world: World<'a>,
    pub(crate) stage: Stage,
    pub(crate) region: String,
    pub(crate) dry_run: bool,
    left_out: Mutex<Vec<String>>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(world: World<'a>, stage: Stage, region: &str, dry_run: bool) -> Self {
        Self { world, stage, region: region.to_owned(), dry_run, left_out: Mutex::default() }
    }

    pub(crate) fn tell(&self, step: &str) {
        self.world.progress.tell(step);
    }

    /// The calls that a dry run left out, as somebody would type them.
    pub(crate) fn left_out(&self) -> Vec<String> {
        self.left_out.lock().map(|calls| calls.clone()).unwrap_or_default()
    }

    /// Runs a program that changes nothing, to a successful end.
    pub(crate) fn run(&self, call: &Call) -> Result<Finished, Failure> {
        successful(call, self.attempt(call)?)
    }

    /// Runs a program that changes nothing, to any end.
    pub(crate) fn attempt(&self, call: &Call) -> Result<Finished, Failure> {
        self.world.programs.run(call).map_err(|error| cannot_run(call, &error))
    }

    /// Runs a program that changes something; in a dry run, only notes it.
    pub(crate) fn change(&self, call: &Call) -> Result<Option<Finished>, Failure> {
        if self.dry_run {
            self.leave_out(call.to_string());
            return Ok(None);
        }
        self.run(call).map(Some)
    }

    fn leave_out(&self, call: String) {
        if let Ok(mut calls) = self.left_out.lock() {
            calls.push(call);
        }
    }

    /// A path in the workspace.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.world.folder.join(relative)
    }

    /// Writes a text with a line's end at its end, with the folders above it; in a dry run, only notes how, for the calls
    /// that read it.
    pub(crate) fn write_text(&self, path: &Path, text: &str) -> Result<(), Failure> {
        if !self.dry_run {
            return self.write_file(path, text.as_bytes());
        }
        let folder = path.parent().unwrap_or(Path::new(".")).to_string_lossy();
        let (file, text) = (path.to_string_lossy(), quoted(text.trim_end()));
        self.leave_out(format!("mkdir -p {} && printf '%s\\n' {text} >{}", quoted(&folder), quoted(&file)));
        Ok(())
    }

    /// Writes a file that only this program can make, with the folders above it; in a dry run, only notes it, as a
    /// comment among the calls.
    pub(crate) fn write_file(&self, path: &Path, content: &[u8]) -> Result<(), Failure> {
        if self.dry_run {
            self.leave_out(format!("# write {}", path.display()));
            return Ok(());
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(|error| file_failed(folder, &error))?;
        fs::write(path, content).map_err(|error| file_failed(path, &error))
    }
}

/// Reads a text file; `None` when it is not there.
pub(crate) fn read_file(path: &Path) -> Result<Option<String>, Failure> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file_failed(path, &error)),
    }
}

/// Reads JSON that a program answered. The failure says where it is wrong and not what is there, which may be a
/// secret.
pub(crate) fn parse<T: DeserializeOwned>(call: &Call, answer: &str) -> Result<T, Failure> {
    // Some calls answer nothing at all instead of an empty object.
    let text = if answer.trim().is_empty() { "{}" } else { answer };
    serde_json::from_str(text).map_err(|error| {
        let what = if error.is_data() { "another shape than expected" } else { "no JSON" };
        let place = format!("line {}, column {}", error.line(), error.column());
        Failure::new(Code::ToolAnswerUnreadable, format!("`{}` answered {what} ({place})", short(call)))
            .advise("is this a supported version of the program? docs/deployment/README.md lists them")
    })
}

pub(crate) fn file_failed(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Code::FileFailed, format!("{}: {error}", path.display()))
}

fn cannot_run(call: &Call, error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::NotFound {
        return Failure::new(
            Code::ToolMissing,
            format!("`{}` is not installed, or not in the search path", call.program),
        )
        .advise("docs/deployment/README.md says what is needed and where it comes from");
    }
    Failure::new(Code::ToolFailed, format!("`{}` could not be started: {error}", call.program))
}

/// What a program answered, unless it failed.
pub(crate) fn successful(call: &Call, finished: Finished) -> Result<Finished, Failure> {
    if finished.success {
        return Ok(finished);
    }
    let said = finished.errors.trim();
    let said = if said.is_empty() { "its messages are above" } else { said };
    let code = if is_about_credentials(said) { Code::NotSignedIn } else { Code::ToolFailed };
    Err(Failure::new(code, format!("`{}` failed: {}", short(call), bounded(said))))
}

fn is_about_credentials(said: &str) -> bool {
    const SIGNS: [&str; 7] = [
        "Unable to locate credentials",
        "ExpiredToken",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "SSO session",
        "Token has expired",
        "The config profile",
    ];
    SIGNS.iter().any(|sign| said.contains(sign))
}

/// The program with its first words: what it is about, without its arguments.
fn short(call: &Call) -> String {
    let words = call.arguments.iter().take_while(|argument| !argument.starts_with('-')).map(String::as_str);
    std::iter::once(call.program).chain(words).collect::<Vec<_>>().join(" ")
}

/// The end of what a program said, which is where it says what is wrong.
fn bounded(text: &str) -> String {
    const MAX: usize = 2000;
    let length = text.chars().count();
    let kept: String = text.chars().skip(length.saturating_sub(MAX)).collect();
    if length > MAX { format!("… {kept}") } else { kept }
}
