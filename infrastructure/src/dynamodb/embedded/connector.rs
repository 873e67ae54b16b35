//! The SDK's HTTP connector, without HTTP: a request goes to the database, its answer comes back.

use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;

use super::Store;

/// Hands the SDK's requests to the database's thread.
#[derive(Debug, Clone)]
pub(super) struct EmbeddedConnector {
    store: Arc<Store>,
}

impl EmbeddedConnector {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self { store }
    }
}

impl HttpConnector for EmbeddedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let store = Arc::clone(&self.store);
        HttpConnectorFuture::new(async move {
            let answer = store
                .worker
                .run(request)
                .await
                .ok_or_else(|| ConnectorError::other("the embedded database died".into(), None))?;
            let status = answer.status.try_into().map_err(|error| ConnectorError::other(Box::new(error), None))?;
            Ok(HttpResponse::new(status, SdkBody::from(answer.body)))
        })
    }
}

impl HttpClient for EmbeddedConnector {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
