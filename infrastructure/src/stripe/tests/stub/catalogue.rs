//! Customers, what is sold, what is taken off, and the portal.

use serde_json::{Value, json};

use super::{
    Error, Result,
    params::Params,
    state::{Coupon, PaymentMethod, Price, State},
};

impl State {
    pub(super) fn create_customer(&mut self, params: &mut Params) -> Result {
        let id = self.name("cus");
        self.customers.insert(id.clone(), json!({ "id": id, "object": "customer", "metadata": {} }));
        self.update_customer(&id, params)
    }

    pub(super) fn update_customer(&mut self, id: &str, params: &mut Params) -> Result {
        let customer = self.customers.get_mut(id).ok_or_else(|| Error::missing("id"))?;
        for name in ["name", "email"] {
            if let Some(value) = params.take(name) {
                customer[name] = value.into();
            }
        }
        for (name, value) in params.take_all("metadata") {
            customer["metadata"][name] = value.into();
        }
        Ok(customer.clone())
    }

    pub(super) fn customer(&self, id: &str, param: &str) -> std::result::Result<(), Error> {
        if self.customers.contains_key(id) { Ok(()) } else { Err(Error::missing(param)) }
    }

    pub(super) fn create_product(&mut self, params: &mut Params) -> Result {
        let (id, name) = (params.need("id")?, params.need("name")?);
        let metadata = params.take_all("metadata");
        if self.products.contains_key(&id) {
            return Err(Error::invalid("resource_already_exists", "id"));
        }
        self.products.insert(id.clone(), name.clone());
        Ok(json!({ "id": id, "object": "product", "name": name, "metadata": metadata }))
    }

    pub(super) fn list_prices(&mut self, params: &mut Params) -> Result {
        let (key, active, _) = (params.need("lookup_keys[]")?, params.flag("active"), params.take("limit"));
        let fits = |price: &&Price| {
            price.lookup_key.as_ref() == Some(&key) && active.is_none_or(|active| active == price.active)
        };
        Ok(list(self.prices.values().filter(fits).map(|price| self.price_json(&price.id))))
    }

    pub(super) fn create_price(&mut self, params: &mut Params) -> Result {
        if !self.products.contains_key(&params.need("product")?) {
            return Err(Error::missing("product"));
        }
        let lookup_key = params.take("lookup_key");
        let transfers = params.flag("transfer_lookup_key").unwrap_or_default();
        for price in self.prices.values_mut().filter(|price| price.lookup_key == lookup_key) {
            if !transfers {
                return Err(Error::invalid("resource_already_exists", "lookup_key"));
            }
            price.lookup_key = None;
        }
        let id = self.name("price");
        let price = Price {
            id: id.clone(),
            lookup_key,
            active: true,
            amount: params.need_number("unit_amount")?,
            currency: params.need("currency")?,
            interval: params.need("recurring[interval]")?,
            metadata: params.take_all("metadata"),
        };
        self.prices.insert(id.clone(), price);
        Ok(self.price_json(&id))
    }

    pub(super) fn coupon(&self, id: &str) -> Result {
        if self.coupons.contains_key(id) { Ok(self.coupon_json(id)) } else { Err(Error::missing("coupon")) }
    }

    pub(super) fn create_coupon(&mut self, params: &mut Params) -> Result {
        let id = params.need("id")?;
        if self.coupons.contains_key(&id) {
            return Err(Error::invalid("resource_already_exists", "id"));
        }
        assert!(params.need("name")?.len() <= 40);
        let coupon = Coupon {
            percent_off: params.take("percent_off").map(|percent| percent.parse().unwrap()),
            amount_off: params.take("amount_off").map(|amount| amount.parse().unwrap()),
            currency: params.take("currency"),
            duration: params.need("duration")?,
            months: params.take("duration_in_months").map(|months| months.parse().unwrap()),
            metadata: params.take_all("metadata"),
        };
        assert_ne!(coupon.percent_off.is_some(), coupon.amount_off.is_some());
        assert_eq!(coupon.amount_off.is_some(), coupon.currency.is_some());
        assert_eq!(coupon.duration == "repeating", coupon.months.is_some());
        assert!(coupon.amount_off.is_none() || coupon.duration != "forever", "not since version 2025-03-31");
        self.coupons.insert(id.clone(), coupon);
        Ok(self.coupon_json(&id))
    }

    pub(super) fn payment_method(&self, id: &str) -> Result {
        let method = self.payment_methods.get(id).ok_or_else(|| Error::missing("payment_method"))?;
        Ok(json!({
            "id": id, "object": "payment_method", "type": "card", "customer": method.customer,
            "card": { "brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2034 },
        }))
    }

    pub(super) fn attach(&mut self, id: &str, params: &mut Params) -> Result {
        let customer = params.need("customer")?;
        self.customer(&customer, "customer")?;
        let Some(PaymentMethod { card, .. }) = self.payment_methods.get(id) else {
            return Err(Error::missing("payment_method"));
        };
        let card = *card;
        let id = if id.starts_with("pm_card_") { self.name("pm") } else { id.to_owned() };
        self.payment_methods.insert(id.clone(), PaymentMethod { card, customer: Some(customer) });
        self.payment_method(&id)
    }

    pub(super) fn list_configurations(&mut self, params: &mut Params) -> Value {
        let (_, _) = (params.take("active"), params.take("limit"));
        let one = |(id, metadata)| json!({ "id": id, "object": "billing_portal.configuration", "metadata": metadata });
        list(self.configurations.iter().map(one))
    }

    pub(super) fn create_configuration(&mut self, params: &mut Params) -> Value {
        assert!(!params.take_all("features").is_empty());
        let (id, metadata) = (self.name("bpc"), params.take_all("metadata"));
        self.configurations.insert(id.clone(), metadata);
        json!({ "id": id, "object": "billing_portal.configuration" })
    }

    pub(super) fn create_session(&mut self, params: &mut Params) -> Result {
        let (customer, configuration) = (params.need("customer")?, params.need("configuration")?);
        self.customer(&customer, "customer")?;
        if !self.configurations.contains_key(&configuration) {
            return Err(Error::missing("configuration"));
        }
        let (id, return_url) = (self.name("bps"), params.need("return_url")?);
        let url = format!("https://billing.stripe.com/p/session/{id}");
        Ok(json!({
            "id": id, "object": "billing_portal.session", "customer": customer, "configuration": configuration,
            "created": self.now, "return_url": return_url, "url": url,
        }))
    }
}

pub(super) fn list(data: impl Iterator<Item = Value>) -> Value {
    json!({ "object": "list", "data": data.collect::<Vec<_>>(), "has_more": false })
}
