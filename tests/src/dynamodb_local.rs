//! Amazon's DynamoDB Local as a child process.

use std::{
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use aws_sdk_dynamodb::Client;
use infrastructure::aws;
use tokio::time::{MissedTickBehavior, interval};
use url::Url;

/// Between two looks at whether the server answers.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// Looks before giving up: a minute. It takes about four seconds.
const POLLS: u32 = 600;

/// A running server, with its data in memory; gone when dropped.
#[derive(Debug)]
pub struct DynamoDbLocal {
    process: Child,
    endpoint: Url,
    client: Client,
}

impl DynamoDbLocal {
    /// Starts the server that is in `folder` and waits until it answers.
    pub async fn start(folder: &Path) -> Self {
        let port =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr()).expect("a free port").port();
        let process = Command::new("java")
            .current_dir(folder)
            .args(["-Djava.library.path=./DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar"])
            .args(["-inMemory", "-sharedDb", "-port", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("DynamoDB Local did not start in {}: {error}", folder.display()));
        let endpoint = Url::parse(&format!("http://127.0.0.1:{port}")).expect("a URL");
        let config = aws::load("us-east-1").await.expect("a configuration");
        let client = aws::dynamodb_client(&config, Some(&endpoint));
        let mut server = Self { process, endpoint, client };
        server.wait().await;
        server
    }

    /// A client of the server, configured as in production.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Where the server answers.
    pub fn endpoint(&self) -> &Url {
        &self.endpoint
    }

    async fn wait(&mut self) {
        let mut ticks = interval(POLL_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for _ in 0..POLLS {
            ticks.tick().await;
            if let Some(status) = self.process.try_wait().expect("a child of this process") {
                panic!("DynamoDB Local ended with {status}");
            }
            if self.client.list_tables().send().await.is_ok() {
                return;
            }
        }
        panic!("DynamoDB Local did not answer");
    }
}

impl Drop for DynamoDbLocal {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing else to do about it here.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
