//! The Lambda function behind `cargo lambda watch`, which makes events of plain HTTP requests: every journey of
//! the HTTP tests once more, through a real process.

use std::{
    net::{Ipv4Addr, SocketAddr},
    process::Command,
};

use libtest_mimic::Trial;
use tests::{App, journeys};
use tokio::runtime::Runtime;

use crate::{
    function::{JWT_SECRET, Surroundings, until_listening},
    program::Program,
    tools::{free_port, lambda_binary, tool},
};

/// A running function that answers plain HTTP requests.
struct WatchedFunction {
    /// Where it answers.
    url: String,
    _function: Program,
    _gateway: Program,
}

/// What this gateway takes upon itself, so that the function never sees it: it answers every preflight, and it
/// fails at bodies that are not UTF-8. `lambda` sends the function both as events.
const NOT_PASSED_ON: [&str; 2] =
    ["conventions::rule_23_browsers_of_listed_sites_only_may_call", "conventions::a_body_that_cannot_be_read_is_a_400"];

pub(crate) fn trials() -> Vec<Trial> {
    let trial = |name: &'static str| {
        Trial::test(format!("{}::{name}", module_path!()), move || {
            Runtime::new()?.block_on(async { take(&[name], &Surroundings::prepare().await).await });
            Ok(())
        })
    };
    journeys_that_arrive().into_iter().map(trial).collect()
}

/// The names of the journeys that this gateway lets through.
pub(crate) fn journeys_that_arrive() -> Vec<&'static str> {
    journeys::ALL.iter().map(|(name, _)| *name).filter(|name| !NOT_PASSED_ON.contains(name)).collect()
}

/// Takes the journeys, one after the other.
pub(crate) async fn take(names: &[&str], surroundings: &Surroundings) {
    let function = WatchedFunction::start(surroundings).await;
    for name in names {
        let app = App::remote(&function.url, surroundings.dynamodb.clone(), JWT_SECRET).await;
        journeys::run(name, &app).await;
        app.finish().await;
    }
}

impl WatchedFunction {
    /// Starts the gateway and the function.
    async fn start(surroundings: &Surroundings) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let mut command = Command::new(tool("ACCOUNT_TEST_CARGO_LAMBDA"));
        command
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["lambda", "watch", "--only-lambda-apis"])
            .args(["--invoke-address", &address.ip().to_string()])
            .args(["--invoke-port", &address.port().to_string()]);
        let gateway = Program::start(&mut command);
        until_listening(address).await;

        let mut command = Command::new(lambda_binary());
        surroundings.configure(&mut command);
        command.envs([
            ("AWS_LAMBDA_RUNTIME_API", format!("http://{address}/.rt").as_str()),
            // What requests to the gateway call the one function that there is.
            ("AWS_LAMBDA_FUNCTION_NAME", "_"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "4096"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "x"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "x"),
        ]);
        let function = Program::start(&mut command);
        Self { url: format!("http://{address}/lambda-url/_"), _function: function, _gateway: gateway }
    }
}
