//! The one door to other people's programs: `aws`, `sam`, `cargo`, `cfn-lint`.

use std::{
    borrow::Cow,
    fmt, io,
    path::Path,
    process::{Command, Stdio},
};

/// A program with its arguments. No shell reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) program: &'static str,
    pub(crate) arguments: Vec<String>,
    pub(crate) shown: Shown,
}

/// What of a running program the operator sees at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Nothing: it is quick, and its answer is for us.
    Nothing,
    /// Its errors and progress; its answer is for us.
    Progress,
    /// Everything: it takes long, and we need only its end.
    Everything,
}

impl Call {
    pub(crate) fn new<Argument: Into<String>>(
        program: &'static str,
        arguments: impl IntoIterator<Item = Argument>,
    ) -> Self {
        Self { program, arguments: arguments.into_iter().map(Into::into).collect(), shown: Shown::Nothing }
    }

    /// What the operator sees while it runs.
    pub(crate) fn showing(self, shown: Shown) -> Self {
        Self { shown, ..self }
    }
}

/// As somebody would type it, in a POSIX shell.
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.program)?;
        self.arguments.iter().try_for_each(|argument| write!(f, " {}", quoted(argument)))
    }
}

/// A text as one word of a POSIX shell.
pub(crate) fn quoted(text: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=,@+".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
}

/// A program that ran to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finished {
    /// Whether it says that it succeeded.
    pub(crate) success: bool,
    /// Its answer, as far as it was not shown.
    pub(crate) answer: String,
    /// Its errors, as far as they were not shown.
    pub(crate) errors: String,
}

/// Runs programs; tests replay them.
pub(crate) trait Programs: Sync {
    /// Runs a program to its end.
    ///
    /// # Errors
    ///
    /// When it cannot be started. One that fails has run.
    fn run(&self, call: &Call) -> io::Result<Finished>;
}

/// The programs of this machine, in its search path.
pub(crate) struct InstalledPrograms<'a> {
    /// Where they run.
    pub(crate) folder: &'a Path,
}

impl Programs for InstalledPrograms<'_> {
    fn run(&self, call: &Call) -> io::Result<Finished> {
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for file in files(call.program) {
            match self.run_file(&file, call) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => last = error,
                result => return result,
            }
        }
        Err(last)
    }
}

impl InstalledPrograms<'_> {
    fn run_file(&self, file: &str, call: &Call) -> io::Result<Finished> {
        let mut command = Command::new(file);
        command
            .args(&call.arguments)
            .current_dir(self.folder)
            // A pager would wait for somebody; a second version of the tools has an option for it, the first not.
            .env("AWS_PAGER", "")
            .env("SAM_CLI_TELEMETRY", "0")
            .stdin(Stdio::null());
        match call.shown {
            Shown::Nothing => {}
            Shown::Progress => {
                command.stderr(Stdio::inherit());
            }
            // Our own answer has the standard output to itself.
            Shown::Everything => {
                command.stdout(io::stderr()).stderr(Stdio::inherit());
            }
        }
        let output = command.output()?;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok(Finished { success: output.status.success(), answer: text(output.stdout), errors: text(output.stderr) })
    }
}

/// The files that a program may be: Windows finds `.exe` by itself, and nothing else.
fn files(program: &str) -> Vec<String> {
    if cfg!(windows) {
        [".exe", ".cmd", ".bat"].map(|extension| format!("{program}{extension}")).into()
    } else {
        vec![program.to_owned()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_shown_so_that_it_can_be_pasted() {
        let call = Call::new("aws", ["s3", "ls", "it's here", ""]);
        assert_eq!(call.to_string(), r"aws s3 ls 'it'\''s here' ''");
    }

    #[test]
    fn a_program_that_is_not_there_is_told_from_one_that_fails() {
        let programs = InstalledPrograms { folder: Path::new(".") };
        let missing = programs.run(&Call::new("purposepath-no-such-program", ["x"])).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
        let failed = programs.run(&Call::new("cargo", ["no-such-command"])).unwrap();
        assert!(!failed.success && !failed.errors.is_empty(), "{failed:?}");
    }
}
