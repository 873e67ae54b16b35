//! `ministack`, an emulator of AWS with `CloudFormation`, as a child process.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use aws_sdk_dynamodb::Client;
use infrastructure::aws;
use serde_json::Value;
use tokio::time::{MissedTickBehavior, interval};
use url::Url;

/// Between two looks at whether the emulator answers.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// Looks before giving up: a minute. It takes about four seconds.
const POLLS: u32 = 600;

/// A running emulator without anything in it; gone when dropped.
#[derive(Debug)]
pub struct Ministack {
    process: Child,
    python: PathBuf,
    endpoint: Url,
}

impl Ministack {
    /// Starts the emulator that this Python has, and waits until it answers.
    pub async fn start(python: &Path) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        drop(listener);
        let process = Command::new(python)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/deployment/emulator.py"))
            .envs([("GATEWAY_PORT", address.port().to_string().as_str()), ("LOG_LEVEL", "ERROR")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("ministack did not start: {error}"));
        let endpoint = Url::parse(&format!("http://{address}")).expect("a URL");
        let mut emulator = Self { process, python: python.to_owned(), endpoint };
        emulator.wait(address).await;
        emulator
    }

    /// Where it answers.
    pub fn endpoint(&self) -> &str {
        self.endpoint.as_str().trim_end_matches('/')
    }

    /// A client of its DynamoDB, configured as in production.
    pub async fn dynamodb(&self) -> Client {
        aws::dynamodb_client(&aws::load("us-east-1").await.expect("a configuration"), Some(&self.endpoint))
    }

    /// Makes or changes a stack from the template in a folder of `deployment/`. Says its `status`, its `outputs`, and
    /// why resources `failed`; or the `error` with which it was refused.
    pub fn deploy(&self, stack: &str, folder: &str, parameters: &Value) -> Value {
        let template = format!("{}/../deployment/{folder}/template.yaml", env!("CARGO_MANIFEST_DIR"));
        self.run(&["deploy", self.endpoint(), stack, &template, &parameters.to_string()])
    }

    /// The same from a template in this file.
    pub fn deploy_file(&self, stack: &str, template: &Path, parameters: &Value) -> Value {
        let template = template.to_str().expect("a path that is text");
        self.run(&["deploy", self.endpoint(), stack, template, &parameters.to_string()])
    }

    /// Deletes a stack, and says what [`Self::deploy`] says.
    pub fn delete(&self, stack: &str) -> Value {
        self.run(&["delete", self.endpoint(), stack])
    }

    /// Calls any operation, under the name that boto3 gives it.
    pub fn call(&self, service: &str, operation: &str, request: &Value) -> Value {
        self.run(&["call", self.endpoint(), service, operation, &request.to_string()])
    }

    fn run(&self, arguments: &[&str]) -> Value {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/deployment/cloud.py");
        let ran = Command::new(&self.python).arg(script).args(arguments).output().expect("Python");
        let (said, complained) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        assert!(ran.status.success(), "{:?}: {complained}", arguments.first());
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
    }

    async fn wait(&mut self, address: SocketAddr) {
        let mut ticks = interval(POLL_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for _ in 0..POLLS {
            ticks.tick().await;
            if let Some(status) = self.process.try_wait().expect("a child of this process") {
                panic!("ministack ended with {status}");
            }
            if answers(address).is_ok() {
                return;
            }
        }
        panic!("ministack did not answer");
    }
}

/// It listens only when it can answer.
fn answers(address: SocketAddr) -> io::Result<()> {
    TcpStream::connect(address).map(drop)
}

impl Drop for Ministack {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing else to do about it here.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
