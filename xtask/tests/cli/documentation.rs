//! Every command that the pages of `docs/deployment` show is run as it is written there, with `--dry-run`.

use std::{fs, path::Path};

use crate::{
    data,
    sandbox::{Sandbox, serve},
    world,
};

/// The pages about operating the service with `cargo xtask`.
const PAGES: [&str; 7] =
    ["README.md", "analysis.md", "migration.md", "templates.md", "data.md", "domain.md", "validation.md"];

/// Commands that must be somewhere: each of the program's.
const COMMANDS: [&str; 11] = [
    "preflight",
    "build",
    "package",
    "lint",
    "deploy",
    "smoke",
    "switch",
    "rollback",
    "decommission",
    "migrate",
    "verify",
];

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/deployment").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The commands in a page's blocks of the language `sh`.
fn commands(text: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with("```") {
            inside = line == "```sh";
        } else if inside && !line.trim().is_empty() && !line.starts_with('#') {
            commands.push(line.split(" #").next().unwrap().trim().to_owned());
        }
    }
    commands
}

/// The value of an option, if it is there.
fn option<'a>(words: &[&'a str], name: &str) -> Option<&'a str> {
    words.iter().position(|word| *word == name).map(|at| words[at + 1])
}

#[test]
fn commands_are_found_in_shell_blocks_and_nowhere_else() {
    let text = "```text\nnot this\n```\n```sh\n# nor this\ncargo xtask lint  # to be sure\n\ncargo xtask build\n```\nnor this\n";
    assert_eq!(commands(text), ["cargo xtask lint", "cargo xtask build"]);
}

#[test]
fn every_command_in_the_documentation_works() {
    let mut seen = Vec::new();
    let (_store, tables) = data::serve_tables(&["dev", "staging", "prod", "local"]);
    let services = ["dev", "staging", "prod"].map(|stage| (stage, serve(stage)));
    for name in PAGES {
        for command in commands(&page(name)) {
            let words: Vec<_> = command.split_whitespace().collect();
            let ["cargo", "xtask", arguments @ ..] = words.as_slice() else {
                panic!("{name}: {command:?} is not one of ours; show other programs' commands in a ```text block");
            };
            let stage = option(arguments, "--stage").unwrap_or("dev");
            let (_, (_, endpoint)) = services.iter().find(|(known, _)| *known == stage).unwrap();
            // Three weeks before any day on which this runs.
            let mut world = world::everything(endpoint, "2026-01-01T00:00:00Z");
            if arguments[0] == "decommission" {
                world.lead_to_us();
            }
            let world = world::in_stage(&world, stage);
            let sandbox = Sandbox::new(&world);
            prepare(&sandbox, stage);
            let mut all = arguments.to_vec();
            if !all.contains(&"--dry-run") {
                all.push("--dry-run");
            }
            if arguments[0] == "smoke" && option(arguments, "--url").is_none() {
                // There is no network here, but there is a service.
                all.extend(["--url", endpoint]);
            }
            if ["migrate", "verify"].contains(&arguments[0]) {
                in_store(&mut all, &tables);
            }
            let said = sandbox.run(&all);
            assert_eq!(said.status, 0, "{name}: {command}\n{}\n{}", said.answer, said.errors);
            seen.push(arguments[0].to_owned());
        }
    }
    for command in COMMANDS {
        assert!(seen.iter().any(|seen| seen == command), "no page shows `cargo xtask {command}`");
    }
}

/// Leads a command about tables to these. A data folder stays what it is.
fn in_store<'a>(arguments: &mut Vec<&'a str>, tables: &'a str) {
    if let Some(at) = arguments.iter().position(|argument| *argument == "--endpoint") {
        arguments[at + 1] = tables;
    } else if !arguments.contains(&"--data") {
        arguments.extend(["--endpoint", tables]);
    }
}

/// What commands find that came before.
fn prepare(sandbox: &Sandbox, stage: &str) {
    sandbox.put_templates();
    data::keep_tables(&sandbox.working_folder().join("data"));
    sandbox.put(&format!("deployment/parameters/{stage}.json"), &format!(r#"{{"Stage": "{stage}"}}"#));
    sandbox.put(&format!("target/lambda/package-{stage}.json"), r#"{"CodeKey": "1.zip"}"#);
    for file in ["bootstrap", "account-service.zip"] {
        sandbox.put(&format!("target/lambda/arm64/{file}"), "a program");
        sandbox.put(&format!("target/lambda/x86-64/{file}"), "a program");
    }
}
