//! Amounts of money.

use domain::Money;
use serde::{Serialize, Serializer};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, schema::Type},
};

/// An amount in major units, such as `29.00` dollars, as a number.
#[derive(Clone, Debug)]
pub(crate) struct Amount(Money);

impl From<Money> for Amount {
    fn from(money: Money) -> Self {
        Self(money)
    }
}

impl From<&Money> for Amount {
    fn from(money: &Money) -> Self {
        Self(money.clone())
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Beyond what any price is, a number of JSON could not hold it exactly.
        let number: f64 = self.0.to_major().parse().map_err(serde::ser::Error::custom)?;
        serializer.serialize_f64(number)
    }
}

impl PartialSchema for Amount {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new().schema_type(Type::Number).minimum(Some(0));
        let number = number.format(Some(SchemaFormat::KnownFormat(KnownFormat::Double)));
        number.description(Some("In major units: `29.00` is 29 dollars.")).into()
    }
}

impl ToSchema for Amount {}

#[cfg(test)]
mod tests {
    use domain::Currency;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_amount_is_a_number_of_major_units() {
        for (units, code, number) in
            [(2900, "USD", json!(29.0)), (2999, "EUR", json!(29.99)), (500, "JPY", json!(500.0))]
        {
            let money = Money::new(units, Currency::parse(code).unwrap());
            assert_eq!(serde_json::to_value(Amount::from(money)).unwrap(), number);
        }
    }
}
