//! A world for tests: programs that answer what was said, a network with two services in it, and time that passes
//! when somebody waits.

use std::{cell::OnceCell, collections::HashMap, io, path::Path, sync::Mutex, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use tempfile::TempDir;

use crate::{
    context::{Context, World},
    programs::{Call, Finished, Programs},
    progress::Progress,
    stage::Stage,
    time::Time,
    web::{Answer, Request, Web},
};

#[path = "../tests/support/world.rs"]
#[expect(dead_code, reason = "the tests of the command line need more of it")]
pub(crate) mod world;

/// What a command of a test works with.
pub(crate) struct Bench {
    pub(crate) world: world::World,
    pub(crate) web: FakeWeb,
    pub(crate) time: FakeTime,
    pub(crate) stage: Stage,
    pub(crate) dry_run: bool,
    missing: Vec<&'static str>,
    folder: TempDir,
    programs: OnceCell<Script>,
}

impl Bench {
    /// A bench in this world.
    pub(crate) fn new(mut world: world::World) -> Self {
        let folder = TempDir::new().unwrap();
        world.root = folder.path().to_string_lossy().into_owned();
        Self {
            world,
            web: FakeWeb::default(),
            time: FakeTime::default(),
            stage: Stage::Dev,
            dry_run: false,
            missing: Vec::new(),
            folder,
            programs: OnceCell::new(),
        }
    }

    pub(crate) fn dry(mut self) -> Self {
        self.dry_run = true;
        self
    }

    pub(crate) fn without(mut self, program: &'static str) -> Self {
        self.missing.push(program);
        self
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Puts a file into the workspace.
    pub(crate) fn put(&self, path: &str, content: &str) {
        let path = self.folder().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.folder().join(path)).ok()
    }

    pub(crate) fn context(&self) -> Context<'_> {
        let script = || Script { world: self.world.clone(), missing: self.missing.clone(), calls: Mutex::default() };
        let world = World {
            programs: self.programs.get_or_init(script),
            web: &self.web,
            time: &self.time,
            progress: &Silence,
            folder: self.folder().to_owned(),
        };
        Context::new(world, self.stage, "us-east-1", self.dry_run)
    }

    /// Every call so far.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.programs.get().map(|script| script.calls.lock().unwrap().clone()).unwrap_or_default()
    }

    /// The calls so far that do more than ask.
    pub(crate) fn changes(&self) -> Vec<String> {
        const QUESTIONS: [&str; 7] =
            [" get-", " list-", " describe-", "cargo lambda --version", "sam validate", "cfn-lint", " --help"];
        self.calls().into_iter().filter(|call| !QUESTIONS.iter().any(|question| call.contains(question))).collect()
    }
}

/// Programs that answer what was said.
struct Script {
    world: world::World,
    missing: Vec<&'static str>,
    calls: Mutex<Vec<String>>,
}

impl Programs for Script {
    fn run(&self, call: &Call) -> io::Result<Finished> {
        if self.missing.contains(&call.program) {
            return Err(io::Error::from(io::ErrorKind::NotFound));
        }
        let key = self.world.key(call.program, call.arguments.iter().map(String::as_str));
        let mut calls = self.calls.lock().unwrap();
        let before = calls.iter().filter(|made| **made == key).count();
        calls.push(key.clone());
        let reply =
            self.world.reply(&key, before).unwrap_or_else(|| panic!("nobody has said what to answer to: {key}"));
        Ok(Finished { success: reply.success, answer: reply.stdout.clone(), errors: reply.stderr.clone() })
    }
}

/// A network: by the beginning of an address, who is there.
#[derive(Default)]
pub(crate) struct FakeWeb {
    pub(crate) services: HashMap<String, Vec<Service>>,
    asked: Mutex<HashMap<String, usize>>,
}

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// This service.
    Ours,
    /// This service, which cannot reach its store.
    Sick,
    /// The service before it.
    Python,
    /// A gateway without a route.
    Gateway,
    /// Nobody.
    Nobody,
}

impl FakeWeb {
    /// At addresses that begin so, one of these answers in each round of questions, and the last for ever.
    pub(crate) fn at(&mut self, base: &str, services: &[Service]) {
        self.services.insert(base.to_owned(), services.to_vec());
    }
}

impl Web for FakeWeb {
    fn ask(&self, request: &Request) -> Result<Answer, String> {
        let (base, services) = self
            .services
            .iter()
            .find(|(base, _)| request.url.starts_with(*base))
            .unwrap_or_else(|| panic!("{request:?}"));
        let path = request.url.strip_prefix(base.as_str()).unwrap();
        let mut asked = self.asked.lock().unwrap();
        let count = asked.entry(base.clone()).or_default();
        // A round begins with the question for health.
        *count += usize::from(path == "/api/v1/health");
        let round = count.saturating_sub(1);
        services.get(round).or(services.last()).unwrap().answer(path)
    }
}

impl Service {
    fn answer(self, path: &str) -> Result<Answer, String> {
        let healthy = json!({"success": true, "data": {"status": "Healthy", "environment": "dev"}});
        let failure = |code: &str| json!({"success": false, "code": code, "error": "No."});
        let (status, body) = match (self, path) {
            (Self::Nobody, _) => return Err("connection refused".to_owned()),
            (Self::Gateway, _) => (404, json!({"message": "Not Found"})),
            (Self::Sick, "/api/v1/health/ready") => (503, failure("SERVICE_UNAVAILABLE")),
            (_, "/api/v1/health") => (200, healthy),
            (Self::Python, _) => (404, json!({"detail": "Not Found"})),
            (_, "/api/v1/health/ready") => (200, healthy),
            (_, "/openapi.json") => {
                (200, json!({"openapi": "3.1.0", "info": {"title": "PurposePath account service"}}))
            }
            (_, "/docs/") => return Ok(answer(200, "text/html", "<!doctype html>")),
            (_, "/.well-known/jwks.json") => (200, json!({"keys": []})),
            (_, "/api/v1/auth/login") => (401, failure("INVALID_CREDENTIALS")),
            (_, "/api/v1/user/profile") => (401, failure("TOKEN_MISSING")),
            _ => (404, failure("NOT_FOUND")),
        };
        Ok(answer(status, "application/json; charset=utf-8", &body.to_string()))
    }
}

pub(crate) fn answer(status: u16, content_type: &str, body: &str) -> Answer {
    let headers = [("content-type".to_owned(), content_type.to_owned())].into();
    Answer { status, headers, body: body.as_bytes().to_vec() }
}

/// Time that passes when somebody waits.
pub(crate) struct FakeTime(Mutex<DateTime<Utc>>);

impl Default for FakeTime {
    fn default() -> Self {
        Self(Mutex::new(DateTime::UNIX_EPOCH + TimeDelta::days(20_000)))
    }
}

impl Time for FakeTime {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }

    fn pause(&self, duration: Duration) {
        *self.0.lock().unwrap() += duration;
    }
}

struct Silence;

impl Progress for Silence {
    fn tell(&self, _: &str) {}
}
