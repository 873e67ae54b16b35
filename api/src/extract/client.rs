//! What is known of whoever calls.

use std::{convert::Infallible, net::IpAddr};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use domain::session::Device;
use utoipa::{
    IntoParams,
    openapi::path::{Parameter, ParameterIn},
};

use crate::openapi;

/// The network address that a request came from: the peer of the connection, or what the gateway says it is.
/// The host inserts it as an extension of the request; headers that a client can write are never consulted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceAddress(pub IpAddr);

/// Where a request came from, if that is known.
pub(crate) struct ClientSource(pub(crate) Option<IpAddr>);

impl<S: Sync> FromRequestParts<S> for ClientSource {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.get::<SourceAddress>().map(|source| source.0)))
    }
}

/// The device that a request came from.
pub(crate) struct ClientDevice(pub(crate) Device);

impl<S: Sync> FromRequestParts<S> for ClientDevice {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let source = parts.extensions.get::<SourceAddress>().map(|source| source.0.to_string());
        Ok(Self(Device::new(text(&parts.headers, header::USER_AGENT.as_str()), source)))
    }
}

/// The site that links in mails should lead to, if the client names one. Whether it is honoured is for the
/// use case's allow-list to say.
pub(crate) struct LinkBase(pub(crate) Option<String>);

impl<S: Sync> FromRequestParts<S> for LinkBase {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(text(&parts.headers, "x-frontend-base-url").map(str::to_owned)))
    }
}

impl IntoParams for LinkBase {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let description = "The site that links in mails lead to; ignored unless it is on the allow-list.";
        vec![openapi::header("X-Frontend-Base-Url", description, openapi::origin())]
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
