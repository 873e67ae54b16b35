//! Fetching key sets from a server.

use chrono::TimeDelta;

use crate::{
    fixtures::server::{Reply, Server, answer},
    oidc::{
        fetch::HttpsKeySource,
        key_cache::{FetchError, Fetched, KeySource},
    },
};

async fn fetch(reply: Reply) -> Result<Fetched, FetchError> {
    HttpsKeySource::new(Server::start(reply).url).fetch().await
}

#[tokio::test]
async fn a_key_set_is_fetched_with_how_long_it_is_good() {
    let good = answer("200 OK", "cache-control: public, max-age=600\r\n", r#"{"keys":[]}"#);
    let fetched = fetch(Reply::Text(good)).await.unwrap();
    assert_eq!(fetched.document, br#"{"keys":[]}"#);
    assert_eq!(fetched.max_age, Some(TimeDelta::minutes(10)));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = Server::start(Reply::Text(answer("200 OK", "", r#"{"keys":[]}"#)));
    let redirect = answer("302 Found", &format!("location: {}\r\n", elsewhere.url), "");
    assert_eq!(fetch(Reply::Text(redirect)).await.err(), Some(FetchError("the answer was 302".to_owned())));
    assert!(elsewhere.received().is_none());
}

#[tokio::test]
async fn an_answer_without_keys_is_a_failure() {
    let sorry = answer("503 Service Unavailable", "", "");
    assert_eq!(fetch(Reply::Text(sorry)).await.err(), Some(FetchError("the answer was 503".to_owned())));
    assert!(fetch(Reply::Text("SSH-2.0-x\r\n".to_owned())).await.is_err());
    let nobody = HttpsKeySource::new("http://127.0.0.1:1/keys".parse().unwrap());
    assert!(nobody.fetch().await.is_err());
}

#[tokio::test]
async fn a_key_set_of_any_length_is_not_read() {
    let endless = answer("200 OK", "", &"x".repeat(256 * 1024 + 1));
    assert!(fetch(Reply::Text(endless)).await.err().is_some_and(|error| error.0.contains("longer than")));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_given_up() {
    assert!(fetch(Reply::Silence).await.is_err());
}
