//! Two deployments on one store: traffic moves from the old one to the new one and back, in the middle of a load.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::future::join_all;
use infrastructure::dynamodb::embedded::EmbeddedDynamoDb;
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::{
    UNVERIFIED,
    api::Api,
    local::{self, LocalHost},
};

const CLIENTS: usize = 8;
const ROUNDS: usize = 30;
/// After how many rounds of all clients traffic moves to the new deployment, and back.
const SWITCH_AT: usize = CLIENTS * ROUNDS / 3;
const ROLL_BACK_AT: usize = 2 * SWITCH_AT;

/// A domain name: whoever asks is led to one of two deployments.
struct Domain {
    old: Api,
    new: Api,
    rounds: AtomicUsize,
}

impl Domain {
    /// Where a request goes that is sent now.
    fn api(&self) -> &Api {
        match self.rounds.load(Ordering::SeqCst) {
            SWITCH_AT..ROLL_BACK_AT => &self.new,
            _ => &self.old,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_and_nobody_is_signed_out_when_traffic_moves_and_moves_back() {
    let endpoint = serve_a_store().await;
    let (old_data, old) = deployment(&endpoint);
    let (new_data, new) = deployment(&endpoint);
    let domain = Arc::new(Domain { old: old.api.clone(), new: new.api.clone(), rounds: AtomicUsize::new(0) });

    let clients = (0..CLIENTS).map(|client| tokio::spawn(use_the_service(Arc::clone(&domain), client)));
    let sessions: Vec<_> = join_all(clients).await.into_iter().map(Result::unwrap).collect();

    assert_eq!(domain.rounds.load(Ordering::SeqCst), CLIENTS * ROUNDS);
    for refresh_token in sessions {
        let refreshed = new.api.post("/api/v1/auth/refresh", &json!({ "refresh_token": refresh_token })).await.unwrap();
        assert_eq!(refreshed.status, 200, "a session of the load goes on wherever traffic is: {refreshed:?}");
    }
    drop((old_data, new_data));
}

/// Registers, and then refreshes, reads and writes again and again; every answer must be a success. Returns the last
/// refresh token.
async fn use_the_service(domain: Arc<Domain>, client: usize) -> String {
    let registered = domain.api().register(&format!("client{client}@example.com")).await.unwrap();
    assert_eq!(registered.status, 200, "{registered:?}");
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut refresh_token = registered.text("/refresh_token").to_owned();
    for round in 0..ROUNDS {
        let body = json!({ "refresh_token": refresh_token });
        let refreshed = domain.api().post("/api/v1/auth/refresh", &body).await.unwrap();
        assert_eq!(refreshed.status, 200, "client {client}, round {round}: {refreshed:?}");
        refresh_token = refreshed.text("/refresh_token").to_owned();
        let access_token = refreshed.text("/access_token").to_owned();

        let name = format!("Ada {round}");
        let url = format!("{}/api/v1/user/profile", domain.api().url);
        let change = http.put(url).bearer_auth(&access_token).json(&json!({ "first_name": name }));
        let changed = change.send().await.unwrap();
        assert_eq!(changed.status(), 200, "client {client}, round {round}: {changed:?}");
        let profile = domain.api().profile(&access_token).await.unwrap();
        assert_eq!(profile.status, 200, "client {client}, round {round}: {profile:?}");
        assert_eq!(profile.text("/first_name"), name, "one deployment reads what the other wrote");
        domain.rounds.fetch_add(1, Ordering::SeqCst);
    }
    refresh_token
}

/// A DynamoDB for several processes, until the runtime ends.
async fn serve_a_store() -> String {
    let database = EmbeddedDynamoDb::in_memory().unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { database.serve_on(listener, std::future::pending()).await });
    endpoint
}

fn deployment(endpoint: &str) -> (TempDir, LocalHost) {
    let data = tempfile::tempdir().unwrap();
    let secret = ("JWT_SECRET", "a-secret-that-two-deployments-share-0123456789");
    let settings = [UNVERIFIED, secret, ("AWS_ENDPOINT_URL_DYNAMODB", endpoint)];
    let host = LocalHost::run(local::command(data.path(), &settings).arg("--create-tables"));
    (data, host)
}
