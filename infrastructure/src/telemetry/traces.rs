//! Traces: which part of a request took how long, in the service and at DynamoDB.
//!
//! Spans are kept until somebody asks for their export, because a function is frozen between its requests: a thread
//! that exports now and then would do so hours later, or never.

use std::{
    collections::HashMap,
    io, mem,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use opentelemetry::{
    Context, KeyValue,
    propagation::TextMapPropagator,
    trace::{TraceContextExt, TracerProvider},
};
use opentelemetry_aws::{
    trace::{XrayIdGenerator, XrayPropagator},
    xray_exporter::{SegmentTranslator, XrayExporter, daemon_client::XrayDaemonClient},
};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{ExporterBuildError, Protocol, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{Sampler, SdkTracerProvider, Span, SpanData, SpanExporter, SpanProcessor},
};
use tracing::Subscriber;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{Layer, filter::Targets, registry::LookupSpan};
use url::Url;

use crate::{
    config::{Stage, TraceCollector, TracingConfig},
    https::{HttpsClient, Limits, Trust},
};

/// How many spans are kept for the next export; the rest of a request that makes more is not traced.
const MOST_SPANS: usize = 512;

/// The collector is on this machine or beside it, and nobody should wait for it.
const LIMITS: Limits =
    Limits { connecting: Duration::from_millis(500), total: Duration::from_secs(2), answer: 16 * 1024 };

/// Collects spans and exports them. Clones share what was collected.
#[derive(Clone)]
pub struct Traces {
    provider: SdkTracerProvider,
    finished: Finished,
    exporter: Arc<Exporter>,
}

/// Why traces cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    /// There is no socket to send to the X-Ray daemon from.
    #[error("AWS_XRAY_DAEMON_ADDRESS: {0}")]
    Daemon(#[from] io::Error),
    /// The exporter refuses its settings.
    #[error("OTEL_EXPORTER_OTLP_ENDPOINT: {0}")]
    Otlp(#[from] ExporterBuildError),
}

enum Exporter {
    Xray(XrayExporter<XrayDaemonClient>),
    Otlp(opentelemetry_otlp::SpanExporter),
}

impl Traces {
    /// Traces of the service of this name and stage.
    ///
    /// # Errors
    ///
    /// [`TracesError`] says which setting is of no use.
    pub fn new(config: &TracingConfig, service: &str, stage: Stage) -> Result<Self, TracesError> {
        let resource = Resource::builder_empty()
            .with_attributes([
                KeyValue::new("service.name", service.to_owned()),
                KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
                KeyValue::new("deployment.environment.name", stage.as_str()),
            ])
            .build();
        let mut exporter = match &config.collector {
            TraceCollector::Xray(daemon) => Exporter::xray(*daemon)?,
            TraceCollector::Otlp(endpoint) => Exporter::otlp(endpoint)?,
        };
        match &mut exporter {
            Exporter::Xray(exporter) => exporter.set_resource(&resource),
            Exporter::Otlp(exporter) => exporter.set_resource(&resource),
        }
        let finished = Finished::default();
        let provider = SdkTracerProvider::builder()
            .with_resource(resource)
            .with_id_generator(XrayIdGenerator::default())
            // Whoever sent the request decides, and the setting for those who did not.
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.ratio))))
            .with_span_processor(finished.clone())
            .build();
        Ok(Self { provider, finished, exporter: Arc::new(exporter) })
    }

    /// What makes spans of the program's own spans, and of the calls to DynamoDB.
    #[must_use]
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let spans =
            Targets::new().with_default(tracing::Level::INFO).with_target("aws_sdk_dynamodb", tracing::Level::DEBUG);
        let tracer = self.provider.tracer("purposepath-account");
        tracing_opentelemetry::layer().with_tracer(tracer).with_location(false).with_threads(false).with_filter(spans)
    }

    /// Makes `span` a part of the trace that an `X-Amzn-Trace-Id` header names.
    pub fn continue_trace(span: &tracing::Span, header: Option<&str>) {
        let Some(header) = header else { return };
        let carrier = HashMap::from([("x-amzn-trace-id".to_owned(), header.to_owned())]);
        let parent = XrayPropagator::default().extract_with_context(&Context::new(), &carrier);
        if parent.span().span_context().is_valid() {
            // Fails when the span is not traced.
            let _ = span.set_parent(parent);
        }
    }

    /// Exports what has finished since the last time. What the collector does not take is lost, with a warning: a
    /// trace is not worth a request's time.
    pub async fn export(&self) {
        let spans = self.finished.take();
        if spans.is_empty() {
            return;
        }
        let exported = match &*self.exporter {
            Exporter::Xray(exporter) => exporter.export(spans).await,
            Exporter::Otlp(exporter) => exporter.export(spans).await,
        };
        if let Err(error) = exported {
            tracing::warn!(error = &error as &dyn std::error::Error, "traces are lost");
        }
    }

    /// Exports once a second. Never returns.
    pub async fn export_forever(self) {
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            self.export().await;
        }
    }
}

impl Exporter {
    fn xray(daemon: SocketAddr) -> Result<Self, TracesError> {
        let documents = SegmentTranslator::new().metadata_all_attrs();
        Ok(Self::Xray(XrayExporter::new(XrayDaemonClient::new(daemon)?).with_translator(documents)))
    }

    fn otlp(endpoint: &Url) -> Result<Self, TracesError> {
        let mut url = endpoint.clone();
        url.set_path(&format!("{}/v1/traces", endpoint.path().trim_end_matches('/')));
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(url.as_str())
            .with_http_client(Collector(HttpsClient::new(url.clone(), Trust::Machine, LIMITS)))
            .build()?;
        Ok(Self::Otlp(exporter))
    }
}

/// Spans that have ended.
#[derive(Clone, Debug, Default)]
struct Finished(Arc<Mutex<Vec<SpanData>>>);

impl Finished {
    fn take(&self) -> Vec<SpanData> {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl SpanProcessor for Finished {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        let mut finished = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if finished.len() < MOST_SPANS {
            finished.push(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// An OTLP collector over the service's own HTTPS client.
struct Collector(HttpsClient);

impl std::fmt::Debug for Collector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Collector").finish_non_exhaustive()
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let headers = [("content-type", "application/x-protobuf")];
        let answer = self.0.send(self.0.post(&headers, request.into_body().to_vec())?).await?;
        Ok(Response::builder().status(answer.status).body(Bytes::from(answer.body))?)
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use application::ports::Clock;
    use serde_json::Value;
    use tracing::subscriber::with_default;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::{
        fixtures::server::{Reply, Server, answer},
        system::SystemClock,
    };

    /// The trace of a gateway, begun now: X-Ray takes none that is weeks old.
    fn begun_elsewhere() -> (String, String) {
        let trace_id = format!("1-{:08x}-bd862e3fe1be46a994272793", SystemClock.now().timestamp());
        (format!("Root={trace_id};Parent=53995c3f42cd8ad8;Sampled=1"), trace_id)
    }

    fn to(collector: TraceCollector, ratio: f64) -> Traces {
        Traces::new(&TracingConfig { collector, ratio }, "purposepath-account", Stage::Dev).unwrap()
    }

    /// Something is done, with a part that has a part.
    fn work(traces: &Traces, header: Option<&str>) {
        with_default(tracing_subscriber::registry().with(traces.layer()), || {
            let invocation = tracing::info_span!("invocation");
            Traces::continue_trace(&invocation, header);
            invocation.in_scope(|| {
                tracing::info_span!("request", route = "/health").in_scope(|| ());
                tracing::debug_span!("too small to be seen").in_scope(|| ());
            });
        });
    }

    /// What a daemon of X-Ray gets: one datagram for each span, a heading and a document.
    struct Daemon(UdpSocket);

    impl Daemon {
        fn start() -> Self {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            Self(socket)
        }

        fn collector(&self) -> TraceCollector {
            TraceCollector::Xray(self.0.local_addr().unwrap())
        }

        fn received(&self) -> Value {
            let mut datagram = vec![0; 64 * 1024];
            let length = self.0.recv(&mut datagram).unwrap();
            let text = String::from_utf8(datagram[..length].to_vec()).unwrap();
            let (heading, document) = text.split_once('\n').unwrap();
            assert_eq!(serde_json::from_str::<Value>(heading).unwrap()["format"], "json");
            serde_json::from_str(document).unwrap()
        }
    }

    #[tokio::test]
    async fn x_ray_gets_a_request_as_a_part_of_the_trace_that_the_gateway_began() {
        let daemon = Daemon::start();
        let traces = to(daemon.collector(), 0.0);
        let (header, trace_id) = begun_elsewhere();
        work(&traces, Some(&header));
        traces.export().await;
        let (request, invocation) = (daemon.received(), daemon.received());
        for span in [&request, &invocation] {
            assert_eq!(span["trace_id"], trace_id.as_str(), "{span}");
            assert!(span["end_time"].as_f64().unwrap() >= span["start_time"].as_f64().unwrap(), "{span}");
        }
        assert_eq!(invocation["parent_id"], "53995c3f42cd8ad8");
        assert_eq!(request["parent_id"], invocation["id"]);
        assert!(request.to_string().contains("/health"), "{request}");
        assert!(traces.finished.take().is_empty(), "what was exported is not exported again");
    }

    #[tokio::test]
    async fn a_collector_of_opentelemetry_gets_them_too() {
        let server = Server::start(Reply::Text(answer("200 OK", "", "")));
        let traces = to(TraceCollector::Otlp(server.url.clone()), 1.0);
        work(&traces, None);
        traces.export().await;
        let received = server.received().unwrap();
        assert!(received.line.starts_with("POST /v1/traces "), "{}", received.line);
        assert_eq!(received.headers["content-type"], "application/x-protobuf");
        for said in ["invocation", "/health", "purposepath-account", "dev"] {
            assert!(received.body.contains(said), "no {said} in {:?}", received.body);
        }
        assert!(!received.body.contains("too small"));
    }

    #[test]
    fn whether_a_trace_is_wanted_is_for_its_sender_to_say_and_else_for_the_setting() {
        let daemon = Daemon::start();
        let (header, _) = begun_elsewhere();
        let not_sampled = header.replace("Sampled=1", "Sampled=0");
        for (header, ratio, expected) in [
            (Some(header.as_str()), 0.0, 2),
            (Some(not_sampled.as_str()), 1.0, 0),
            (None, 1.0, 2),
            (None, 0.0, 0),
            (Some("nonsense"), 1.0, 2),
        ] {
            let traces = to(daemon.collector(), ratio);
            work(&traces, header);
            assert_eq!(traces.finished.take().len(), expected, "{header:?}, {ratio}");
        }
    }

    #[tokio::test]
    async fn a_collector_that_is_not_there_costs_nothing_but_the_traces() {
        let traces = to(TraceCollector::Otlp("http://127.0.0.1:1/".parse().unwrap()), 1.0);
        work(&traces, None);
        traces.export().await;
        assert!(traces.finished.take().is_empty());
    }

    #[test]
    fn no_more_spans_are_kept_than_one_export_takes() {
        let traces = to(Daemon::start().collector(), 1.0);
        for _ in 0..300 {
            work(&traces, None);
        }
        assert_eq!(traces.finished.take().len(), MOST_SPANS);
    }
}
