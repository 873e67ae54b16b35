//! Asking the service over HTTP.

use std::{collections::BTreeMap, time::Duration};

use reqwest::{Client, Method, redirect};
use tokio::runtime::Runtime;

/// How long an answer may take, a cold start included.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Longest answer that is read; the OpenAPI document has about 200 KB.
const MAX_LENGTH: usize = 4 * 1024 * 1024;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) url: String,
    /// The JSON to post; `None` gets.
    pub(crate) post: Option<String>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// By lower-case name; of several values, the last.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// Asks services; tests answer.
pub(crate) trait Web: Sync {
    /// Sends a request and reads the whole answer. Redirects are answers.
    ///
    /// # Errors
    ///
    /// Why there is no answer.
    fn ask(&self, request: &Request) -> Result<Answer, String>;
}

/// The network.
pub(crate) struct Network {
    client: Client,
    runtime: Runtime,
}

impl Network {
    /// # Errors
    ///
    /// When the machine's roots of trust cannot be read.
    pub(crate) fn new() -> Result<Self, String> {
        let client = Client::builder()
            .timeout(TIMEOUT)
            .redirect(redirect::Policy::none())
            // Another connection may lead to another instance, and to the target after a switch.
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|error| chain(&error))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Ok(Self { client, runtime: runtime.map_err(|error| error.to_string())? })
    }

    async fn exchange(&self, request: &Request) -> Result<Answer, String> {
        let method = if request.post.is_some() { Method::POST } else { Method::GET };
        let mut sent = self.client.request(method, &request.url).header("accept", "*/*");
        if let Some(json) = &request.post {
            sent = sent.header("content-type", "application/json").body(json.clone());
        }
        let mut response = sent.send().await.map_err(|error| chain(&error))?;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| chain(&error))? {
            body.extend_from_slice(&part);
            if body.len() > MAX_LENGTH {
                return Err(format!("the answer is longer than {MAX_LENGTH} bytes"));
            }
        }
        Ok(Answer { status, headers, body })
    }
}

impl Web for Network {
    fn ask(&self, request: &Request) -> Result<Answer, String> {
        self.runtime.block_on(self.exchange(request))
    }
}

/// An error with its causes: the first says only which address it is about.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
