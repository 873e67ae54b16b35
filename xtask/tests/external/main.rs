//! The program beside the programs that it calls: `aws` and `sam` on an emulator of AWS, and what it builds under that
//! of Lambda's runtime.
//!
//! They need Python and what `.ci/install-tools` installs, so they run only where they are asked for.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "what is not run, and why, is said")]

#[cfg(unix)]
#[path = "../../../tests/hosts/external/events.rs"]
#[expect(dead_code, reason = "the tests of the function need more of it")]
mod events;
#[cfg(unix)]
#[path = "../../../tests/hosts/external/function.rs"]
#[expect(dead_code, reason = "the tests of the function need more of it")]
mod function;
#[cfg(unix)]
mod package;
#[cfg(unix)]
#[path = "../../../tests/hosts/support/program.rs"]
#[expect(dead_code, reason = "the tests of the hosts need more of it")]
mod program;
#[cfg(unix)]
#[path = "../../../tests/hosts/support/smtp.rs"]
#[expect(dead_code, reason = "the tests of the function need more of it")]
mod smtp;
mod stage;
#[path = "../../../tests/hosts/external/tools.rs"]
#[cfg_attr(not(unix), expect(dead_code, reason = "what runs Lambda's programs needs more of it"))]
mod tools;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    let wanted = tools::are_wanted();
    if !wanted {
        println!("skipped: set {}=1, as the env.sh of .ci/install-tools does, to run these tests", tools::SWITCH);
    }
    let trials = [
        // Lambda's programs run on Linux and have the modes of files there.
        #[cfg(unix)]
        Trial::test("the_zip_answers_under_the_runtime_interface_emulator", || {
            Runtime::new()?.block_on(package::the_zip_answers());
            Ok(())
        }),
        Trial::test("a_stage_is_looked_at_deployed_switched_and_led_back", || {
            Runtime::new()?.block_on(stage::a_stage_is_deployed_and_switched());
            Ok(())
        }),
        Trial::test("images_come_after_their_repository_again_and_again", || {
            Runtime::new()?.block_on(stage::images_come_after_their_repository_again_and_again());
            Ok(())
        }),
    ];
    let trials = trials.into_iter().map(|trial| trial.with_ignored_flag(!wanted)).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
