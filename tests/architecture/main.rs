//! The dependency rule: `domain ← application ← {infrastructure, api} ← {api-lambda, api-local}`, and `xtask` beside the
//! hosts.
//!
//! Every crate has an exact list of what it may depend on directly. A new entry is a decision that belongs
//! into `docs/adr/`, not a repair.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, fs, path::Path};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// Direct dependencies of each crate, development ones aside.
const ALLOWED: [(&str, &[&str]); 7] = [
    (
        "domain",
        &[
            "chrono",
            "chrono-tz",
            "email_address",
            "hex",
            "iso_currency",
            "oxilangtag",
            "secrecy",
            "sha2",
            "subtle",
            "thiserror",
            "unicode-normalization",
            "url",
            "uuid",
            "zxcvbn",
        ],
    ),
    (
        "application",
        &[
            "async-trait",
            "chrono",
            "domain",
            "futures",
            "metrics",
            "secrecy",
            "serde",
            "serde_json",
            "thiserror",
            "tracing",
            "uuid",
        ],
    ),
    (
        "infrastructure",
        &[
            "application",
            "arc-swap",
            "argon2",
            "async-trait",
            "aws-config",
            "aws-lc-rs",
            "aws-sdk-dynamodb",
            "aws-sdk-secretsmanager",
            "aws-sdk-sesv2",
            "aws-sigv4",
            "aws-smithy-async",
            "aws-smithy-http-client",
            "aws-smithy-runtime-api",
            "aws-smithy-types",
            "base64",
            "bcrypt",
            "chrono",
            "domain",
            "dynoxide-rs",
            "futures",
            "hex",
            "jsonwebtoken",
            "lettre",
            "metrics_cloudwatch_embedded",
            "minijinja",
            "opentelemetry",
            "opentelemetry-aws",
            "opentelemetry-http",
            "opentelemetry-otlp",
            "opentelemetry_sdk",
            "rustix",
            "secrecy",
            "serde",
            "serde_json",
            "thiserror",
            "tokio",
            "tracing",
            "tracing-opentelemetry",
            "tracing-subscriber",
            "url",
            "uuid",
            "zeroize",
        ],
    ),
    (
        "api",
        &[
            "application",
            "axum",
            "chrono",
            "domain",
            "futures",
            "governor",
            "mime",
            "pastey",
            "secrecy",
            "serde",
            "serde_json",
            "serde_path_to_error",
            "thiserror",
            "tokio",
            "tower",
            "tower-http",
            "tracing",
            "utoipa",
            "utoipa-axum",
            "utoipa-swagger-ui",
            "validator",
        ],
    ),
    (
        "api-lambda",
        &[
            "api",
            "application",
            "axum",
            "infrastructure",
            "lambda_http",
            "serde",
            "serde_json",
            "tokio",
            "tracing",
            "tracing-subscriber",
        ],
    ),
    (
        "api-local",
        &[
            "api",
            "application",
            "axum",
            "clap",
            "domain",
            "infrastructure",
            "serde_json",
            "tokio",
            "tracing",
            "tracing-subscriber",
        ],
    ),
    (
        "xtask",
        &[
            "anstream",
            "anstyle",
            "application",
            "chrono",
            "clap",
            "domain",
            "hex",
            "indicatif",
            "infrastructure",
            "jsonwebtoken",
            "reqwest",
            "secrecy",
            "serde",
            "serde-saphyr",
            "serde_json",
            "sha2",
            "thiserror",
            "tokio",
            "toml",
            "zip",
        ],
    ),
];

#[test]
fn every_crate_depends_on_exactly_what_it_may() {
    assert_eq!(violations(&metadata()), Vec::<String>::new());
}

#[test]
fn a_planted_violation_is_found() {
    let mut metadata = metadata();
    let sdk = dependency_of(&metadata, "infrastructure", "aws-sdk-dynamodb");
    let infrastructure = dependency_of(&metadata, "api-local", "infrastructure");
    for package in &mut metadata.packages {
        match package.name.as_str() {
            "domain" => package.dependencies.push(sdk.clone()),
            "api" => package.dependencies.push(infrastructure.clone()),
            _ => {}
        }
    }
    let expected = ["api may not depend on infrastructure", "domain may not depend on aws-sdk-dynamodb"];
    assert_eq!(violations(&metadata), expected);
}

#[test]
fn the_domain_is_synchronous_and_does_no_input_or_output() {
    const FOREIGN: [&str; 7] = ["async fn", ".await", "std::env", "std::fs", "std::net", "std::time", "serde"];
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/src");
    let mut found = Vec::new();
    for file in rust_files(&source) {
        let text = fs::read_to_string(&file).unwrap();
        found.extend(
            FOREIGN.iter().filter(|word| text.contains(*word)).map(|word| format!("{}: {word}", file.display())),
        );
    }
    assert_eq!(found, Vec::<String>::new());
}

fn metadata() -> Metadata {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap()
}

fn dependency_of(metadata: &Metadata, package: &str, name: &str) -> cargo_metadata::Dependency {
    let package = metadata.packages.iter().find(|p| p.name.as_str() == package).unwrap();
    package.dependencies.iter().find(|dependency| dependency.name == name).unwrap().clone()
}

fn violations(metadata: &Metadata) -> Vec<String> {
    let mut violations = Vec::new();
    for package in metadata.packages.iter().filter(|package| package.name.as_str() != "tests") {
        let name = package.name.as_str();
        let Some((_, allowed)) = ALLOWED.iter().find(|(crate_name, _)| *crate_name == name) else {
            violations.push(format!("{name} has no list"));
            continue;
        };
        let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
        let actual: BTreeSet<&str> = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind != DependencyKind::Development)
            .map(|dependency| dependency.name.as_str())
            .collect();
        violations.extend(actual.difference(&allowed).map(|found| format!("{name} may not depend on {found}")));
        violations.extend(allowed.difference(&actual).map(|gone| format!("{name} no longer depends on {gone}")));
    }
    violations.sort();
    violations
}

fn rust_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
