//! That nobody goes on paying for a tenant that was closed.

use std::sync::Arc;

use application::{
    Relay,
    billing::Run,
    ports::{
        ChangeSet, Clock, ClosedTenant, DeferredBilling, EventEnvelope, EventPublisher, Mail, MailError, Mailer,
        PublishError,
    },
    relay::Round,
};
use async_trait::async_trait;
use chrono::Duration;
use domain::subscription::{BilledStatus, Renewal};
use infrastructure::dynamodb::tables::Table;

use super::{
    billed::{Death, Mortal, World, active, ours, tenant, theirs},
    store::Store,
};

/// Takes events and mails, and keeps none of them.
struct Nobody;

#[async_trait]
impl EventPublisher for Nobody {
    async fn publish(&self, _: &EventEnvelope) -> Result<(), PublishError> {
        Ok(())
    }
}

#[async_trait]
impl Mailer for Nobody {
    async fn send(&self, _: &str, _: &Mail) -> Result<(), MailError> {
        Ok(())
    }
}

/// A tenant with a subscription that renews.
async fn given_one_that_pays(world: &World<'_>, name: &str) -> ClosedTenant {
    world.given(name, Some(ours(name, Some(&format!("p-{name}")), active()))).await;
    world.provider.has(theirs(name, &format!("p-{name}"), BilledStatus::Active));
    ClosedTenant { tenant_id: tenant(name) }
}

/// The renewal here, and there.
async fn renewals(world: &World<'_>, name: &str) -> (Option<Renewal>, Renewal) {
    let there = world.provider.books().subscriptions[&format!("p-{name}")].renewal;
    (world.subscription(name).await.state.renewal(), there)
}

const OFF: (Option<Renewal>, Renewal) = (Some(Renewal::Off), Renewal::Off);
const ON: (Option<Renewal>, Renewal) = (Some(Renewal::Automatic), Renewal::Automatic);

pub(crate) async fn a_provider_that_is_down_is_told_later_that_a_tenant_is_closed(store: &Store) {
    let world = World::new(store);
    let closed = given_one_that_pays(&world, "closes").await;
    world.closes("closes").await;
    store.commit(ChangeSet::default().stop_renewal_of(closed)).await.unwrap();
    let (nobody, clock) = (Arc::new(Nobody), Arc::clone(&store.clock) as Arc<dyn Clock>);
    let relay = Relay::new(Arc::clone(&store.outbox), nobody.clone(), nobody, Arc::new(world.service()), clock);

    world.provider.books().broken.insert("p-closes".to_owned());
    assert_eq!(relay.run().await.unwrap(), Round { postponed: 1, ..Round::default() });
    assert_eq!(renewals(&world, "closes").await, ON);
    world.provider.books().broken.clear();
    store.clock.advance(Duration::hours(1));
    // It, and the event of what it did.
    assert_eq!(relay.run().await.unwrap().delivered, 2);
    assert_eq!(renewals(&world, "closes").await, OFF);
    assert!(store.rows(Table::AccountOutbox).await.is_empty());
    let report = world.reconciliation().tenant(Run::Repair, tenant("closes")).await;
    assert!(report.failure.is_none() && report.findings.is_empty(), "{report:?}");
}

pub(crate) async fn a_renewal_that_is_switched_off_while_the_process_dies_is_off_in_the_end(store: &Store) {
    let world = World::new(store);
    for (name, death) in [("before", Death::Before), ("after", Death::After)] {
        let closed = given_one_that_pays(&world, name).await;
        world.closes(name).await;
        let dies = world.service_through(Arc::new(Mortal::new(&store.unit_of_work, death)));
        dies.stop_renewal(&closed).await.unwrap_err();
        world.service().stop_renewal(&closed).await.unwrap();
        assert_eq!(renewals(&world, name).await, OFF, "{name}");
    }
    assert_eq!(world.provider.books().commands, 2, "each was told once");
}

pub(crate) async fn a_tenant_that_was_opened_before_the_provider_heard_of_it_goes_on_renewing(store: &Store) {
    let world = World::new(store);
    let opened = given_one_that_pays(&world, "opened").await;
    world.service().stop_renewal(&opened).await.unwrap();
    assert_eq!((renewals(&world, "opened").await, world.provider.books().commands), (ON, 0));
}

pub(crate) async fn a_closed_tenant_that_pays_for_nothing_asks_nobody(store: &Store) {
    let world = World::new(store);
    world.given("pays-nothing", None).await;
    world.closes("pays-nothing").await;
    let closed = ClosedTenant { tenant_id: tenant("pays-nothing") };
    world.service().stop_renewal(&closed).await.unwrap();
    world.service().stop_renewal(&ClosedTenant { tenant_id: tenant("gone") }).await.unwrap();
}
