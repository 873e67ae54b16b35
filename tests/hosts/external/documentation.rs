//! The OpenAPI document for a validator, and the pages for people in a browser.

use std::{fs, path::Path, process::Command};

use libtest_mimic::Trial;
use serde_json::Value;

use crate::{
    local::LocalHost,
    program::Program,
    tools::{self, tool},
};

/// Set to a folder to keep the pictures of the pages there.
const PICTURES: &str = "ACCOUNT_TEST_PICTURES";

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        the_openapi_document_is_valid,
        the_documentation_registers_a_user_and_the_mailbox_shows_the_mail,
        the_documentation_works_behind_the_base_path,
    ]
}

async fn the_openapi_document_is_valid() {
    let data = tempfile::tempdir().unwrap();
    let host = LocalHost::start(data.path(), &[]);
    let served = reqwest::get(format!("{}/openapi.json", host.api.url)).await.unwrap().text().await.unwrap();
    let parsed: Value = serde_json::from_str(&served).unwrap();
    assert!(parsed["openapi"].as_str().unwrap().starts_with("3.1."), "{}", parsed["openapi"]);
    let file = data.path().join("openapi.json");
    fs::write(&file, served).unwrap();
    let written = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    for document in [file, written] {
        let mut command = Command::new(tool("ACCOUNT_TEST_PYTHON"));
        let ended = Program::start(command.args(["-m", "openapi_spec_validator"]).arg(&document)).wait();
        assert!(ended.status.success(), "{}: {}", document.display(), ended.said);
    }
}

async fn the_documentation_registers_a_user_and_the_mailbox_shows_the_mail() {
    registers_a_user_at("/docs/").await;
}

async fn the_documentation_works_behind_the_base_path() {
    registers_a_user_at("/account/docs/").await;
}

async fn registers_a_user_at(page: &str) {
    let data = tempfile::tempdir().unwrap();
    let host = LocalHost::start(data.path(), &[]);
    let pictures = tools::setting(PICTURES).map_or_else(|| data.path().to_owned(), Into::into);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/hosts/external/documentation.cjs");
    let mut command = Command::new("node");
    command
        .arg(script)
        .args([&host.api.url, page])
        .arg(pictures)
        .env("NODE_PATH", tool("ACCOUNT_TEST_NODE_MODULES"))
        .env("CHROMIUM", tool("ACCOUNT_TEST_CHROMIUM"));
    let ended = Program::start(&mut command).wait();
    assert!(ended.status.success(), "{}", ended.said);
    // What the page did really happened.
    assert_eq!(host.api.mailbox().await.unwrap().body[0]["to"], "grace@example.com");
}
