//! Discount codes, and who redeems them.

use std::{collections::BTreeSet, num::NonZeroU32};

use application::{
    actor::PlatformAdmin,
    page::{Cursor, PageError, PageRequest, PageSize},
    ports::{ChangeSet, CommitError, Refusal, Write},
};
use chrono::Duration;
use domain::{
    Change, Currency, DiscountCode, DiscountCodeId, Frequency, Money, Percentage, PromoCode, RedemptionId,
    SubscriptionId, TenantId, Tier, UserId, Version,
    discount::{
        AmountOff, Discount, DiscountChanges, DiscountCodeSnapshot, DiscountDuration, DiscountTerms, NewRedemption,
        Redemption,
    },
};
use futures::future::join_all;
use infrastructure::dynamodb::tables::Table;

use super::{
    given::start,
    store::{Store, scope},
};

fn admin() -> PlatformAdmin {
    PlatformAdmin::unproved(UserId::restore("root"), TenantId::restore("tenant-root"))
}

fn text(code: &str) -> PromoCode {
    PromoCode::parse(code).unwrap()
}

pub(crate) fn plain() -> DiscountTerms {
    DiscountTerms {
        discount: Discount::Percentage(Percentage::new(20).unwrap()),
        duration: DiscountDuration::Once,
        max_redemptions: None,
        tiers: BTreeSet::new(),
        frequencies: BTreeSet::new(),
        valid_until: None,
    }
}

fn limited(max: u32) -> DiscountTerms {
    DiscountTerms { max_redemptions: NonZeroU32::new(max), ..plain() }
}

fn new_code(id: &str, code: &str, terms: DiscountTerms) -> (DiscountCode, ChangeSet) {
    let (code, created) = DiscountCode::create(DiscountCodeId::restore(id), text(code), terms, start()).unwrap();
    let changes = ChangeSet::default().write(Write::CreateDiscountCode(Box::new(code.clone()))).record(created);
    (code, changes)
}

pub(crate) async fn created(store: &Store, code: &str, terms: DiscountTerms) -> DiscountCode {
    store.commit(new_code("d1", code, terms).1).await.unwrap();
    load(store, code).await
}

async fn load(store: &Store, code: &str) -> DiscountCode {
    store.discounts.find(&text(code)).await.unwrap().unwrap()
}

fn redemption(code: &DiscountCode, tenant: &str) -> (Redemption, ChangeSet) {
    let new = NewRedemption {
        id: RedemptionId::restore(format!("r-{tenant}")),
        tenant_id: TenantId::restore(tenant),
        subscription_id: SubscriptionId::restore(format!("s-{tenant}")),
        tier: Tier::Starter,
        frequency: Frequency::Monthly,
    };
    let (redemption, redeemed) = code.redeem(new, start()).unwrap();
    let write = Write::RedeemCode { code: Box::new(code.clone()), redemption: redemption.clone() };
    (redemption, ChangeSet::default().write(write).record(redeemed))
}

pub(crate) async fn redeem(store: &Store, code: &DiscountCode, tenant: &str) -> Result<Redemption, CommitError> {
    let (redemption, changes) = redemption(code, tenant);
    store.commit(changes).await.map(|()| redemption)
}

fn saved(code: &DiscountCode, changes: DiscountChanges) -> ChangeSet {
    let mut after = code.clone();
    let outcome = after.change(changes, start() + Duration::seconds(1)).unwrap();
    let (before, after) = (Box::new(code.clone()), Box::new(after));
    ChangeSet::default().write(Write::SaveDiscountCode { before, after }).record(outcome)
}

fn refusal<T: std::fmt::Debug>(result: Result<T, CommitError>) -> Refusal {
    match result {
        Err(CommitError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

async fn redeemed(store: &Store, code: &str) -> u32 {
    load(store, code).await.snapshot().redeemed
}

pub(crate) async fn every_field_of_a_discount_code_survives(store: &Store) {
    let fixed = Discount::Fixed(AmountOff::new(Money::new(1500, Currency::parse("EUR").unwrap())).unwrap());
    let full = DiscountTerms {
        discount: fixed.clone(),
        duration: DiscountDuration::from_cycles(Some(3)).unwrap(),
        max_redemptions: NonZeroU32::new(7),
        tiers: [Tier::Starter, Tier::Enterprise].into(),
        frequencies: [Frequency::Yearly].into(),
        valid_until: Some(start() + Duration::days(9)),
    };
    let forever = DiscountTerms { duration: DiscountDuration::Forever, ..plain() };
    for (number, terms) in [full, plain(), forever].into_iter().enumerate() {
        let (code, changes) = new_code("d1", &format!("CODE{number}"), terms);
        store.commit(changes).await.unwrap();
        let loaded = load(store, code.snapshot().code.as_str()).await;
        let version = Version::restore(1);
        assert_eq!(*loaded.snapshot(), DiscountCodeSnapshot { version, ..code.snapshot().clone() });

        let mut after = loaded.clone();
        let now = start() + Duration::seconds(1);
        let others = DiscountChanges {
            discount: Some(fixed.clone()),
            duration: Some(DiscountDuration::from_cycles(Some(36)).unwrap()),
            max_redemptions: Change::Set(NonZeroU32::MAX),
            tiers: Some([Tier::Professional].into()),
            frequencies: Some(BTreeSet::new()),
            valid_until: Change::Clear,
        };
        let outcome = after.change(others, now).unwrap();
        let disabled = after.disable(now);
        let write = Write::SaveDiscountCode { before: Box::new(loaded), after: Box::new(after.clone()) };
        store.commit(ChangeSet::default().write(write).record(outcome).record(disabled)).await.unwrap();
        let version = Version::restore(2);
        let loaded = load(store, after.snapshot().code.as_str()).await;
        assert_eq!(*loaded.snapshot(), DiscountCodeSnapshot { version, ..after.snapshot().clone() });
    }
    assert_eq!(store.discounts.find(&text("NOTHERE")).await.unwrap(), None);
}

pub(crate) async fn two_codes_never_have_the_same_text(store: &Store) {
    created(store, "SPRING27", plain()).await;
    assert_eq!(refusal(store.commit(new_code("d2", "SPRING27", limited(1)).1).await), Refusal::AlreadyExists);
    assert_eq!(load(store, "SPRING27").await.snapshot().terms, plain());
}

pub(crate) async fn a_stale_discount_code_is_refused(store: &Store) {
    let code = created(store, "SPRING27", plain()).await;
    let yearly = DiscountChanges { frequencies: Some([Frequency::Yearly].into()), ..DiscountChanges::default() };
    store.commit(saved(&code, yearly.clone())).await.unwrap();
    assert_eq!(refusal(store.commit(saved(&code, yearly)).await), Refusal::Stale);
    let delete = Write::DeleteDiscountCode(Box::new(code.clone()));
    assert_eq!(refusal(store.commit(ChangeSet::default().write(delete)).await), Refusal::Stale);
    let delete = Write::DeleteDiscountCode(Box::new(load(store, "SPRING27").await));
    store.commit(ChangeSet::default().write(delete)).await.unwrap();
    assert_eq!(store.discounts.find(&text("SPRING27")).await.unwrap(), None);
}

/// Tries to redeem a code as a use case does: whoever is refused looks again.
async fn race(store: &Store, code: &str, tenants: impl Iterator<Item = String>) -> usize {
    let tries = tenants.map(|tenant| {
        let (discounts, unit_of_work) = (store.discounts.clone(), store.unit_of_work.clone());
        let code = text(code);
        tokio::spawn(async move {
            loop {
                let loaded = discounts.find(&code).await.unwrap().unwrap();
                if loaded.check(Tier::Starter, Frequency::Monthly, start()).is_err() {
                    return false;
                }
                match unit_of_work.commit(redemption(&loaded, &tenant).1).await {
                    Ok(()) => return true,
                    Err(CommitError::Refused(Refusal::CodeUsedByTenant)) => return false,
                    Err(CommitError::Conflict | CommitError::Refused(_)) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
        })
    });
    join_all(tries).await.into_iter().filter(|won| *won.as_ref().unwrap()).count()
}

pub(crate) async fn rule_25_of_fifty_racing_redemptions_of_one_left_one_wins(store: &Store) {
    let code = created(store, "SPRING27", limited(3)).await;
    redeem(store, &code, "first").await.unwrap();
    redeem(store, &code, "second").await.unwrap();
    assert_eq!(race(store, "SPRING27", (0..50).map(|number| format!("t{number}"))).await, 1);
    assert_eq!(redeemed(store, "SPRING27").await, 3);
    assert_eq!(store.rows(Table::AccountRedemptions).await.len(), 3);
}

pub(crate) async fn rule_25_a_tenant_redeems_a_code_once_however_often_it_tries_at_once(store: &Store) {
    created(store, "SPRING27", plain()).await;
    assert_eq!(race(store, "SPRING27", (0..20).map(|_| "t1".to_owned())).await, 1);
    assert_eq!(redeemed(store, "SPRING27").await, 1);
}

pub(crate) async fn a_code_that_was_changed_meanwhile_is_not_redeemed_as_it_was(store: &Store) {
    let loaded = created(store, "SPRING27", plain()).await;
    let half = Discount::Percentage(Percentage::new(1).unwrap());
    let changes = DiscountChanges { discount: Some(half), ..DiscountChanges::default() };
    store.commit(saved(&loaded, changes)).await.unwrap();
    assert_eq!(refusal(redeem(store, &loaded, "t1").await), Refusal::CodeExhausted);

    let loaded = load(store, "SPRING27").await;
    let mut disabled = loaded.clone();
    let outcome = disabled.disable(start());
    let write = Write::SaveDiscountCode { before: Box::new(loaded.clone()), after: Box::new(disabled) };
    store.commit(ChangeSet::default().write(write).record(outcome)).await.unwrap();
    assert_eq!(refusal(redeem(store, &loaded, "t1").await), Refusal::CodeExhausted);
    assert_eq!(redeemed(store, "SPRING27").await, 0);
}

pub(crate) async fn a_refused_redemption_leaves_nothing(store: &Store) {
    let code = created(store, "SPRING27", limited(1)).await;
    redeem(store, &code, "t1").await.unwrap();
    let before = store.size().await;
    assert_eq!(refusal(redeem(store, &code, "t2").await), Refusal::CodeExhausted);
    let code = created_as(store, "d2", "SUMMER27").await;
    redeem(store, &code, "t1").await.unwrap();
    assert_eq!(refusal(redeem(store, &code, "t1").await), Refusal::CodeUsedByTenant);
    assert_eq!(redeemed(store, "SUMMER27").await, 1);
    // The second code and its redemption, each with its event, and the record of who made it.
    assert_eq!(store.size().await, before + 5);
    assert_eq!(store.discounts.redemption(&scope(&TenantId::restore("t2")), &text("SPRING27")).await.unwrap(), None);
}

async fn created_as(store: &Store, id: &str, code: &str) -> DiscountCode {
    store.commit(new_code(id, code, plain()).1).await.unwrap();
    load(store, code).await
}

pub(crate) async fn a_released_redemption_can_be_had_again(store: &Store) {
    let code = created(store, "SPRING27", limited(1)).await;
    let redemption = redeem(store, &code, "t1").await.unwrap();
    let scope = scope(&TenantId::restore("t1"));
    let found = store.discounts.redemption(&scope, &text("SPRING27")).await.unwrap();
    assert_eq!(found.as_ref(), Some(&redemption));

    let release = || {
        let write = Write::ReleaseCode(redemption.clone());
        ChangeSet::default().write(write).record(redemption.release())
    };
    store.commit(release()).await.unwrap();
    assert_eq!(store.discounts.redemption(&scope, &text("SPRING27")).await.unwrap(), None);
    assert_eq!(redeemed(store, "SPRING27").await, 0);
    // It is given back once, although it is ordered twice.
    assert_eq!(refusal(store.commit(release()).await), Refusal::Stale);
    redeem(store, &code, "t2").await.unwrap();
    assert_eq!(refusal(store.commit(release()).await), Refusal::Stale);
    assert_eq!(redeemed(store, "SPRING27").await, 1);
}

pub(crate) async fn what_was_promised_meanwhile_is_kept(store: &Store) {
    let loaded = created(store, "SPRING27", limited(9)).await;
    for tenant in ["t1", "t2"] {
        redeem(store, &loaded, tenant).await.unwrap();
    }
    let forever = DiscountChanges { duration: Some(DiscountDuration::Forever), ..DiscountChanges::default() };
    assert_eq!(refusal(store.commit(saved(&loaded, forever)).await), Refusal::Stale);
    let max = |max| DiscountChanges {
        max_redemptions: Change::Set(NonZeroU32::new(max).unwrap()),
        ..DiscountChanges::default()
    };
    assert_eq!(refusal(store.commit(saved(&loaded, max(1))).await), Refusal::Stale);
    store.commit(saved(&loaded, max(2))).await.unwrap();
    let code = load(store, "SPRING27").await;
    assert_eq!((code.snapshot().redeemed, code.snapshot().terms.max_redemptions), (2, NonZeroU32::new(2)));
}

pub(crate) async fn a_code_that_was_redeemed_meanwhile_is_not_deleted(store: &Store) {
    let loaded = created(store, "SPRING27", plain()).await;
    redeem(store, &loaded, "t1").await.unwrap();
    let delete = Write::DeleteDiscountCode(Box::new(loaded));
    assert_eq!(refusal(store.commit(ChangeSet::default().write(delete)).await), Refusal::Stale);
}

pub(crate) async fn a_code_of_the_same_text_is_another_one(store: &Store) {
    let first = created(store, "SPRING27", plain()).await;
    store.commit(ChangeSet::default().write(Write::DeleteDiscountCode(Box::new(first.clone())))).await.unwrap();
    created_as(store, "d2", "SPRING27").await;
    assert_eq!(refusal(redeem(store, &first, "t1").await), Refusal::CodeExhausted);
}

pub(crate) async fn redemptions_do_not_wait_for_a_change_of_the_code(store: &Store) {
    let loaded = created(store, "SPRING27", limited(9)).await;
    let redemptions = (0..9).map(|number| {
        let (changes, unit_of_work) = (redemption(&loaded, &format!("t{number}")).1, store.unit_of_work.clone());
        async move { unit_of_work.commit(changes).await.unwrap() }
    });
    for redemption in redemptions {
        redemption.await;
    }
    let code = load(store, "SPRING27").await;
    assert_eq!((code.snapshot().redeemed, code.snapshot().version), (9, loaded.snapshot().version));
    assert_eq!(code.snapshot().updated_at, loaded.snapshot().updated_at);
}

fn request(size: &str, after: Option<Cursor>) -> PageRequest {
    PageRequest { size: PageSize::parse(size).unwrap(), after }
}

pub(crate) async fn every_code_is_listed_once_whatever_the_page(store: &Store) {
    for number in 0..5 {
        created(store, &format!("CODE{number}"), plain()).await;
    }
    for size in ["1", "2", "5", "100"] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = store.discounts.list(&admin(), &request(size, after)).await.unwrap();
            assert!(page.items.len() <= size.parse().unwrap());
            seen.extend(page.items.iter().map(|code| code.snapshot().code.to_string()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        seen.sort();
        assert_eq!(seen, ["CODE0", "CODE1", "CODE2", "CODE3", "CODE4"], "{size} a page");
    }
}

pub(crate) async fn who_has_redeemed_a_code_is_listed_a_page_at_a_time(store: &Store) {
    let (code, other) = (created(store, "SPRING27", plain()).await, created_as(store, "d2", "SUMMER27").await);
    for tenant in ["t1", "t2", "t3"] {
        redeem(store, &code, tenant).await.unwrap();
    }
    redeem(store, &other, "t4").await.unwrap();
    let first = store.discounts.redemptions(&admin(), &text("SPRING27"), &request("2", None)).await.unwrap();
    let tenants = |page: &[Redemption]| page.iter().map(|one| one.tenant_id.to_string()).collect::<Vec<_>>();
    assert_eq!(tenants(&first.items), ["t1", "t2"]);
    let rest = store.discounts.redemptions(&admin(), &text("SPRING27"), &request("2", first.next)).await.unwrap();
    assert_eq!((tenants(&rest.items), rest.next), (vec!["t3".to_owned()], None));
}

pub(crate) async fn a_cursor_of_something_else_is_refused(store: &Store) {
    created(store, "SPRING27", plain()).await;
    for bad in ["x", "YQpi", "_w"] {
        let request = request("5", Some(Cursor::parse(bad).unwrap()));
        let refused = store.discounts.list(&admin(), &request).await.err();
        assert!(matches!(refused, Some(PageError::Cursor(_))), "{bad}: {refused:?}");
        let refused = store.discounts.redemptions(&admin(), &text("SPRING27"), &request).await.err();
        assert!(matches!(refused, Some(PageError::Cursor(_))), "{bad}: {refused:?}");
    }
}
