//! Where the other programs are.

use std::{net::TcpListener, path::PathBuf, process::Command, sync::LazyLock};

/// Set to `1` to run these tests.
pub(crate) const SWITCH: &str = "ACCOUNT_TEST_EXTERNAL";

/// Whether the tests are asked for.
pub(crate) fn are_wanted() -> bool {
    setting(SWITCH).as_deref() == Some("1")
}

/// The program or folder that the variable `name` leads to.
pub(crate) fn tool(name: &str) -> PathBuf {
    setting(name).unwrap_or_else(|| panic!("{SWITCH}=1 needs {name}; .ci/install-tools says where it is")).into()
}

/// The Lambda function's binary: the one that is given, or a fresh debug build.
pub(crate) fn lambda_binary() -> PathBuf {
    static BINARY: LazyLock<PathBuf> =
        LazyLock::new(|| setting("ACCOUNT_TEST_LAMBDA_BINARY").map_or_else(build_lambda, PathBuf::from));
    BINARY.clone()
}

fn build_lambda() -> PathBuf {
    let built = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["build", "--package", "api-lambda", "--message-format", "json"])
        .output()
        .unwrap();
    let messages = String::from_utf8_lossy(&built.stdout);
    let executable = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find_map(|message| message["executable"].as_str().map(PathBuf::from));
    executable.unwrap_or_else(|| panic!("api-lambda was not built: {}", String::from_utf8_lossy(&built.stderr)))
}

/// A port that nothing listens on, for programs that cannot choose one themselves.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A variable that is set to something.
#[expect(clippy::disallowed_methods, reason = "where the other programs are is the environment's to say")]
pub(crate) fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
