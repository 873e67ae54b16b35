//! The templates beside other people's programs: linters, and an emulator of AWS that they are deployed to.
//!
//! They need Python and what `.ci/install-tools` installs, so they run only where they are asked for.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::print_stderr, reason = "what is not run, and why, is said")]

/// Makes trials of functions, with the path of the module before their names.
macro_rules! trials {
    ($($test:ident),+ $(,)?) => {
        vec![$(libtest_mimic::Trial::test(
            concat!(module_path!(), "::", stringify!($test)),
            || {
                tokio::runtime::Runtime::new()?.block_on($test());
                Ok(())
            },
        )),+]
    };
}

mod handlers;
mod linters;
mod samconfig;
mod stacks;

use std::{path::PathBuf, process::ExitCode};

use libtest_mimic::Arguments;

/// Set to `1` to run these tests.
const SWITCH: &str = "ACCOUNT_TEST_EXTERNAL";

fn main() -> ExitCode {
    let wanted = setting(SWITCH).as_deref() == Some("1");
    if !wanted {
        eprintln!("skipped: set {SWITCH}=1, as the env.sh of .ci/install-tools does, to run these tests");
    }
    let trials = linters::trials().into_iter().chain(handlers::trials()).chain(stacks::trials());
    let trials = trials.map(|trial| trial.with_ignored_flag(!wanted)).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// The Python with the packages of `.ci/requirements.txt`.
fn python() -> PathBuf {
    const PYTHON: &str = "ACCOUNT_TEST_PYTHON";
    setting(PYTHON).unwrap_or_else(|| panic!("{SWITCH}=1 needs {PYTHON}; .ci/install-tools says where it is")).into()
}

#[expect(clippy::disallowed_methods, reason = "where other programs are is the environment's to say")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
