//! Fetching key sets from a server.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    thread,
};

use chrono::TimeDelta;

use crate::oidc::{
    fetch::HttpsKeySource,
    key_cache::{FetchError, Fetched, KeySource},
};

/// A server that gives every caller this answer, and takes its time when it has none.
fn server(answer: Option<String>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let mut kept = Vec::new();
        for caller in listener.incoming() {
            let mut caller = caller.unwrap();
            // The request is short, and comes in one piece.
            let _length = caller.read(&mut [0; 4096]).unwrap();
            match &answer {
                Some(answer) => drop(caller.write_all(answer.as_bytes())),
                None => kept.push(caller),
            }
        }
    });
    address
}

async fn fetch(answer: Option<&str>) -> Result<Fetched, FetchError> {
    let address = server(answer.map(str::to_owned));
    HttpsKeySource::new(format!("http://{address}/keys").parse().unwrap()).fetch().await
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}

#[tokio::test]
async fn a_key_set_is_fetched_with_how_long_it_is_good() {
    let good = answer("200 OK", "cache-control: public, max-age=600\r\n", r#"{"keys":[]}"#);
    let fetched = fetch(Some(&good)).await.unwrap();
    assert_eq!(fetched.document, br#"{"keys":[]}"#);
    assert_eq!(fetched.max_age, Some(TimeDelta::minutes(10)));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = server(Some(answer("200 OK", "", r#"{"keys":[]}"#)));
    let redirect = answer("302 Found", &format!("location: http://{elsewhere}/keys\r\n"), "");
    assert_eq!(fetch(Some(&redirect)).await.err(), Some(FetchError("the answer was 302".to_owned())));
}

#[tokio::test]
async fn an_answer_without_keys_is_a_failure() {
    let sorry = answer("503 Service Unavailable", "", "");
    assert_eq!(fetch(Some(&sorry)).await.err(), Some(FetchError("the answer was 503".to_owned())));
    assert!(fetch(Some("SSH-2.0-x\r\n")).await.is_err());
    let nobody = HttpsKeySource::new("http://127.0.0.1:1/keys".parse().unwrap());
    assert!(nobody.fetch().await.is_err());
}

#[tokio::test]
async fn a_key_set_of_any_length_is_not_read() {
    let endless = answer("200 OK", "", &"x".repeat(256 * 1024 + 1));
    assert!(fetch(Some(&endless)).await.err().is_some_and(|error| error.0.contains("longer than")));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_given_up() {
    assert!(fetch(None).await.is_err());
}
