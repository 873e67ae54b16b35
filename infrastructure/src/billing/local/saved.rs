//! How what the domain defines is written into the file of the books: the domain itself knows no format.

pub(super) mod currency {
    use domain::Currency;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(in super::super) fn serialize<S: Serializer>(currency: &Currency, to: S) -> Result<S::Ok, S::Error> {
        currency.as_str().serialize(to)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Currency, D::Error> {
        Currency::parse(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

pub(super) mod money {
    use domain::{Currency, Money};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Saved {
        minor_units: u64,
        #[serde(with = "super::currency")]
        currency: Currency,
    }

    pub(in super::super) fn serialize<S: Serializer>(money: &Money, to: S) -> Result<S::Ok, S::Error> {
        Saved { minor_units: money.minor_units(), currency: money.currency().clone() }.serialize(to)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Money, D::Error> {
        let Saved { minor_units, currency } = Saved::deserialize(from)?;
        Ok(Money::new(minor_units, currency))
    }
}

pub(super) mod choice {
    use domain::{Frequency, Tier, subscription::PlanChoice};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    #[derive(Serialize, Deserialize)]
    struct Saved {
        tier: String,
        frequency: String,
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
    pub(in super::super) fn serialize<S: Serializer>(choice: &PlanChoice, to: S) -> Result<S::Ok, S::Error> {
        let PlanChoice { tier, frequency } = choice;
        Saved { tier: tier.as_str().to_owned(), frequency: frequency.as_str().to_owned() }.serialize(to)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<PlanChoice, D::Error> {
        let Saved { tier, frequency } = Saved::deserialize(from)?;
        let (tier, frequency) = (Tier::from_name(&tier), Frequency::from_name(&frequency));
        let choice = tier.zip(frequency).map(|(tier, frequency)| PlanChoice { tier, frequency });
        choice.ok_or_else(|| D::Error::custom("no such plan"))
    }
}

pub(super) mod period {
    use domain::{BillingPeriod, Timestamp};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    #[derive(Serialize, Deserialize)]
    struct Saved {
        start: Timestamp,
        end: Timestamp,
    }

    pub(in super::super) fn serialize<S: Serializer>(period: &BillingPeriod, to: S) -> Result<S::Ok, S::Error> {
        Saved { start: period.start(), end: period.end() }.serialize(to)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<BillingPeriod, D::Error> {
        let Saved { start, end } = Saved::deserialize(from)?;
        BillingPeriod::restore(start, end).map_err(D::Error::custom)
    }
}

pub(super) mod discount {
    use domain::{
        Money, Percentage,
        discount::{AmountOff, Discount},
    };
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Saved {
        Percentage(u8),
        Fixed(#[serde(with = "super::money")] Money),
    }

    pub(in super::super) fn serialize<S: Serializer>(discount: &Discount, to: S) -> Result<S::Ok, S::Error> {
        let saved = match discount {
            Discount::Percentage(percentage) => Saved::Percentage(percentage.get()),
            Discount::Fixed(amount) => Saved::Fixed(amount.money().clone()),
        };
        saved.serialize(to)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Discount, D::Error> {
        match Saved::deserialize(from)? {
            Saved::Percentage(percent) => {
                Percentage::new(percent.into()).map(Discount::Percentage).map_err(D::Error::custom)
            }
            Saved::Fixed(amount) => AmountOff::new(amount).map(Discount::Fixed).map_err(D::Error::custom),
        }
    }
}
