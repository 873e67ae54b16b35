//! What the tiers are.

use aws_sdk_dynamodb::types::AttributeValue::{Bool, L, M};
use chrono::Duration;
use domain::{Frequency, TenantId, Tier, TierOffer};
use infrastructure::dynamodb::{
    maintenance::{MaintenanceError, Observer, Progress, Settings, Tables, What, seed_tiers},
    seed_missing_tiers,
    tables::{Layout, Table},
};

use super::store::{Store, item, number, scope, text};

fn seeds() -> Vec<TierOffer> {
    Tier::ALL.map(TierOffer::seed).into()
}

pub(crate) async fn tiers_without_rows_are_as_seeded(store: &Store) {
    assert_eq!(store.tiers.all().await.unwrap(), seeds());
    assert_eq!(store.tiers.find(Tier::Professional).await.unwrap(), TierOffer::seed(Tier::Professional));
}

pub(crate) async fn a_seeded_row_says_what_the_seed_does_and_is_not_written_again(store: &Store) {
    let own = item([("tier_id", text("starter")), ("name", text("Solo")), ("note", text("ours"))]);
    store.plant(Table::Tiers, own.clone()).await;
    for _ in 0..2 {
        let (one, other) = tokio::join!(
            seed_missing_tiers(&store.client, &store.layout),
            seed_missing_tiers(&store.client, &store.layout)
        );
        one.unwrap();
        other.unwrap();
    }
    assert_eq!(store.rows(Table::Tiers).await.len(), Tier::ALL.len());
    assert_eq!(store.row(Table::Tiers, "starter").await, Some(own));
    let mut expected = seeds();
    "Solo".clone_into(&mut expected[1].name);
    assert_eq!(store.tiers.all().await.unwrap(), expected);
}

pub(crate) async fn what_a_row_says_goes_before_the_seed_within_a_minute(store: &Store) {
    assert_eq!(store.tiers.find(Tier::Starter).await.unwrap(), TierOffer::seed(Tier::Starter));
    let row = item([
        ("tier_id", text("starter")),
        ("description", text("For one.")),
        ("pricing", M(item([("monthly", number(1900))]))),
        ("supported_frequencies", L(vec![text("monthly")])),
        ("is_active", Bool(false)),
    ]);
    store.plant(Table::Tiers, row).await;
    store.clock.advance(Duration::seconds(59));
    assert_eq!(store.tiers.find(Tier::Starter).await.unwrap(), TierOffer::seed(Tier::Starter));
    store.clock.advance(Duration::seconds(1));
    let offer = store.tiers.find(Tier::Starter).await.unwrap();
    assert_eq!((offer.name.as_str(), offer.description.as_str(), offer.is_active), ("Starter", "For one.", false));
    assert_eq!((offer.prices.monthly.minor_units(), offer.prices.yearly.minor_units()), (1900, 29_000));
    assert_eq!(offer.frequencies, [Frequency::Monthly].into());
}

pub(crate) async fn an_offer_and_the_terms_of_a_tenant_come_from_one_memory(store: &Store) {
    store.tiers.all().await.unwrap();
    store.plant(Table::Tiers, item([("tier_id", text("starter")), ("features", L(vec![text("goals")]))])).await;
    let entitlements = store.entitlements.find(&scope(&TenantId::restore("t1"))).await.unwrap();
    assert!(entitlements.features().count() > 1, "read before, and remembered");
    store.clock.advance(Duration::seconds(60));
    let entitlements = store.entitlements.find(&scope(&TenantId::restore("t1"))).await.unwrap();
    assert_eq!(entitlements.features().collect::<Vec<_>>(), ["goals"]);
    assert_eq!(store.tiers.find(Tier::Starter).await.unwrap().terms.features.len(), 1);
}

struct Nobody;

impl Observer for Nobody {
    fn advanced(&self, _: Progress) {}
}

async fn seeded(store: &Store, layout: &Layout, dry_run: bool) -> Result<Vec<String>, MaintenanceError> {
    let tables = Tables { client: &store.client, layout, observer: &Nobody };
    let changes = seed_tiers(tables, Settings::default(), dry_run).await?;
    assert!(changes.iter().all(|change| (change.table, &change.what) == ("tiers", &What::Seed)), "{changes:?}");
    Ok(changes.into_iter().map(|change| change.row).collect())
}

pub(crate) async fn missing_rows_are_foretold_and_written_once(store: &Store) {
    store.plant(Table::Tiers, item([("tier_id", text("starter")), ("name", text("Solo"))])).await;
    let missing = ["trial", "professional", "enterprise"];
    assert_eq!(seeded(store, &store.layout, true).await.unwrap(), missing);
    assert_eq!(store.rows(Table::Tiers).await.len(), 1);
    assert_eq!(seeded(store, &store.layout, false).await.unwrap(), missing);
    for dry_run in [true, false] {
        assert_eq!(seeded(store, &store.layout, dry_run).await.unwrap(), Vec::<String>::new());
    }
    let mut expected = seeds();
    "Solo".clone_into(&mut expected[1].name);
    assert_eq!(store.tiers.all().await.unwrap(), expected);
}

pub(crate) async fn without_a_table_of_tiers_only_a_dry_run_works(store: &Store) {
    let lookup = |variable: &str| match variable {
        "TIERS_TABLE" => Some("there-is-no-such-table".to_owned()),
        "USERS_KEY" => Some(store.layout.users_key().attribute().to_owned()),
        _ => None,
    };
    let layout = Layout::new("dev", lookup).unwrap();
    assert_eq!(seeded(store, &layout, true).await.unwrap(), ["trial", "starter", "professional", "enterprise"]);
    let refused = seeded(store, &layout, false).await.unwrap_err();
    assert_eq!(refused.to_string(), "there is no table there-is-no-such-table");
}
