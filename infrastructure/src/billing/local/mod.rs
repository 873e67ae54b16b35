//! A billing provider inside the process: everything works as with Stripe, without a key, a network or money.
//!
//! Its books are a small state machine over the clock. Nothing runs by itself: whatever time brings (renewals, payments
//! that are tried again, ends) happens when somebody asks next, as of the instant at which it was due.
//!
//! | state | what time brings |
//! |---|---|
//! | incomplete | cancelled, when the first payment does not come within 23 hours |
//! | trialing | the first period, at the end of the trial |
//! | active | the next period, at the end of the current one |
//! | past due | the payment is tried again 3, 5 and 7 days after the attempt before; then unpaid |
//! | unpaid | cancelled after 15 days |

mod bill;
mod books;
mod changes;
mod dashboard;
mod desk;
mod events;
mod file;
mod orders;
mod overview;
mod payment_method;
mod plan;
mod saved;
mod subscription;
mod time;
mod webhook;

use std::{
    path::Path,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use application::ports::{
    BillingError, BillingProvider, BillingProviderName, Clock, IdGenerator, NewCustomer, Ordered, PortalSession,
    PricedPlan, ProviderEvent, SubscriptionOrder, WebhookRejected,
};
use async_trait::async_trait;
use chrono::{Duration, SubsecRound};
use domain::{
    Timestamp,
    subscription::{BilledSubscription, CustomerId, ProviderSubscriptionId},
};
use tokio::{sync::Notify, task};
use url::form_urlencoded;

pub use bill::{Bill, BillReason, LedgerEntry};
pub use events::{LocalEvent, SignedEvent};
pub use file::OpenBooksError;
pub use overview::{CustomerOverview, Overview, SubscriptionOverview};

use crate::stripe::webhook::{EndpointSecrets, InvalidEndpointSecret};
use books::Books;
use desk::Desk;
use file::BooksFile;
use subscription::Subscription;

/// How long the address of a portal works, at least.
const PORTAL_WORKS_FOR: Duration = Duration::hours(1);

/// Where the dashboard is unless [`LocalBilling::set_dashboard`] says otherwise.
const DASHBOARD: &str = "http://127.0.0.1:8001/dev/billing";

/// The local billing provider. Clones share its books.
#[derive(Clone)]
pub struct LocalBilling {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
    secrets: EndpointSecrets,
    books: Mutex<Books>,
    file: Option<BooksFile>,
    dashboard: OnceLock<String>,
    told: Notify,
}

/// Why the provider cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenLocalBillingError {
    /// Its books.
    #[error(transparent)]
    Books(#[from] OpenBooksError),
    /// The secret that it makes for itself.
    #[error("the secret of its webhook: {0}")]
    Secret(#[from] InvalidEndpointSecret),
}

impl LocalBilling {
    /// Opens the provider with the books in a folder that exists, or with empty ones in memory.
    ///
    /// # Errors
    ///
    /// [`OpenLocalBillingError`] when the books cannot be read, or somebody else works on them. They stay as they are.
    pub fn open(
        folder: Option<&Path>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdGenerator>,
    ) -> Result<Self, OpenLocalBillingError> {
        let (file, books) = match folder.map(BooksFile::open).transpose()? {
            Some((file, books)) => (Some(file), books),
            None => (None, Books::default()),
        };
        // Whoever reads what is signed with it is in this process.
        let secret = format!("whsec_{}", hex::encode(ids.secret())).into();
        let secrets = EndpointSecrets::parse([&secret])?;
        let (books, dashboard, told) = (Mutex::new(books), OnceLock::new(), Notify::new());
        Ok(Self { shared: Arc::new(Shared { clock, ids, secrets, books, file, dashboard, told }) })
    }

    /// Says where the dashboard is, to which portals lead. What was said first counts.
    pub fn set_dashboard(&self, address: String) {
        self.shared.dashboard.get_or_init(|| address);
    }

    /// Works on the books, on a thread that may wait for the disk, and to the end even when nobody waits for it any more.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Desk) -> Result<T, BillingError> + Send + 'static,
    ) -> Result<T, BillingError> {
        let shared = Arc::clone(&self.shared);
        let done = task::spawn_blocking(move || shared.work(work)).await;
        done.map_err(|_| BillingError::Unavailable("its work was interrupted".to_owned()))?
    }

    async fn change(
        &self,
        id: &ProviderSubscriptionId,
        change: impl FnOnce(&mut Desk, &str) -> Result<Subscription, BillingError> + Send + 'static,
    ) -> Result<BilledSubscription, BillingError> {
        let id = id.as_str().to_owned();
        self.work(move |desk| change(desk, &id).map(|subscription| subscription.billed())).await
    }
}

impl Shared {
    fn work<T>(&self, work: impl FnOnce(&mut Desk) -> Result<T, BillingError>) -> Result<T, BillingError> {
        // Whoever panicked with the lock left whole books: they are only ever replaced.
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now().trunc_subsecs(0).max(books.as_of);
        let mut desk = Desk { books: books.clone(), ids: Arc::clone(&self.ids), now };
        desk.settle();
        let result = work(&mut desk);
        let mut next = desk.books;
        if next != *books {
            next.as_of = now;
            if let Some(file) = &self.file {
                let unwritten = |error| BillingError::Unavailable(format!("its books cannot be written: {error}"));
                file.save(&next).map_err(unwritten)?;
            }
            *books = next;
            if !books.events.is_empty() {
                self.told.notify_one();
            }
        }
        result
    }
}

#[async_trait]
impl BillingProvider for LocalBilling {
    fn name(&self) -> BillingProviderName {
        BillingProviderName::Local
    }

    async fn create_customer(&self, customer: &NewCustomer) -> Result<CustomerId, BillingError> {
        let customer = customer.clone();
        self.work(move |desk| desk.create_customer(&customer).map(CustomerId::restore)).await
    }

    async fn subscription(&self, id: &ProviderSubscriptionId) -> Result<Option<BilledSubscription>, BillingError> {
        let id = id.as_str().to_owned();
        self.work(move |desk| Ok(desk.books.subscriptions.get(&id).map(Subscription::billed))).await
    }

    async fn subscriptions_of(&self, customer: &CustomerId) -> Result<Vec<BilledSubscription>, BillingError> {
        let customer = customer.as_str().to_owned();
        self.work(move |desk| {
            desk.books.customer(&customer)?;
            let of_customer = desk.books.subscriptions.values().filter(|one| one.customer_id == customer);
            let mut found: Vec<_> = of_customer.collect();
            found.sort_by(|one, other| (other.created_at, &other.id).cmp(&(one.created_at, &one.id)));
            Ok(found.into_iter().map(Subscription::billed).collect())
        })
        .await
    }

    async fn subscribe(&self, order: &SubscriptionOrder) -> Result<Ordered, BillingError> {
        let order = order.clone();
        self.work(move |desk| desk.subscribe(&order)).await
    }

    async fn change_now(
        &self,
        id: &ProviderSubscriptionId,
        to: &PricedPlan,
        attempt: &str,
    ) -> Result<BilledSubscription, BillingError> {
        let (to, attempt) = (to.clone(), attempt.to_owned());
        self.change(id, move |desk, id| desk.change_now(id, &to, &attempt)).await
    }

    async fn change_at_period_end(
        &self,
        id: &ProviderSubscriptionId,
        to: &PricedPlan,
        attempt: &str,
    ) -> Result<BilledSubscription, BillingError> {
        let (to, attempt) = (to.clone(), attempt.to_owned());
        self.change(id, move |desk, id| desk.change_at_period_end(id, &to, &attempt)).await
    }

    async fn set_renewal(&self, id: &ProviderSubscriptionId, renews: bool) -> Result<BilledSubscription, BillingError> {
        self.change(id, move |desk, id| desk.set_renewal(id, renews)).await
    }

    async fn cancel(&self, id: &ProviderSubscriptionId) -> Result<BilledSubscription, BillingError> {
        self.change(id, Desk::cancel).await
    }

    async fn extend_trial(
        &self,
        id: &ProviderSubscriptionId,
        ends_at: Timestamp,
    ) -> Result<BilledSubscription, BillingError> {
        self.change(id, move |desk, id| desk.extend_trial(id, ends_at)).await
    }

    async fn open_portal(&self, customer: &CustomerId, return_url: &str) -> Result<PortalSession, BillingError> {
        let customer = customer.as_str().to_owned();
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("customer", &customer)
            .append_pair("return_url", return_url)
            .finish();
        let expires_at =
            self.work(move |desk| desk.books.customer(&customer).map(|_| desk.now + PORTAL_WORKS_FOR)).await?;
        let dashboard = self.shared.dashboard.get().map_or(DASHBOARD, String::as_str);
        Ok(PortalSession { url: format!("{dashboard}?{query}"), expires_at })
    }

    async fn read_event(&self, body: &[u8], signature: &str, now: Timestamp) -> Result<ProviderEvent, WebhookRejected> {
        self.shared.secrets.read(body, signature, now)
    }
}

#[cfg(test)]
mod tests;
