//! The hosts beside other people's programs: AWS's Lambda runtime interface emulator and `cargo lambda watch`,
//! Amazon's DynamoDB Local, Chromium, a validator of OpenAPI documents, moto, which stands in for
//! more of AWS, and localstripe, which stands in for Stripe.
//!
//! They need more than Rust, so they run only where they are asked for.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "what is not run, and why, is said")]

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

#[path = "../support/api.rs"]
mod api;
mod aws_events;
mod cargo_lambda;
mod documentation;
mod dynamodb_local;
mod events;
mod function;
mod lambda;
#[path = "../support/local.rs"]
mod local;
#[path = "../support/program.rs"]
mod program;
mod python_shapes;
#[path = "../support/smtp.rs"]
mod smtp;
mod stripe;
mod tools;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let wanted = tools::are_wanted();
    if !wanted {
        println!("skipped: set {}=1, as the env.sh of .ci/install-tools does, to run these tests", tools::SWITCH);
    }
    let trials = [
        lambda::trials(),
        cargo_lambda::trials(),
        documentation::trials(),
        dynamodb_local::trials(),
        python_shapes::trials(),
        aws_events::trials(),
        stripe::trials(),
    ];
    let trials = trials.into_iter().flatten().map(|trial| trial.with_ignored_flag(!wanted)).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
