//! What survives the end of the process, however it ends.

use std::collections::BTreeSet;

use serde_json::json;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::{
    UNVERIFIED,
    api::Api,
    local::{self, LocalHost},
};

#[tokio::test]
async fn data_and_the_signing_secret_survive_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let before = LocalHost::start(data.path(), &[UNVERIFIED]);
    let registered = before.api.register("ada@example.com").await.unwrap();
    drop(before);

    let after = LocalHost::start(data.path(), &[UNVERIFIED]);
    let profile = after.api.profile(registered.text("/access_token")).await.unwrap();
    assert_eq!(profile.text("/email"), "ada@example.com");
    let refresh = json!({ "refresh_token": registered.text("/refresh_token") });
    assert_eq!(after.api.post("/api/v1/auth/refresh", &refresh).await.unwrap().status, 200);
}

#[tokio::test]
async fn in_memory_nothing_is_kept_and_no_folder_is_claimed() {
    let data = tempfile::tempdir().unwrap();
    let start = || LocalHost::run(local::command(data.path(), &[UNVERIFIED]).arg("--in-memory"));
    let (first, second) = (start(), start());
    assert_eq!(first.api.register("ada@example.com").await.unwrap().status, 200);
    assert_eq!(second.api.login("ada@example.com").await.unwrap().status, 401);
    drop(first);
    assert_eq!(start().api.login("ada@example.com").await.unwrap().status, 401);
}

/// Each round kills the process a few answers later than the one before, in the middle of other registrations.
#[tokio::test]
async fn no_acknowledged_registration_is_lost_when_the_process_is_killed() {
    const CLIENTS: usize = 8;
    const ROUNDS: [usize; 5] = [1, 4, 9, 13, 22];
    let data = tempfile::tempdir().unwrap();
    for (round, enough) in ROUNDS.into_iter().enumerate() {
        let host = LocalHost::start(data.path(), &[UNVERIFIED]);
        let (sender, mut acknowledged) = unbounded_channel();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let addresses = (0..).map(move |n| format!("round{round}-client{client}-{n}@example.com"));
                tokio::spawn(register_until_it_fails(host.api.clone(), addresses, sender.clone()))
            })
            .collect();
        drop(sender);
        let mut kept = BTreeSet::new();
        while kept.len() < enough {
            kept.insert(acknowledged.recv().await.unwrap());
        }
        // Kills the process, and waits until it has given up its claim on the folder.
        drop(host);
        while let Some(email) = acknowledged.recv().await {
            kept.insert(email);
        }

        let host = LocalHost::start(data.path(), &[UNVERIFIED]);
        for email in &kept {
            let answer = host.api.login(email).await.unwrap();
            assert_eq!(answer.status, 200, "{email} was registered and is lost: {answer:?}");
        }
        for client in clients {
            registered_or_not_at_all(&host.api, &client.await.unwrap()).await;
        }
    }
}

/// Registers one address after the other, and returns the one that was not answered.
async fn register_until_it_fails(
    api: Api,
    addresses: impl Iterator<Item = String>,
    acknowledged: UnboundedSender<String>,
) -> String {
    for email in addresses {
        match api.register(&email).await {
            Ok(answer) => {
                assert_eq!(answer.status, 200, "{answer:?}");
                acknowledged.send(email).unwrap();
            }
            Err(_) => return email,
        }
    }
    unreachable!("there is always another address")
}

/// A registration that was cut off either happened or left the address free.
async fn registered_or_not_at_all(api: &Api, email: &str) {
    let exists = api.login(email).await.unwrap().status == 200;
    let again = api.register(email).await.unwrap();
    assert_eq!(again.status.as_u16(), if exists { 409 } else { 200 }, "{email}: {again:?}");
}
