use proptest::prelude::*;

use super::*;
use crate::{Currency, Percentage, user::tests::at};

fn dollars(minor_units: u64) -> Money {
    Money::new(minor_units, Currency::default())
}

fn percent(percent: u64) -> Discount {
    Discount::Percentage(Percentage::new(percent).unwrap())
}

fn terms() -> DiscountTerms {
    DiscountTerms {
        discount: percent(20),
        duration: DiscountDuration::Once,
        max_redemptions: None,
        tiers: BTreeSet::new(),
        frequencies: BTreeSet::new(),
        valid_until: None,
    }
}

fn code(terms: DiscountTerms) -> DiscountCode {
    let (id, text) = (DiscountCodeId::restore("d1"), PromoCode::parse("SPRING27").unwrap());
    let (code, outcome) = DiscountCode::create(id, text, terms, at(0)).unwrap();
    assert_eq!(kinds(outcome), [DiscountCodeEventKind::Created]);
    code
}

fn redeemed(terms: DiscountTerms, redeemed: u32) -> DiscountCode {
    DiscountCode::restore(DiscountCodeSnapshot { redeemed, ..code(terms).snapshot().clone() })
}

fn kinds(outcome: Outcome<DiscountCodeEvent>) -> Vec<DiscountCodeEventKind> {
    outcome.into_events().into_iter().map(|event| event.what).collect()
}

fn for_starter() -> NewRedemption {
    NewRedemption {
        id: RedemptionId::restore("r1"),
        tenant_id: TenantId::restore("t1"),
        subscription_id: SubscriptionId::restore("s1"),
        tier: Tier::Starter,
        frequency: Frequency::Monthly,
    }
}

fn refusal(code: &DiscountCode, now: Timestamp) -> Option<CodeRefused> {
    code.redeem(for_starter(), now).err()
}

#[test]
fn a_code_is_redeemed_for_a_subscription() {
    let (redemption, outcome) = code(terms()).redeem(for_starter(), at(5)).unwrap();
    assert_eq!((redemption.code.as_str(), redemption.redeemed_at), ("SPRING27", at(5)));
    let released = redemption.release().into_events().remove(0);
    let event = outcome.into_events().remove(0);
    assert_eq!(released, RedemptionEvent { what: RedemptionEventKind::Released, ..event.clone() });
    assert!(event.version() < released.version());
}

#[test]
fn a_code_that_is_switched_off_is_not_redeemed() {
    let mut code = code(terms());
    assert_eq!(kinds(code.disable(at(1))), [DiscountCodeEventKind::Disabled]);
    assert_eq!(refusal(&code, at(2)), Some(CodeRefused::Disabled));
    assert!(code.disable(at(3)).is_nothing());
    assert_eq!(kinds(code.enable(at(4))), [DiscountCodeEventKind::Enabled]);
    assert_eq!((refusal(&code, at(5)), code.snapshot().updated_at), (None, at(4)));
}

#[test]
fn a_code_is_redeemed_before_its_end() {
    let code = code(DiscountTerms { valid_until: Some(at(10)), ..terms() });
    assert_eq!((refusal(&code, at(9)), refusal(&code, at(10))), (None, Some(CodeRefused::Expired)));
}

#[test]
fn a_code_is_redeemed_as_often_as_it_says() {
    let twice = DiscountTerms { max_redemptions: NonZeroU32::new(2), ..terms() };
    assert_eq!(refusal(&redeemed(twice.clone(), 1), at(1)), None);
    assert_eq!(refusal(&redeemed(twice.clone(), 2), at(1)), Some(CodeRefused::Exhausted));
    assert_eq!(refusal(&redeemed(twice, 3), at(1)), Some(CodeRefused::Exhausted));
    assert_eq!(refusal(&redeemed(terms(), u32::MAX), at(1)), None);
}

#[test]
fn a_code_is_for_its_tiers_and_frequencies() {
    let narrow =
        code(DiscountTerms { tiers: [Tier::Professional].into(), frequencies: [Frequency::Yearly].into(), ..terms() });
    assert_eq!(narrow.check(Tier::Starter, Frequency::Yearly, at(1)), Err(CodeRefused::OtherTier));
    assert_eq!(narrow.check(Tier::Professional, Frequency::Monthly, at(1)), Err(CodeRefused::OtherFrequency));
    assert_eq!(narrow.check(Tier::Professional, Frequency::Yearly, at(1)), Ok(()));

    let any = code(terms());
    for tier in Tier::ALL {
        let expected = if tier == Tier::Trial { Err(CodeRefused::OtherTier) } else { Ok(()) };
        assert_eq!(any.check(tier, Frequency::Monthly, at(1)), expected);
    }
}

#[test]
fn a_price_is_made_cheaper_in_the_currency_of_the_code() {
    assert_eq!(code(terms()).price_of(&dollars(2900)), Ok(dollars(2320)));
    let fixed = Discount::Fixed(AmountOff::new(dollars(1000)).unwrap());
    let fixed = code(DiscountTerms { discount: fixed, ..terms() });
    assert_eq!(fixed.price_of(&dollars(900)), Ok(dollars(0)));
    let euros = Money::new(2900, Currency::parse("EUR").unwrap());
    assert_eq!(fixed.price_of(&euros), Err(CodeRefused::OtherCurrency));
}

#[test]
fn only_what_is_named_is_changed() {
    let mut code = code(DiscountTerms { valid_until: Some(at(10)), ..terms() });
    let changes = DiscountChanges {
        discount: Some(percent(30)),
        max_redemptions: Change::Set(NonZeroU32::new(5).unwrap()),
        valid_until: Change::Clear,
        ..DiscountChanges::default()
    };
    assert_eq!(code.change(changes.clone(), at(1)).map(kinds), Ok(vec![DiscountCodeEventKind::Changed]));
    let expected = DiscountTerms { discount: percent(30), max_redemptions: NonZeroU32::new(5), ..terms() };
    assert_eq!(code.snapshot().terms, expected);
    assert_eq!(code.change(changes, at(2)), Ok(Outcome::nothing()));
    assert_eq!(code.snapshot().updated_at, at(1));
}

#[test]
fn what_was_promised_is_kept() {
    let refused = |changes| redeemed(terms(), 3).change(changes, at(1)).unwrap_err();
    let other = DiscountChanges { discount: Some(percent(10)), ..DiscountChanges::default() };
    assert_eq!(refused(other), ChangeRefused::Promised);
    let shorter = DiscountChanges { duration: Some(DiscountDuration::Forever), ..DiscountChanges::default() };
    assert_eq!(refused(shorter), ChangeRefused::Promised);
    let max = |max| Change::Set(NonZeroU32::new(max).unwrap());
    assert_eq!(
        refused(DiscountChanges { max_redemptions: max(2), ..DiscountChanges::default() }),
        ChangeRefused::BelowRedeemed
    );
    let no_more = DiscountChanges { max_redemptions: max(3), ..DiscountChanges::default() };
    assert!(redeemed(terms(), 3).change(no_more, at(1)).is_ok());
}

#[test]
fn a_code_does_not_end_in_the_past() {
    let past = DiscountTerms { valid_until: Some(at(0)), ..terms() };
    let (id, text) = (DiscountCodeId::restore("d1"), PromoCode::parse("SPRING27").unwrap());
    assert_eq!(DiscountCode::create(id, text, past, at(0)).err(), Some(EndsInThePast));
    let mut ended = code(DiscountTerms { valid_until: Some(at(10)), ..terms() });
    let end = |end| DiscountChanges { valid_until: Change::Set(end), ..DiscountChanges::default() };
    assert_eq!(ended.change(end(at(19)), at(20)), Err(EndsInThePast.into()));
    // What is over can still be changed in other ways.
    let tiers = DiscountChanges { tiers: Some([Tier::Starter].into()), ..DiscountChanges::default() };
    assert!(ended.change(tiers, at(20)).is_ok());
    assert!(ended.change(end(at(21)), at(20)).is_ok());
}

#[test]
fn a_redeemed_code_is_never_deleted() {
    assert_eq!(redeemed(terms(), 1).delete(), Err(AlreadyRedeemed));
    assert_eq!(code(terms()).delete().map(kinds), Ok(vec![DiscountCodeEventKind::Deleted]));
}

proptest! {
    #[test]
    fn as_many_redeem_a_code_as_it_says(max in 1_u32..40, tries in 0_u32..80) {
        let terms = DiscountTerms { max_redemptions: NonZeroU32::new(max), ..terms() };
        let mut won = 0;
        for _ in 0..tries {
            if redeemed(terms.clone(), won).redeem(for_starter(), at(1)).is_ok() {
                won += 1;
            }
        }
        prop_assert_eq!(won, max.min(tries));
    }
}
