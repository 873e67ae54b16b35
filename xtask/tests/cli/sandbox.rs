//! A workspace and a search path of one test's own.

use std::{env::consts::EXE_SUFFIX, fs, path::Path, process::Command};

use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::world::World;

/// Programs that are replaced.
const PROGRAMS: [&str; 4] = ["aws", "sam", "cfn-lint", "cargo"];

/// A workspace and a search path of one test's own.
pub(crate) struct Sandbox {
    folder: TempDir,
}

/// What the program said.
pub(crate) struct Said {
    pub(crate) status: i32,
    pub(crate) answer: String,
    pub(crate) errors: String,
}

impl Said {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.answer).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.answer, self.errors))
    }
}

impl Sandbox {
    /// A sandbox in this world, with the templates of the workspace.
    pub(crate) fn new(world: &World) -> Self {
        let sandbox = Self { folder: TempDir::new().unwrap() };
        let programs = sandbox.folder.path().join("programs");
        fs::create_dir(&programs).unwrap();
        fs::create_dir(sandbox.folder.path().join("workspace")).unwrap();
        for program in PROGRAMS {
            fs::copy(env!("CARGO_BIN_EXE_replay"), programs.join(format!("{program}{EXE_SUFFIX}"))).unwrap();
        }
        let mut world = world.clone();
        world.root = sandbox.path("");
        fs::write(programs.join("world.json"), serde_json::to_string(&world).unwrap()).unwrap();
        sandbox
    }

    pub(crate) fn remove_program(&self, program: &str) {
        fs::remove_file(self.folder.path().join("programs").join(format!("{program}{EXE_SUFFIX}"))).unwrap();
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(arguments)
            .args(["--root", &self.path("")])
            .env_clear()
            .env("PATH", self.folder.path().join("programs"))
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said { status: output.status.code().unwrap(), answer: text(output.stdout), errors: text(output.stderr) }
    }

    /// Where the program is started.
    pub(crate) fn working_folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self, path: &str) -> String {
        let root = self.folder.path().join("workspace");
        if path.is_empty() { root } else { root.join(path) }.to_string_lossy().into_owned()
    }

    pub(crate) fn put(&self, path: &str, content: &str) {
        let path = self.path(path);
        fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Puts the templates there, with what each stage gives to them.
    pub(crate) fn put_templates(&self) {
        for folder in tests::templates::FOLDERS {
            for file in ["template.yaml", "samconfig.toml"] {
                let path = format!("{folder}/{file}");
                self.put(&format!("deployment/{path}"), &tests::templates::read(&path));
            }
        }
    }

    pub(crate) fn file(&self, path: &str) -> Option<Vec<u8>> {
        fs::read(self.path(path)).ok()
    }

    /// Every call of another program so far.
    pub(crate) fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.folder.path().join("programs/calls.txt")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }
}

/// The service on a port of this machine, until the runtime ends.
pub(crate) fn serve(stage: &str) -> (Runtime, String) {
    let runtime = Runtime::new().unwrap();
    let (app, endpoint) = runtime.block_on(tests::App::builder().setting("STAGE", stage).serve());
    runtime.block_on(app.finish());
    (runtime, endpoint)
}
