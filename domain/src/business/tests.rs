use chrono::{DateTime, Duration};
use proptest::prelude::*;

use super::*;
use crate::Change;

fn at(seconds: i64) -> Timestamp {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap() + Duration::seconds(seconds)
}

fn anna() -> UserId {
    UserId::restore("anna")
}

fn empty() -> BusinessFoundation {
    BusinessFoundation::empty(TenantId::restore("t1"), at(0))
}

fn line(text: &str) -> Line {
    Line::parse(text).unwrap()
}

fn entry(id: Option<&ProductId>, name: &str) -> ProductEntry {
    ProductEntry { id: id.cloned(), name: line(name), problem: Problem::restore("a problem") }
}

/// Names products `n1`, `n2` …, never one twice.
fn numbered(next: &mut u32) -> impl FnMut() -> ProductId {
    move || {
        *next += 1;
        ProductId::restore(format!("n{next}"))
    }
}

fn with_products(entries: Vec<ProductEntry>) -> BusinessChange {
    BusinessChange { products: Some(entries), ..BusinessChange::default() }
}

fn apply(foundation: &mut BusinessFoundation, change: BusinessChange, seconds: i64) -> Vec<BusinessEventKind> {
    let outcome = foundation.change(change, numbered(&mut 0), &anna(), at(seconds)).unwrap();
    outcome.into_events().into_iter().map(|event| event.what).collect()
}

fn named(name: &str) -> BusinessChange {
    BusinessChange { business_name: Change::Set(line(name)), ..BusinessChange::default() }
}

fn steps(numbers: &[i64]) -> BusinessChange {
    BusinessChange { completed_steps: Some(Steps::parse(numbers).unwrap()), ..BusinessChange::default() }
}

#[test]
fn a_change_says_what_changed_and_who_did_it() {
    let mut foundation = empty();
    let happened = apply(&mut foundation, named("Lee & Co"), 1);
    assert_eq!(happened, [BusinessEventKind::Changed { fields: vec!["business_name"] }]);
    let state = foundation.snapshot();
    assert_eq!(state.history.entries().len(), 1);
    assert_eq!(state.history.entries()[0].fields, ["business_name"]);
    assert_eq!((&state.last_updated_by, state.updated_at, state.version.get()), (&Some(anna()), at(1), 1));
    assert_eq!(apply(&mut foundation, named("Lee & Co"), 2), [], "nothing changed");
    assert_eq!(foundation.snapshot().updated_at, at(1));
}

#[test]
fn a_change_leaves_alone_what_it_does_not_name() {
    let mut foundation = empty();
    let purpose = BusinessChange { purpose: Change::Set(Prose::restore("help")), ..BusinessChange::default() };
    apply(&mut foundation, purpose, 1);
    let street = AddressChange { street: Change::Set(line("High St 1")), ..AddressChange::default() };
    apply(&mut foundation, BusinessChange { address: street, ..BusinessChange::default() }, 2);
    let city = AddressChange { city: Change::Set(line("Berlin")), ..AddressChange::default() };
    apply(&mut foundation, BusinessChange { address: city, ..BusinessChange::default() }, 3);
    let cleared = AddressChange { street: Change::Clear, ..AddressChange::default() };
    apply(&mut foundation, BusinessChange { address: cleared, ..BusinessChange::default() }, 4);
    let state = foundation.snapshot();
    assert_eq!(state.address, Address { city: Some(line("Berlin")), ..Address::default() });
    assert_eq!(state.purpose, Some(Prose::restore("help")));
}

#[test]
fn onboarding_is_completed_once() {
    let mut foundation = empty();
    assert_eq!(apply(&mut foundation, steps(&[1, 2, 3]), 1).len(), 1);
    assert!(apply(&mut foundation, steps(&[4, 3, 2, 1, 1]), 2).contains(&BusinessEventKind::OnboardingCompleted));
    assert_eq!(apply(&mut foundation, steps(&[1]), 3).len(), 1);
    assert_eq!(apply(&mut foundation, steps(&[1, 2, 3, 4]), 4).len(), 1, "not for the first time");
    assert_eq!(foundation.snapshot().completed_at, Some(at(2)));
}

#[test]
fn a_step_is_one_of_four() {
    assert_eq!(Steps::parse(&[3, 1, 3]).map(|steps| steps.iter().collect()), Ok(vec![1, 3]));
    for wrong in [0, 5, -1, i64::MAX] {
        assert_eq!(Steps::parse(&[1, wrong]), Err(InvalidStep));
    }
}

#[test]
fn a_product_that_is_not_there_or_twice_changes_nothing() {
    let mut foundation = empty();
    apply(&mut foundation, with_products(vec![entry(None, "Coaching")]), 1);
    let before = foundation.clone();
    let id = before.snapshot().products.as_slice()[0].id.clone();
    let unknown = ProductId::restore("elsewhere");
    for (entries, why) in [
        (vec![entry(Some(&unknown), "x")], ProductsRefused::Unknown),
        (vec![entry(Some(&id), "x"), entry(Some(&id), "y")], ProductsRefused::Twice),
        ((0..=Products::MAX).map(|_| entry(None, "x")).collect(), ProductsRefused::TooMany),
    ] {
        let change = BusinessChange { business_name: Change::Set(line("x")), ..with_products(entries) };
        assert_eq!(foundation.change(change, numbered(&mut 9), &anna(), at(2)), Err(why));
        assert_eq!(foundation, before);
    }
    assert_eq!(foundation.remove_product(&unknown, &anna(), at(2)), Err(ProductsRefused::Unknown));
    let change = ProductChange::default();
    assert_eq!(foundation.change_product(&unknown, change, &anna(), at(2)), Err(ProductsRefused::Unknown));
}

#[test]
fn products_are_added_changed_and_removed_one_by_one() {
    let mut foundation = empty();
    for id in ["a", "b", "c"] {
        let product = Product { id: ProductId::restore(id), name: line(id), problem: Problem::restore("p") };
        assert!(!foundation.add_product(product, &anna(), at(1)).unwrap().is_nothing());
    }
    let b = ProductId::restore("b");
    let renamed = ProductChange { name: Some(line("B")), problem: None };
    assert!(!foundation.change_product(&b, renamed, &anna(), at(2)).unwrap().is_nothing());
    assert!(!foundation.remove_product(&ProductId::restore("a"), &anna(), at(3)).unwrap().is_nothing());
    let names: Vec<_> = foundation.snapshot().products.as_slice().iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["B", "c"]);
}

proptest! {
    /// Each number stands for the product at that place of the list before, or for a new one.
    #[test]
    fn merging_keeps_ids_and_order_and_never_doubles(
        first in 0_usize..20,
        picks in proptest::collection::vec(0_usize..30, 0..25),
    ) {
        let (mut foundation, mut next) = (empty(), 0);
        let created = (0..first).map(|number| entry(None, &format!("old {number}"))).collect();
        let _outcome = foundation.change(with_products(created), numbered(&mut next), &anna(), at(1)).unwrap();
        let old = foundation.snapshot().products.as_slice().to_vec();

        let mut seen = std::collections::HashSet::new();
        let picks: Vec<_> = picks.into_iter().filter(|pick| *pick >= first || seen.insert(*pick)).collect();
        let id_of = |pick: usize| old.get(pick).map(|product| &product.id);
        let entries = picks.iter().enumerate().map(|(place, &pick)| entry(id_of(pick), &format!("at {place}")));
        let _outcome = foundation.change(with_products(entries.collect()), numbered(&mut next), &anna(), at(2)).unwrap();

        let merged = foundation.snapshot().products.as_slice();
        prop_assert_eq!(merged.len(), picks.len());
        for (place, (product, &pick)) in merged.iter().zip(&picks).enumerate() {
            prop_assert_eq!(product.name.as_str(), format!("at {place}"));
            match id_of(pick) {
                Some(id) => prop_assert_eq!(&product.id, id),
                None => prop_assert!(old.iter().all(|known| known.id != product.id)),
            }
        }
        let ids: std::collections::HashSet<_> = merged.iter().map(|product| &product.id).collect();
        prop_assert_eq!(ids.len(), merged.len());
    }

    #[test]
    fn the_history_is_bounded_and_keeps_the_latest(changes in 0_usize..130) {
        let mut foundation = empty();
        for number in 1..=changes {
            apply(&mut foundation, named(&number.to_string()), i64::try_from(number).unwrap());
        }
        let entries = foundation.snapshot().history.entries();
        prop_assert_eq!(entries.len(), changes.min(ChangeHistory::MAX));
        let last = entries.last().and_then(|entry| entry.at);
        prop_assert_eq!(last, (changes > 0).then(|| at(i64::try_from(changes).unwrap())));
    }
}
