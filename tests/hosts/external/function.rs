//! The Lambda function as AWS would run it, with a DynamoDB and a mail server of its own.

use std::{
    collections::HashMap,
    ffi::OsStr,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use base64::{Engine, prelude::BASE64_STANDARD};
use infrastructure::dynamodb::{
    embedded::EmbeddedDynamoDb,
    tables::{Layout, Table, create_missing},
};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};

use crate::{
    events::{Request, http_api},
    program::{PATIENCE, Program},
    smtp::MailServer,
    tools::{free_port, lambda_binary, tool},
};

/// The stage whose tables [`tests::App`] looks at.
const STAGE: &str = "local";
/// The secret that signs tokens.
pub(crate) const JWT_SECRET: &str = "a-secret-of-these-tests-with-enough-bytes";

/// What a function runs on.
pub(crate) struct Surroundings {
    /// Reaches the same tables.
    pub(crate) dynamodb: Client,
    /// Gets the mail.
    pub(crate) mail: MailServer,
    endpoint: String,
}

impl Surroundings {
    /// Serves an embedded DynamoDB with every table to other processes, and takes mail, until the runtime ends.
    pub(crate) async fn prepare() -> Self {
        let database = EmbeddedDynamoDb::in_memory().unwrap();
        let client = database.client();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { database.serve_on(listener, std::future::pending()).await });
        Self::on(client, endpoint).await
    }

    /// The same on a DynamoDB that is served already.
    pub(crate) async fn on(dynamodb: Client, endpoint: String) -> Self {
        create_missing(&dynamodb, &layout()).await.unwrap();
        Self { dynamodb, mail: MailServer::start(), endpoint }
    }

    /// Gives `command` the settings of a deployment, and nothing of this process's environment.
    pub(crate) fn configure(&self, command: &mut Command) {
        command.env_clear().envs([
            ("STAGE", STAGE),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL_DYNAMODB", &self.endpoint),
            ("JWT_SECRET", JWT_SECRET),
            ("MAIL_TRANSPORT", "smtp"),
            ("SMTP_URL", &self.mail.url()),
            ("EMAIL_FROM", "PurposePath <no-reply@example.com>"),
            ("FRONTEND_BASE_URL", "https://app.example.com"),
            ("FRONTEND_BASE_URLS", r#"["https://beta.example.com"]"#),
            ("CORS_ORIGINS", r#"["https://app.example.com"]"#),
            // The whole suite comes from one address.
            ("RATE_LIMIT_PER_MINUTE", "0"),
        ]);
    }

    /// The streams of the messages in the outbox, one for each message.
    pub(crate) async fn waiting(&self) -> Vec<String> {
        let rows = self.rows(Table::AccountOutbox).await;
        rows.iter().map(|row| row["stream"].as_s().unwrap().clone()).collect()
    }

    /// Every row of `table`.
    pub(crate) async fn rows(&self, table: Table) -> Vec<HashMap<String, AttributeValue>> {
        self.dynamodb.scan().table_name(layout().name(table)).send().await.unwrap().items.unwrap_or_default()
    }
}

/// The function under AWS's runtime interface emulator, which takes one event at a time.
pub(crate) struct Function {
    pub(crate) surroundings: Surroundings,
    /// Says what the function logs.
    pub(crate) emulator: Program,
    url: String,
}

/// What the function answered to a request.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u64,
    /// With lower-case names, of which each has one value.
    pub(crate) headers: Value,
    pub(crate) body: Vec<u8>,
    pub(crate) is_base64: bool,
}

impl Function {
    /// Starts the emulator; it starts the function with the first event.
    pub(crate) async fn start() -> Self {
        Self::start_binary(&lambda_binary()).await
    }

    /// The same with this binary.
    pub(crate) async fn start_binary(binary: &Path) -> Self {
        Self::run(binary.parent().unwrap(), "bootstrap", &[binary.as_os_str()]).await
    }

    /// The same for a function in Python that is comparable with ours.
    pub(crate) async fn start_fastapi() -> Self {
        let python = tool("ACCOUNT_TEST_PYTHON");
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/python");
        let handler = "fastapi_function.handler";
        let command = [python.as_os_str(), "-m".as_ref(), "awslambdaric".as_ref(), handler.as_ref()];
        Self::run(&root, handler, &command).await
    }

    async fn run(root: &Path, handler: &str, function: &[&OsStr]) -> Self {
        let surroundings = Surroundings::prepare().await;
        let front = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let back = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let mut command = Command::new(tool("ACCOUNT_TEST_LAMBDA_RIE"));
        surroundings.configure(&mut command);
        command
            .current_dir(root)
            .env("LAMBDA_TASK_ROOT", root)
            // Python would leave what it compiled among the sources.
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("AWS_LAMBDA_FUNCTION_NAME", "account")
            .env("_HANDLER", handler)
            .args(["--runtime-interface-emulator-address", &front.to_string()])
            .args(["--runtime-api-address", &back.to_string()])
            .args(function);
        let emulator = Program::start(&mut command);
        until_listening(front).await;
        let url = format!("http://{front}/2015-03-31/functions/function/invocations");
        Self { surroundings, emulator, url }
    }

    /// Sends `event` and waits for what the function returns.
    pub(crate) async fn invoke(&self, event: &Value) -> Value {
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        let text = client.post(&self.url).json(event).send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// Sends `request` through an HTTP API.
    pub(crate) async fn ask(&self, request: &Request<'_>) -> Reply {
        Reply::read(&self.invoke(&http_api(request)).await)
    }
}

impl Reply {
    pub(crate) fn read(returned: &Value) -> Self {
        let body = returned["body"].as_str().unwrap_or_default();
        let is_base64 = returned["isBase64Encoded"].as_bool().unwrap_or_default();
        Self {
            status: returned["statusCode"].as_u64().unwrap_or_else(|| panic!("no reply: {returned}")),
            headers: returned["headers"].clone(),
            body: if is_base64 { BASE64_STANDARD.decode(body).unwrap() } else { body.as_bytes().to_vec() },
            is_base64,
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// The tables of [`STAGE`].
fn layout() -> Layout {
    Layout::new(STAGE, |_| None).unwrap()
}

/// Waits until something listens on `address`.
pub(crate) async fn until_listening(address: SocketAddr) {
    const POLL_INTERVAL: Duration = Duration::from_millis(20);
    let deadline = Instant::now() + PATIENCE;
    let mut ticks = tokio::time::interval(POLL_INTERVAL);
    while TcpStream::connect(address).await.is_err() {
        assert!(Instant::now() < deadline, "nothing listens on {address}");
        ticks.tick().await;
    }
}
