//! The account service on a developer's machine.

mod banner;
mod dead_letters;
mod dev;
mod options;
mod output;
mod reconcile;
mod stop;

use std::{
    error::Error,
    fs::DirBuilder,
    io::{self, IsTerminal},
    net::SocketAddr,
    num::NonZeroU32,
    os::unix::fs::DirBuilderExt,
    process::ExitCode,
    time::Duration,
};

use api::{ApiState, HealthService, HttpSettings, ServiceInfo, SourceAddress};
use application::billing::BillingService;
use axum::{
    extract::{ConnectInfo, Request},
    middleware::{self, Next},
    response::Response,
};
use clap::Parser;
use infrastructure::{
    billing::local::{LocalBilling, SignedEvent},
    config::{Config, Host},
    dynamodb::embedded::EmbeddedDynamoDb,
    telemetry::Traces,
    wiring::{self, Services, Store},
};
use options::{Command, Data, Options, Serve};
use stop::StopSignals;
use tokio::{net::TcpListener, sync::oneshot};
use tracing_subscriber::{Layer, filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};

/// How often expired items of the embedded store are removed.
const SWEEP_INTERVAL: Duration = Duration::from_mins(1);

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(code) => code,
        Err(error) => {
            banner::print_failure(&*error);
            ExitCode::FAILURE
        }
    }
}

async fn run(Options { command, serve }: Options) -> Result<ExitCode, Box<dyn Error + Send + Sync>> {
    let config = Config::from_environment(Host::Local)?;
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .compact()
        .with_filter(config.log_filter.parse::<Targets>().map_err(|error| format!("LOG_LEVEL: {error}"))?);
    let traces = config.traces.as_ref();
    let traces = traces.map(|traces| Traces::new(traces, &config.application_name, config.stage)).transpose()?;
    tracing_subscriber::registry().with(lines).with(traces.as_ref().map(Traces::layer)).init();
    if let Some(traces) = traces {
        tokio::spawn(traces.export_forever());
    }
    match command {
        None => run_service(&config, &serve).await?,
        Some(Command::DeadLetters(command)) => {
            let letters = wiring::dead_letters(&config, existing_store(command.data(), &config)?).await?;
            dead_letters::run(&command, &*letters).await?;
        }
        Some(Command::Reconcile(command)) => {
            let store = existing_store(&command.data, &config)?;
            let pace = NonZeroU32::new(command.per_second).unwrap_or(NonZeroU32::MIN);
            let reconciliation = wiring::reconciliation(&config, store, &command.data.dir, pace).await?;
            return reconcile::run(&command, &reconciliation).await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn run_service(config: &Config, options: &Serve) -> Result<(), Box<dyn Error + Send + Sync>> {
    // Bound first: a port that is taken is the commonest mistake, and nothing has been created yet.
    let listener = TcpListener::bind((options.host, options.port))
        .await
        .map_err(|error| format!("cannot listen on {}:{}: {error}", options.host, options.port))?;
    let (store, description) = open_store(options, config)?;
    let services = wiring::build(config, store, Some(&options.data.dir)).await?;
    services
        .store_answered
        .clone()
        .map_err(|why| format!("the tables cannot be used: {why}\n  --create-tables creates those that are missing"))?;

    let app = api::router(state(&services, config), http_settings(config)?).merge(dev::routes(&services));
    let app = app.layer(middleware::from_fn(name_the_source));

    let signals = StopSignals::listen()?;
    tokio::spawn(Services::deliver_forever(services.relay.clone(), services.keys.clone(), services.queued.clone()));
    let address = listener.local_addr()?;
    if let Some(provider) = services.local_billing.clone() {
        provider.set_dashboard(format!("{}{}", banner::base_url(address), dev::BILLING));
        tokio::spawn(bill_forever(provider, services.use_cases.billing.clone()));
    }
    banner::print(&banner::Facts {
        address,
        store: description,
        catches_mail: services.mailbox.is_some(),
        bills_locally: services.local_billing.is_some(),
        verification: config.mail.verification,
    });
    let (finish, finishing) = oneshot::channel();
    let server = axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>());
    tokio::select! {
        ended = server.with_graceful_shutdown(async { finishing.await.unwrap_or_default() }) => ended?,
        () = signals.escort(finish) => {}
    }
    // What the last requests queued is delivered now rather than at the next start.
    services.relay.run().await?;
    tracing::info!("stopped");
    Ok(())
}

/// Hands what the local billing provider says to the service's own webhook.
async fn bill_forever(provider: LocalBilling, billing: BillingService) {
    let receive = async |event: SignedEvent| {
        let taken = billing.receive(event.body.as_bytes(), &event.signature).await;
        taken.map_err(|error| error.to_string())
    };
    provider.send_forever(receive).await;
}

/// The DynamoDB to run on, and how to describe it.
fn open_store(options: &Serve, config: &Config) -> Result<(Store, String), Box<dyn Error + Send + Sync>> {
    // It holds password hashes and the signing secret, so nobody else on the machine may read it.
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&options.data.dir)
        .map_err(|error| format!("cannot use {} for data: {error}", options.data.dir.display()))?;
    if let Some(endpoint) = &config.dynamodb_endpoint {
        let store = if options.create_tables { Store::ExistingWithMissingTables } else { Store::Existing };
        return Ok((store, format!("DynamoDB at {endpoint}")));
    }
    let (embedded, description) = if options.in_memory {
        (EmbeddedDynamoDb::in_memory()?, "embedded DynamoDB, in memory".to_owned())
    } else {
        (EmbeddedDynamoDb::open(&options.data.dir)?, format!("embedded DynamoDB in {}", options.data.dir.display()))
    };
    tokio::spawn(embedded.sweep_periodically(SWEEP_INTERVAL));
    Ok((Store::Embedded(embedded), description))
}

/// The DynamoDB that is there already, for a command that looks after what a service has left in it.
fn existing_store(Data { dir }: &Data, config: &Config) -> Result<Store, Box<dyn Error + Send + Sync>> {
    if config.dynamodb_endpoint.is_some() {
        return Ok(Store::Existing);
    }
    if !dir.is_dir() {
        return Err(format!("no service has kept data in {}", dir.display()).into());
    }
    Ok(Store::Embedded(EmbeddedDynamoDb::open(dir)?))
}

fn state(services: &Services, config: &Config) -> ApiState {
    let about = ServiceInfo {
        name: config.application_name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        environment: config.stage.to_string(),
    };
    let health = HealthService::new(about, services.clock.clone(), services.health.clone());
    ApiState::new(services.use_cases.clone(), health, services.ids.clone())
}

fn http_settings(config: &Config) -> Result<HttpSettings, Box<dyn Error + Send + Sync>> {
    let Config { stage, http, .. } = config;
    Ok(HttpSettings::parse(stage.as_str(), &http.base_path, &http.cors_origins, http.rate_limit_per_minute)?)
}

/// The peer of the connection is the source of the request: nothing stands in front of a local service.
async fn name_the_source(ConnectInfo(peer): ConnectInfo<SocketAddr>, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(SourceAddress(peer.ip()));
    next.run(request).await
}
