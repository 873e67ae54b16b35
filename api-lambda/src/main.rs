//! The account service as one AWS Lambda function.
//!
//! API Gateway invokes it with requests; the outbox table's stream and a schedule invoke it to deliver what
//! waits in the outbox.

mod event;
mod path;

use std::{error::Error, io, net::IpAddr, process::ExitCode};

use api::{ApiState, HealthService, HttpSettings, ServiceInfo, SourceAddress};
use application::telemetry;
use axum::Router;
use event::{Event, Reply};
use infrastructure::{
    config::{Config, Host},
    telemetry::{EmbeddedMetrics, Traces, TracesError},
    wiring::{self, Services, Store},
};
use lambda_http::{
    Adapter, LambdaEvent, Request, RequestExt, Service,
    lambda_runtime::{self, service_fn},
    request::RequestContext,
};
use tracing::Instrument;
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

type Failure = Box<dyn Error + Send + Sync>;

// One request is served at a time, and passwords are hashed on threads of their own.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_filter(log_filter());
    let config = Config::from_environment(Host::Lambda);
    let traces = config.as_ref().ok().and_then(traces).transpose();
    let spans = traces.as_ref().ok().and_then(|traces| Some(traces.as_ref()?.layer()));
    tracing_subscriber::registry().with(lines).with(spans).init();
    let started = async { run(config?, traces?).await };
    match started.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = &*error as &dyn Error, "the function cannot start");
            ExitCode::FAILURE
        }
    }
}

fn traces(config: &Config) -> Option<Result<Traces, TracesError>> {
    config.traces.as_ref().map(|settings| Traces::new(settings, &config.application_name, config.stage))
}

async fn run(config: Config, traces: Option<Traces>) -> Result<(), Failure> {
    let metrics = EmbeddedMetrics::record(config.stage)?;
    telemetry::started();
    let services = wiring::build(&config, Store::Existing, None).await?;
    if let Err(why) = &services.store_answered {
        tracing::warn!(why, "the tables did not answer during the start; serving all the same");
    }
    let (relay, keys) = (services.relay.clone(), services.keys.clone());
    let router = router(&services, &config)?;

    let handler = service_fn(move |invocation: LambdaEvent<Event>| {
        let (relay, keys, router, traces) = (relay.clone(), keys.clone(), router.clone(), traces.clone());
        async move {
            let LambdaEvent { payload, context } = invocation;
            let span = tracing::info_span!("invocation", otel.kind = "server", otel.name = payload.name());
            Traces::continue_trace(&span, context.xray_trace_id.as_deref());
            let handled = async {
                match payload {
                    Event::Committed(streams) => {
                        keys.current().await;
                        relay.run_for(&streams).await.map(|_| Reply::Delivered).map_err(Failure::from)
                    }
                    Event::Scheduled => {
                        keys.current().await;
                        relay.run().await.map(|_| Reply::Delivered).map_err(Failure::from)
                    }
                    Event::Http(request) => {
                        let handle = service_fn(move |request: Request| router.clone().call(prepare(request)));
                        Ok(Reply::Http(Adapter::from(handle).call(LambdaEvent::new(*request, context)).await?))
                    }
                }
            };
            let reply = handled.instrument(span).await;
            // The function is frozen once it has answered; what is not said now might be said much later.
            if let Some(traces) = &traces {
                traces.export().await;
            }
            if let Err(error) = metrics.write_to(io::stdout().lock()) {
                tracing::warn!(error = &error as &dyn Error, "metrics are lost");
            }
            reply
        }
    });
    lambda_runtime::run(handler).await
}

fn router(services: &Services, config: &Config) -> Result<Router, Failure> {
    let about = ServiceInfo {
        name: config.application_name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        environment: config.stage.to_string(),
    };
    let health = HealthService::new(about, services.clock.clone(), services.health.clone());
    let state = ApiState::new(services.use_cases.clone(), health, services.ids.clone());
    let Config { stage, http, .. } = config;
    let settings =
        HttpSettings::parse(stage.as_str(), &http.base_path, &http.cors_origins, http.rate_limit_per_minute)?;
    Ok(api::router(state, HttpSettings { hsts: true, ..settings }))
}

/// Undoes what API Gateway and its adapter did to the path, and says where the request came from. The source
/// is what API Gateway saw; a header could be anybody's invention.
fn prepare(mut request: Request) -> Request {
    let (stage, source) = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV1(context)) => (context.stage.clone(), context.identity.source_ip.clone()),
        Some(RequestContext::ApiGatewayV2(context)) => (context.stage.clone(), context.http.source_ip.clone()),
        _ => (None, None),
    };
    if let Some(uri) = path::without_stage(request.uri(), request.raw_http_path(), stage.as_deref()) {
        *request.uri_mut() = uri;
    }
    if let Some(address) = source.and_then(|text| text.parse::<IpAddr>().ok()) {
        request.extensions_mut().insert(SourceAddress(address));
    }
    request
}

#[expect(
    clippy::disallowed_methods,
    reason = "logging starts before the settings are read, to log what is wrong with them"
)]
fn log_filter() -> Targets {
    std::env::var("LOG_LEVEL")
        .ok()
        .and_then(|filter| filter.parse().ok())
        .unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO))
}
