//! What is sold, and what is taken off: made at Stripe when it is first needed, so that going live takes no clicks.

use application::ports::{BillingError, PricedPlan, PromoDiscount};
use domain::{
    Frequency, Money, Tier,
    discount::{Discount, DiscountDuration, PromoCode},
    subscription::PlanChoice,
};

use super::{
    client::{Client, path_of},
    failure::Failure,
    form::Form,
    objects::{Coupon, List, Named, Price},
    reading::choice_of,
};

/// What the lookup keys of prices begin with: `purposepath_professional_monthly_9900_usd`.
pub(super) const LOOKUP_KEY_PREFIX: &str = "purposepath_";
/// Under which a price says the tier that is sold for it.
pub(super) const TIER: &str = "tier";

/// Under which a coupon says its promotion code.
const PROMO_CODE: &str = "promo_code";

/// Currencies whose amounts Stripe counts in other units than ISO 4217 does.
const OTHER_UNITS: [&str; 3] = ["ISK", "MGA", "UGX"];

/// A price and a discount that exist at Stripe.
pub(super) struct Terms<'a> {
    pub(super) price: String,
    pub(super) discount: Given<'a>,
}

/// How a discount is given.
pub(super) enum Given<'a> {
    /// There is none.
    Nothing,
    /// By a coupon.
    Coupon(String),
    /// By the one that the subscription has for this code: it goes on.
    Already(&'a PromoCode),
    /// By the price, which is less for this code.
    Price(&'a PromoCode),
}

/// Finds or makes what is needed to sell a plan. `going_on`: the code whose discount the subscription has.
pub(super) async fn terms<'a>(
    client: &Client,
    plan: &'a PricedPlan,
    going_on: Option<&PromoCode>,
) -> Result<Terms<'a>, BillingError> {
    let PricedPlan { choice, list_price, discount } = plan;
    // An amount that is taken off for ever is no coupon any more since version 2025-03-31. What is left is a price.
    if let Some(PromoDiscount { code, discount: fixed @ Discount::Fixed(_), duration: DiscountDuration::Forever }) =
        discount
    {
        let left = fixed.price_of(list_price).map_err(|error| BillingError::Refused(error.to_string()))?;
        return Ok(Terms { price: price(client, *choice, &left).await?, discount: Given::Price(code) });
    }
    let price = price(client, *choice, list_price).await?;
    let discount = match discount {
        Some(discount) if going_on == Some(&discount.code) => Given::Already(&discount.code),
        Some(discount) => Given::Coupon(coupon(client, discount, choice.frequency).await?),
        None => Given::Nothing,
    };
    Ok(Terms { price, discount })
}

async fn price(client: &Client, choice: PlanChoice, amount: &Money) -> Result<String, BillingError> {
    let currency = amount.currency().as_str();
    if OTHER_UNITS.contains(&currency) {
        return Err(BillingError::Refused(format!("amounts in {currency} cannot be charged with it")));
    }
    let key = lookup_key(choice, amount);
    let found = Form::new().with("lookup_keys[]", &key).with("active", true).with("limit", 1);
    let found: List<Price> = client.get("/v1/prices", &found).await?;
    let price = match found.data.into_iter().next() {
        Some(price) => price,
        None => make_price(client, choice, amount, &key).await?,
    };
    // Whoever moves a lookup key to another price does not change what people were told.
    let costs = price.unit_amount == Some(amount.minor_units()) && price.currency.eq_ignore_ascii_case(currency);
    if costs && choice_of(&price) == Some(choice) {
        Ok(price.id)
    } else {
        Err(BillingError::Refused(format!("the price with the lookup key {key} is another one")))
    }
}

fn lookup_key(PlanChoice { tier, frequency }: PlanChoice, amount: &Money) -> String {
    let currency = amount.currency().as_str().to_ascii_lowercase();
    format!("{LOOKUP_KEY_PREFIX}{}_{}_{}_{currency}", tier.as_str(), frequency.as_str(), amount.minor_units())
}

async fn make_price(client: &Client, choice: PlanChoice, amount: &Money, key: &str) -> Result<Price, Failure> {
    let PlanChoice { tier, frequency } = choice;
    let interval = match frequency {
        Frequency::Monthly => "month",
        Frequency::Yearly => "year",
    };
    let form = Form::new()
        .with("product", product(client, tier).await?)
        .with("currency", amount.currency().as_str().to_ascii_lowercase())
        .with("unit_amount", amount.minor_units())
        .with("recurring[interval]", interval)
        .with("lookup_key", key)
        // From a price that was archived.
        .with("transfer_lookup_key", true)
        .with(format!("metadata[{TIER}]"), tier.as_str())
        .with("metadata[frequency]", frequency.as_str());
    client.post("/v1/prices", &form, &format!("price-{key}")).await
}

/// The product of a tier. Its name is chosen here, so that there is one however often it is made.
async fn product(client: &Client, tier: Tier) -> Result<String, Failure> {
    let id = format!("{LOOKUP_KEY_PREFIX}{}", tier.as_str());
    let mut name = tier.as_str().to_owned();
    if let Some(initial) = name.get_mut(..1) {
        initial.make_ascii_uppercase();
    }
    let form = Form::new()
        .with("id", &id)
        .with("name", format!("PurposePath {name}"))
        .with(format!("metadata[{TIER}]"), tier.as_str());
    match client.post::<Named>("/v1/products", &form, &format!("product-{id}")).await {
        Ok(Named { id }) => Ok(id),
        Err(failure) if failure.is_there_already() => Ok(id),
        Err(failure) => Err(failure),
    }
}

/// The promotion code that a coupon was made for; `None` for what somebody made at Stripe.
pub(super) fn promo_code(coupon: &Coupon) -> Option<&str> {
    coupon.metadata.get(PROMO_CODE).map(String::as_str)
}

/// The coupon of a promotion code. What it takes off and for how long is part of its name, because neither can be changed
/// at Stripe.
async fn coupon(
    client: &Client,
    PromoDiscount { code, discount, duration }: &PromoDiscount,
    frequency: Frequency,
) -> Result<String, BillingError> {
    let months = duration.months(frequency);
    let (off, value) = match discount {
        Discount::Percentage(percentage) => {
            (format!("{}percent", percentage.get()), Form::new().with("percent_off", percentage.get()))
        }
        Discount::Fixed(amount) => {
            let (amount, currency) = (amount.money().minor_units(), amount.money().currency().as_str());
            let currency = currency.to_ascii_lowercase();
            let value = Form::new().with("amount_off", amount).with("currency", &currency);
            (format!("{amount}{currency}"), value)
        }
    };
    let lasts = months.map_or_else(|| duration.kind().to_owned(), |months| format!("{months}months"));
    let id = format!("{code}-{off}-{lasts}");
    let coupon = match client.get::<Coupon>(&path_of("coupons", &id)?, &Form::new()).await {
        Err(failure) if failure.is_missing() => {
            let form = value.with("id", &id).with("name", code).with("duration", duration.kind());
            let mut form = form.with(format!("metadata[{PROMO_CODE}]"), code);
            if let Some(months) = months {
                form = form.with("duration_in_months", months);
            }
            match client.post::<Coupon>("/v1/coupons", &form, &format!("coupon-{id}")).await {
                // Somebody else was faster.
                Err(failure) if failure.is_there_already() => client.get(&path_of("coupons", &id)?, &Form::new()).await,
                made => made,
            }
        }
        found => found,
    }?;
    if takes_off(&coupon, discount, *duration, months) {
        Ok(coupon.id)
    } else {
        Err(BillingError::Refused(format!("the coupon {id} is another one")))
    }
}

/// Whether a coupon is what its name says: somebody may have made one of that name.
fn takes_off(coupon: &Coupon, discount: &Discount, duration: DiscountDuration, months: Option<u32>) -> bool {
    let percent = coupon.percent_off.as_ref().and_then(serde_json::Number::as_f64);
    let fits = match discount {
        Discount::Percentage(percentage) => percent == Some(f64::from(percentage.get())),
        Discount::Fixed(amount) => {
            let same = |currency: &String| currency.eq_ignore_ascii_case(amount.money().currency().as_str());
            coupon.amount_off == Some(amount.money().minor_units()) && coupon.currency.as_ref().is_some_and(same)
        }
    };
    fits && coupon.duration == duration.kind() && coupon.duration_in_months == months
}
