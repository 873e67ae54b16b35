//! The service, assembled as its hosts assemble it, on a store and a clock of its own.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use api::{ApiState, HealthService, HttpSettings, ServiceInfo};
use application::{
    Relay, UseCases,
    billing::Reconciliation,
    ports::{Clock, IdGenerator},
};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::Timestamp;
use infrastructure::{
    aws,
    billing::local::LocalBilling,
    config::{Config, Host},
    dynamodb::{
        embedded::EmbeddedDynamoDb,
        tables::{Layout, Table, create_missing},
    },
    mail::{CaughtMail, Mailbox},
    system::SystemIds,
    wiring::{self, Ambient, Folders, Services},
};
use tokio::net::TcpListener;

use crate::{Access, Client, Probe, TestClock, templates};

/// The secret that signs tokens, unless a test says otherwise.
pub const JWT_SECRET: &str = "a-secret-for-tests-of-more-than-32-bytes";

/// The id of whoever administers the platform, unless a test says otherwise.
pub const PLATFORM_ADMIN: &str = "user_platform-admin";

/// Settings as an operator would set them. Mail is caught, and public requests are not limited, because most
/// tests are about something else.
const SETTINGS: [(&str, &str); 7] = [
    ("JWT_SECRET", JWT_SECRET),
    ("PASSWORD_HASHING_THREADS", "1"),
    ("RATE_LIMIT_PER_MINUTE", "0"),
    ("FRONTEND_BASE_URL", "https://app.example.com"),
    ("FRONTEND_BASE_URLS", r#"["https://beta.example.com"]"#),
    ("CORS_ORIGINS", r#"["https://app.example.com"]"#),
    ("PLATFORM_ADMIN_USER_IDS", r#"["user_platform-admin"]"#),
];

/// The service and everything around it that a test may touch.
///
/// [`Self::finish`] must be called at the end: it proves that the test has looked at every mail and that every
/// event was delivered.
pub struct App {
    /// A client of the service.
    pub client: Client,
    /// The service's clock. A service that runs elsewhere has its own.
    pub clock: Arc<TestClock>,
    /// The store, past the probe: for planting rows and looking at them.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// What the service asks of the store. It sees nothing of a service that runs elsewhere.
    pub probe: Probe,
    /// The tables' names.
    pub tables: Layout,
    /// What the service can do, for what no route reaches. Boxed, as the other large parts are: each test carries its
    /// service along.
    pub use_cases: Box<UseCases>,
    /// The secret that signs tokens.
    pub jwt_secret: String,
    config: Box<Config>,
    billing: Option<LocalBilling>,
    now: Arc<dyn Clock>,
    relay: Box<Relay>,
    mailbox: Arc<Mailbox>,
    seen_mails: AtomicUsize,
    finished: bool,
}

/// A row of a table.
pub type Row = HashMap<String, AttributeValue>;

/// A text in a row.
pub fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

/// Settings for an [`App`].
#[must_use = "a builder does nothing until it is started"]
#[derive(Clone, Debug)]
pub struct AppBuilder {
    settings: BTreeMap<String, String>,
}

impl App {
    /// The service with its usual settings.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// The service with other settings.
    pub fn builder() -> AppBuilder {
        AppBuilder { settings: SETTINGS.map(|(name, value)| (name.to_owned(), value.to_owned())).into() }
    }

    /// A service that runs elsewhere, at `base_url`, on a DynamoDB that `dynamodb` reaches too, with the tables of
    /// the stage `local`. Its mails are delivered by a relay here, which needs its secret.
    pub async fn remote(base_url: &str, dynamodb: aws_sdk_dynamodb::Client, jwt_secret: &str) -> Self {
        Self::builder().setting("JWT_SECRET", jwt_secret).remote(base_url, dynamodb).await
    }

    /// Delivers what waits in the outbox and returns the mails among it, newest first.
    pub async fn deliver_mail(&self) -> Vec<CaughtMail> {
        let round = self.relay.run().await.expect("the outbox can be read");
        assert_eq!((round.postponed, round.buried), (0, 0), "a delivery failed");
        let mut mails = self.mailbox.messages();
        let seen = self.seen_mails.swap(mails.len(), Ordering::Relaxed);
        mails.truncate(mails.len() - seen);
        mails
    }

    /// The one mail that waits for this address. Panics unless there is exactly one, and none for anybody else.
    #[track_caller]
    pub fn mail_to(&self, address: &str) -> impl Future<Output = CaughtMail> {
        let here = std::panic::Location::caller();
        let address = address.to_lowercase();
        async move {
            let mut mails = self.deliver_mail().await;
            let recipients: Vec<_> = mails.iter().map(|mail| mail.to.clone()).collect();
            assert_eq!(recipients, [address], "the mails that wait, at {here}");
            mails.remove(0)
        }
    }

    /// Takes the money, which there is none of. Panics in a stage in which money is meant.
    pub fn billing(&self) -> &LocalBilling {
        self.billing.as_ref().expect("the provider inside the process")
    }

    /// Compares what is paid for here and there, as the command does it. Past the probe: the service asks none of it.
    pub fn reconciliation(&self) -> Reconciliation {
        let provider = Arc::new(self.billing().clone());
        let ambient = Ambient { clock: Arc::clone(&self.now), ids: Arc::new(SystemIds) };
        wiring::assemble_reconciliation(&self.config, self.dynamodb.clone(), provider, ambient)
    }

    /// An address that nobody has used yet.
    pub fn address(&self, name: &str) -> String {
        let id = SystemIds.uuid().simple().to_string();
        format!("{name}.{}@example.com", id.split_at(20).1)
    }

    /// The time, as the service sees it.
    pub fn now(&self) -> Timestamp {
        self.now.now()
    }

    /// Every row of a table.
    pub async fn rows(&self, table: Table) -> Vec<Row> {
        let scanned = self.dynamodb.scan().table_name(self.tables.name(table)).consistent_read(true).send();
        scanned.await.expect("the table exists").items.unwrap_or_default()
    }

    /// One row of a table.
    pub async fn row(&self, table: Table, key: &str) -> Option<Row> {
        let got = self.dynamodb.get_item().table_name(self.tables.name(table));
        let got = got.key(self.tables.definition(table).key, text(key)).consistent_read(true).send();
        got.await.expect("the table exists").item
    }

    /// Puts a row into a table.
    pub async fn plant(&self, table: Table, row: Row) {
        let put = self.dynamodb.put_item().table_name(self.tables.name(table)).set_item(Some(row)).send();
        put.await.expect("a valid row");
    }

    /// Removes a row.
    pub async fn remove(&self, table: Table, key: &str) {
        let delete = self.dynamodb.delete_item().table_name(self.tables.name(table));
        delete.key(self.tables.definition(table).key, text(key)).send().await.expect("a valid key");
    }

    /// Changes an attribute of a row, as somebody else would who works on the table.
    pub async fn set(&self, table: Table, key: &str, attribute: &str, value: &str) {
        let update = self.dynamodb.update_item().table_name(self.tables.name(table));
        let update = update.key(self.tables.definition(table).key, text(key)).update_expression("SET #a = :value");
        let update =
            update.expression_attribute_names("#a", attribute).expression_attribute_values(":value", text(value));
        update.send().await.expect("a valid change");
    }

    /// What the service has asked of the store so far, of tables by the names that they have in every stage.
    pub fn accesses(&self) -> BTreeSet<Access> {
        self.probe.accesses().into_iter().map(|access| access.in_layout(&self.tables)).collect()
    }

    /// Ends the test. Panics when a mail was sent that the test has not looked at, an event cannot be delivered, or
    /// the service did what its role in AWS does not allow.
    pub async fn finish(mut self) {
        self.finished = true;
        let unread = self.deliver_mail().await;
        let unread: Vec<_> = unread.iter().map(|mail| (&mail.to, &mail.subject)).collect();
        assert!(unread.is_empty(), "mails that the test did not expect: {unread:?}");
        let left = self.rows(Table::AccountOutbox).await;
        assert!(left.is_empty(), "left in the outbox: {left:?}");
        let accesses = self.accesses();
        let refused: Vec<_> = accesses.difference(templates::allowed()).map(ToString::to_string).collect();
        assert!(refused.is_empty(), "deployment/account-service/template.yaml does not allow {refused:?}");
    }
}

impl Drop for App {
    fn drop(&mut self) {
        assert!(
            self.finished || std::thread::panicking(),
            "call `finish` at the end of the test: it looks for mails that nobody expected"
        );
    }
}

impl AppBuilder {
    /// Sets an environment variable.
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Nobody has to confirm an address.
    pub fn without_verification(self) -> Self {
        self.setting("REQUIRE_EMAIL_VERIFICATION", "false")
    }

    /// Starts the service on an empty store in memory.
    pub async fn start(self) -> App {
        self.start_on(EmbeddedDynamoDb::in_memory().expect("memory").client()).await
    }

    /// Starts the service on an empty store that others may reach as well.
    pub async fn start_on(self, dynamodb: aws_sdk_dynamodb::Client) -> App {
        // The largest future of them all, which every test would carry along.
        Box::pin(self.assemble_on(dynamodb)).await
    }

    async fn assemble_on(self, dynamodb: aws_sdk_dynamodb::Client) -> App {
        let config = self.config();
        create_missing(&dynamodb, &config.tables).await.expect("the tables are valid");
        let (probe, clock) = (Probe::default(), Arc::new(TestClock::new()));
        let services = services(&config, probe.watch(&dynamodb), clock.clone()).await;
        let client = Client::in_process(router(&services, &config));
        App::new(client, clock, dynamodb, probe, config, services, self.jwt_secret())
    }

    /// Starts the service on an empty store in memory, and serves it on a port of this machine until the runtime
    /// ends. Answers also with where that is.
    pub async fn serve(self) -> (App, String) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let mut app = self.start().await;
        let Some(router) = app.client.router() else { unreachable!("the service is in this process") };
        tokio::spawn(async move { axum::serve(listener, router).await });
        app.client = Client::remote(base.parse().expect("a URL"));
        (app, base)
    }

    /// Uses a service that runs elsewhere; see [`App::remote`].
    pub async fn remote(self, base_url: &str, dynamodb: aws_sdk_dynamodb::Client) -> App {
        let config = self.config();
        let client = Client::remote(base_url.parse().expect("a URL"));
        let system = Ambient::of_the_system();
        let services = services(&config, dynamodb.clone(), system.clock).await;
        let (clock, probe) = (Arc::new(TestClock::new()), Probe::default());
        App::new(client, clock, dynamodb, probe, config, services, self.jwt_secret())
    }

    fn jwt_secret(&self) -> String {
        self.settings["JWT_SECRET"].clone()
    }

    fn config(&self) -> Config {
        Config::read(Host::Local, &|name| self.settings.get(name).cloned()).expect("valid settings")
    }
}

impl App {
    fn new(
        client: Client,
        clock: Arc<TestClock>,
        dynamodb: aws_sdk_dynamodb::Client,
        probe: Probe,
        config: Config,
        services: Services,
        jwt_secret: String,
    ) -> Self {
        Self {
            client,
            clock,
            dynamodb,
            probe,
            tables: config.tables.clone(),
            config: Box::new(config),
            use_cases: Box::new(services.use_cases),
            billing: services.local_billing,
            jwt_secret,
            now: services.clock,
            relay: Box::new(services.relay),
            mailbox: services.mailbox.expect("mail is caught"),
            seen_mails: AtomicUsize::new(0),
            finished: false,
        }
    }
}

async fn services(config: &Config, dynamodb: aws_sdk_dynamodb::Client, clock: Arc<dyn Clock>) -> Services {
    let sdk = aws::load(config.region.clone()).await.expect("a configuration");
    let ambient = Ambient { clock, ids: Arc::new(SystemIds) };
    wiring::assemble(config, &sdk, dynamodb, ambient, Folders::default()).await.expect("services")
}

/// As the Lambda host does it.
fn router(services: &Services, config: &Config) -> axum::Router {
    let about = ServiceInfo {
        name: config.application_name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        environment: config.stage.to_string(),
    };
    let health = HealthService::new(about, services.clock.clone(), services.health.clone());
    let state = ApiState::new(services.use_cases.clone(), health, services.ids.clone());
    let Config { stage, http, .. } = config;
    let settings = HttpSettings::parse(stage.as_str(), &http.base_path, &http.cors_origins, http.rate_limit_per_minute);
    api::router(state, HttpSettings { hsts: true, ..settings.expect("valid settings") })
}
