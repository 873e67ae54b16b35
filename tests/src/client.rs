//! A client of the service, over a socket or without one.

use std::net::{IpAddr, Ipv4Addr};

use api::SourceAddress;
use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header},
};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;
use url::Url;

use crate::conformance;

/// Where routes are, and what is taken off before they are.
const PREFIX: &str = "/api/v1";
const BASE_PATH: &str = "/account";

/// A client of the service. Every answer is held against the OpenAPI document, unless the request says that it
/// goes beyond it.
#[derive(Clone, Debug)]
pub struct Client(Transport);

#[derive(Clone, Debug)]
enum Transport {
    InProcess(Router),
    Remote(reqwest::Client, Url),
}

impl Client {
    /// Calls the router itself.
    pub(crate) fn in_process(router: Router) -> Self {
        Self(Transport::InProcess(router))
    }

    /// The router that it calls, unless it calls a running process.
    pub(crate) fn router(&self) -> Option<Router> {
        match &self.0 {
            Transport::InProcess(router) => Some(router.clone()),
            Transport::Remote(..) => None,
        }
    }

    /// Calls a running process.
    pub(crate) fn remote(base: Url) -> Self {
        // `cargo lambda watch` now and then leaves bytes on a connection that it keeps open, which the next request
        // on it would trip over: each gets a connection of its own.
        let client = reqwest::Client::builder().pool_max_idle_per_host(0).build().expect("a client without TLS");
        Self(Transport::Remote(client, base))
    }

    /// A request to a route, whose path is given without `/api/v1`.
    pub fn call(&self, method: Method, route: &str) -> Call {
        self.at(method, &format!("{PREFIX}{route}"))
    }

    /// A request to a path.
    pub fn at(&self, method: Method, path: &str) -> Call {
        let bare = path.split('?').next().unwrap_or_default();
        let documented = bare.strip_prefix(BASE_PATH).unwrap_or(bare).to_owned();
        Call {
            client: self.clone(),
            method,
            path: path.to_owned(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            source: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
            documented: Some(documented),
        }
    }

    /// `GET` of a route.
    pub fn get(&self, route: &str) -> Call {
        self.call(Method::GET, route)
    }

    /// `POST` to a route.
    pub fn post(&self, route: &str, body: &Value) -> Call {
        self.call(Method::POST, route).json(body)
    }

    /// `DELETE` of a route.
    pub fn delete(&self, route: &str) -> Call {
        self.call(Method::DELETE, route)
    }

    /// `PUT` to a route.
    pub fn put(&self, route: &str, body: &Value) -> Call {
        self.call(Method::PUT, route).json(body)
    }
}

/// A request that is being put together.
#[must_use = "a request does nothing until it is sent"]
#[derive(Clone, Debug)]
pub struct Call {
    client: Client,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
    source: IpAddr,
    documented: Option<String>,
}

impl Call {
    /// With a JSON body.
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// With any body.
    pub fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.header(header::CONTENT_TYPE.as_str(), content_type)
    }

    /// With a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().expect("a header's name");
        self.headers.insert(name, HeaderValue::from_str(value).expect("a header's value"));
        self
    }

    /// With an access token.
    pub fn bearer(self, token: &str) -> Self {
        self.header(header::AUTHORIZATION.as_str(), &format!("Bearer {token}"))
    }

    /// From another network address. Only in process: over a socket, the address is what it is.
    pub fn sent_from(mut self, source: IpAddr) -> Self {
        self.source = source;
        self
    }

    /// The document describes the route under another path.
    pub fn documented_as(mut self, path: &str) -> Self {
        self.documented = Some(path.to_owned());
        self
    }

    /// The document says nothing about this request, and should not.
    pub fn undocumented(mut self) -> Self {
        self.documented = None;
        self
    }

    /// Sends the request.
    pub async fn send(self) -> Answer {
        let (method, documented) = (self.method.clone(), self.documented.clone());
        let answer = match self.client.0.clone() {
            Transport::InProcess(router) => self.send_in_process(router).await,
            Transport::Remote(client, base) => self.send_remotely(client, &base).await,
        };
        if let Some(path) = documented {
            conformance::check(&method, &path, &answer);
        }
        answer
    }

    async fn send_in_process(self, router: Router) -> Answer {
        let mut request = Request::new(Body::from(self.body));
        *request.method_mut() = self.method;
        *request.uri_mut() = self.path.parse().expect("a path");
        *request.headers_mut() = self.headers;
        request.extensions_mut().insert(SourceAddress(self.source));
        let response = router.oneshot(request).await.expect("a router always answers");
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("a body in memory").to_bytes();
        Answer { status: head.status.as_u16(), headers: head.headers, body }
    }

    async fn send_remotely(self, client: reqwest::Client, base: &Url) -> Answer {
        let url = format!("{}{}", base.as_str().trim_end_matches('/'), self.path);
        let request = client.request(self.method, url).headers(self.headers).body(self.body);
        let response = request.send().await.expect("the process answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, body: response.bytes().await.expect("a whole body") }
    }
}

/// What the service answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, byte for byte.
    pub body: Bytes,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.text()))
    }

    /// A header, if it is there.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a readable header"))
    }

    /// The `data` of a success.
    #[track_caller]
    pub fn data(&self) -> Value {
        self.succeeded().json()["data"].clone()
    }

    /// A text in the `data` of a success.
    #[track_caller]
    pub fn text_at(&self, field: &str) -> String {
        let data = self.data();
        data[field].as_str().unwrap_or_else(|| panic!("no text {field} in {data}")).to_owned()
    }

    /// Panics unless this is a `200` in the envelope of a success.
    #[track_caller]
    pub fn succeeded(&self) -> &Self {
        assert_eq!(self.status, 200, "{}", self.text());
        assert_eq!(self.json()["success"], true, "{}", self.text());
        self
    }

    /// The `data` of a `201`.
    #[track_caller]
    pub fn created(&self) -> Value {
        assert_eq!(self.status, 201, "{}", self.text());
        assert_eq!(self.json()["success"], true, "{}", self.text());
        self.json()["data"].clone()
    }

    /// Panics unless this is a failure of this kind in its envelope.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> &Self {
        let body = self.json();
        assert_eq!((self.status, body["code"].as_str()), (status, Some(code)), "{body}");
        assert_eq!(body["success"], false, "{body}");
        assert!(body["error"].as_str().is_some_and(|sentence| !sentence.is_empty()), "{body}");
        assert!(body.get("errors").is_none() || status == 422, "field errors belong to 422: {body}");
        self
    }

    /// What is wrong with one field, according to a `422`.
    #[track_caller]
    pub fn field_error(&self, field: &str) -> String {
        let body = self.json();
        body["errors"][field].as_str().unwrap_or_else(|| panic!("nothing about {field} in {body}")).to_owned()
    }

    /// Panics if the text is anywhere in the answer: not in the body, not in a header.
    #[track_caller]
    pub fn nowhere_contains(&self, text: &str) {
        assert!(!self.text().contains(text), "{} contains what it must not", self.text());
        for (name, value) in &self.headers {
            assert!(!String::from_utf8_lossy(value.as_bytes()).contains(text), "{name} contains what it must not");
        }
    }
}
