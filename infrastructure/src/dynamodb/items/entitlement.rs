//! The tiers and tenant-overrides tables, shared with the Python services, as far as entitlements read them.

use std::collections::BTreeSet;

use application::ports::StoreError;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::entitlement::{OverriddenTerms, Override, TierTerms};

use super::Reader;
use crate::dynamodb::{expression::Item, tables::Table};

/// The terms in a row of the tiers table. What the row says nothing about is as in `seed`.
pub(in crate::dynamodb) fn read_terms(item: &Item, seed: TierTerms) -> Result<TierTerms, StoreError> {
    let row = Reader::new(Table::Tiers, item);
    let TierTerms { mut features, mut limits } = seed;
    if let Some(values) = row.list_if("features")? {
        let names = values.iter().map(|value| value.as_s().map_err(|_| row.unreadable("features", "holds no texts")));
        features = names.map(Result::<&String, _>::cloned).collect::<Result<BTreeSet<_>, _>>()?;
    }
    for (name, value) in row.map_if("limits")?.into_iter().flatten() {
        limits.insert(name.clone(), read_limit(row, "limits", value)?);
    }
    Ok(TierTerms { features, limits })
}

/// The exceptions in a row of the tenant-overrides table, which is named after a feature or a limit and may be
/// about both.
pub(in crate::dynamodb) fn read_override(item: &Item) -> Result<Vec<Override>, StoreError> {
    let row = Reader::new(Table::TenantOverrides, item);
    let name = row.text("feature")?;
    let named = |terms| Override { name: name.to_owned(), terms };
    let mut overrides = Vec::new();
    if item.contains_key("enabled") {
        overrides.push(named(OverriddenTerms::Feature { included: row.flag("enabled")? }));
    }
    if let Some(value) = item.get("limit") {
        overrides.push(named(OverriddenTerms::Limit(read_limit(row, "limit", value)?)));
    }
    Ok(overrides)
}

/// A limit: a number, or NULL or a negative number for none.
fn read_limit(row: Reader<'_>, attribute: &'static str, value: &AttributeValue) -> Result<Option<u64>, StoreError> {
    let limit = match value {
        AttributeValue::Null(_) => return Ok(None),
        AttributeValue::N(digits) => digits.parse::<i64>().ok(),
        _ => None,
    };
    let limit = limit.ok_or_else(|| row.unreadable(attribute, "holds what is no limit"))?;
    Ok(u64::try_from(limit).ok())
}

#[cfg(test)]
mod tests {
    use domain::Tier;

    use super::*;
    use crate::dynamodb::expression::{number, text};

    fn item<const N: usize>(attributes: [(&str, AttributeValue); N]) -> Item {
        attributes.map(|(name, value)| (name.to_owned(), value)).into()
    }

    #[test]
    fn a_row_of_a_tier_goes_before_the_seed_attribute_by_attribute() {
        let limits = item([("goals", number(&3)), ("kpis", AttributeValue::Null(true)), ("reports", number(&-1))]);
        let row = item([("tier_id", text("starter")), ("limits", AttributeValue::M(limits))]);
        let seed = TierTerms::seed(Tier::Starter);
        let terms = read_terms(&row, seed.clone()).unwrap();
        assert_eq!(terms.features, seed.features);
        assert_eq!((terms.limits["goals"], terms.limits["kpis"], terms.limits["reports"]), (Some(3), None, None));
        assert_eq!(terms.limits["seats"], seed.limits["seats"]);

        let row = item([("features", AttributeValue::L(vec![text("goals")]))]);
        assert_eq!(read_terms(&row, seed).unwrap().features, BTreeSet::from(["goals".to_owned()]));
    }

    #[test]
    fn an_exception_is_about_a_feature_or_a_limit_or_both() {
        let row = item([("feature", text("goals")), ("enabled", AttributeValue::Bool(false)), ("limit", number(&2))]);
        let terms: Vec<_> = read_override(&row).unwrap().into_iter().map(|exception| exception.terms).collect();
        assert_eq!(terms, [OverriddenTerms::Feature { included: false }, OverriddenTerms::Limit(Some(2))]);
    }

    #[test]
    fn what_is_no_limit_is_reported() {
        let row = item([("feature", text("goals")), ("limit", text("many"))]);
        assert!(read_override(&row).is_err());
    }
}
