//! Subscriptions and what is paid for them.

use std::collections::BTreeMap;

use chrono::{DateTime, Months, TimeDelta};
use serde_json::{Value, json};

use super::{
    Error, Result,
    catalogue::list,
    params::Params,
    state::{Invoice, State, Subscription},
};

impl State {
    pub(super) fn list_subscriptions(&mut self, params: &mut Params) -> Result {
        let (customer, status, limit) = (params.need("customer")?, params.take("status"), params.take("limit"));
        assert_eq!((status.as_deref(), limit.as_deref()), (Some("all"), Some("100")));
        self.customer(&customer, "customer")?;
        let of_customer = self.subscriptions.iter().rev().filter(|found| found.customer == customer);
        let expands = params.expands("data.discounts.source.coupon");
        Ok(list(of_customer.map(|found| self.json(found, expands, false))))
    }

    pub(super) fn subscription(&mut self, id: &str, params: &Params) -> Result {
        let found = self.found(id)?.clone();
        let invoice = params.expands("latest_invoice.confirmation_secret");
        Ok(self.json(&found, params.expands("discounts.source.coupon"), invoice))
    }

    pub(super) fn create_subscription(&mut self, params: &mut Params) -> Result {
        let (customer, price) = (params.need("customer")?, params.need("items[0][price]")?);
        self.customer(&customer, "customer")?;
        if !self.prices.contains_key(&price) {
            return Err(Error::missing("items[0][price]"));
        }
        assert_eq!(params.need("payment_behavior")?, "default_incomplete");
        assert_eq!(params.need("payment_settings[save_default_payment_method]")?, "on_subscription");
        let discounts = self.take_discounts("discounts", params, self.now)?;
        let id = self.name("sub");
        let mut subscription = Subscription {
            id: id.clone(),
            customer,
            status: "incomplete",
            metadata: params.take_all("metadata"),
            period: (self.now, self.period_end(self.now, &price)),
            price,
            discounts,
            cancel_at_period_end: false,
            cancel_at: None,
            ended_at: None,
            created: self.now,
            trial_end: None,
            schedule: None,
            payment_method: None,
            latest_invoice: None,
        };
        if self.invoice(&mut subscription) == 0 {
            subscription.status = "active";
        }
        self.subscriptions.push(subscription);
        self.subscription(&id, params)
    }

    pub(super) fn update_subscription(&mut self, id: &str, params: &mut Params) -> Result {
        let before = self.found(id)?.clone();
        let mut after = before.clone();
        if let Some(price) = params.take("items[0][price]") {
            assert_eq!(params.need("items[0][id]")?, format!("si_{id}"));
            assert_eq!(params.need("proration_behavior")?, "always_invoice");
            assert_eq!(params.need("payment_behavior")?, "error_if_incomplete");
            let discounts = self.take_discounts("discounts", params, self.now)?;
            self.change_price(&mut after, price, discounts)?;
            after.write_down(params.take_all("metadata"));
        }
        let flag = params.flag("cancel_at_period_end");
        let date = params.take("cancel_at");
        if (flag.is_some() || date.is_some()) && before.schedule.is_some() {
            return Err(Error::invalid("subscription_managed_by_schedule", "cancel_at_period_end"));
        }
        after.cancel_at_period_end = flag.unwrap_or(after.cancel_at_period_end);
        after.cancel_at = match date.as_deref() {
            Some("") => None,
            Some(date) => Some(date.parse().unwrap()),
            None => after.cancel_at,
        };
        if let Some(trial_end) = params.take("trial_end") {
            assert_eq!(params.need("proration_behavior")?, "none");
            let trial_end = trial_end.parse().unwrap();
            (after.trial_end, after.period.1, after.status) = (Some(trial_end), trial_end, "trialing");
        }
        if let Some(method) = params.take("default_payment_method") {
            assert_eq!(self.payment_methods[&method].customer.as_ref(), Some(&after.customer));
            after.payment_method = Some(method);
        }
        *self.found(id)? = after;
        self.subscription(id, params)
    }

    /// Makes an invoice for the current period, and returns its amount; one of nothing is paid.
    fn invoice(&mut self, subscription: &mut Subscription) -> i64 {
        subscription.discounts.retain(|(id, _)| self.ends.get(id).is_none_or(|end| self.now < *end));
        let Subscription { id, price, period, discounts, .. } = &*subscription;
        let (full, amount) = (self.prices[price].amount, self.amount(price, discounts));
        let invoice = Invoice {
            subscription: id.clone(),
            price: price.clone(),
            period: *period,
            full,
            amount,
            is_proration: false,
            currency: self.prices[price].currency.clone(),
            status: if amount == 0 { "paid" } else { "open" },
        };
        let name = self.name("in");
        self.invoices.insert(name.clone(), invoice);
        subscription.latest_invoice = Some(name);
        // A discount of one payment was given with that.
        subscription.discounts.retain(|(_, coupon)| self.coupons[coupon].duration != "once");
        amount
    }

    /// Another price from now on: what is left of the period is credited, and the difference charged at once, or nothing
    /// changes.
    fn change_price(
        &mut self,
        subscription: &mut Subscription,
        price: String,
        discounts: Vec<(String, String)>,
    ) -> std::result::Result<(), Error> {
        if !self.prices.contains_key(&price) {
            return Err(Error::missing("items[0][price]"));
        }
        let (start, end) = subscription.period;
        let left = |amount: i64| amount * (end - self.now) / (end - start);
        let credit = left(self.amount(&subscription.price, &subscription.discounts));
        let same_interval = self.prices[&price].interval == self.prices[&subscription.price].interval;
        let full = self.amount(&price, &discounts);
        let debit = if same_interval { left(full) } else { full };
        if debit > credit && subscription.status != "trialing" {
            let method = subscription.payment_method.clone().ok_or_else(|| Error::card("missing", None))?;
            self.charge(&method, debit - credit, "subscription_payment_intent_requires_action")?;
        }
        if !same_interval {
            subscription.period = (self.now, self.period_end(self.now, &price));
        }
        let invoice = Invoice {
            subscription: subscription.id.clone(),
            price: price.clone(),
            period: (self.now, subscription.period.1),
            full: debit - credit,
            amount: (debit - credit).max(0),
            is_proration: true,
            currency: self.prices[&price].currency.clone(),
            status: "paid",
        };
        let name = self.name("in");
        self.invoices.insert(name.clone(), invoice);
        (subscription.price, subscription.discounts, subscription.latest_invoice) = (price, discounts, Some(name));
        Ok(())
    }

    pub(super) fn cancel_subscription(&mut self, id: &str, params: &mut Params) -> Result {
        assert_eq!((params.flag("invoice_now"), params.flag("prorate")), (Some(false), Some(false)));
        let now = self.now;
        let found = self.found(id)?;
        if matches!(found.status, "canceled" | "incomplete_expired") {
            return Err(Error::missing("id"));
        }
        found.status = if found.status == "incomplete" { "incomplete_expired" } else { "canceled" };
        (found.ended_at, found.schedule) = (Some(now), None);
        self.subscription(id, params)
    }

    pub(super) fn pay(&mut self, id: &str, params: &mut Params) -> Result {
        let (method, off_session) = (params.need("payment_method")?, params.flag("off_session"));
        assert_eq!(off_session, Some(false), "somebody is there");
        let invoice = self.invoices.get(id).cloned().ok_or_else(|| Error::missing("invoice"))?;
        if invoice.status != "open" {
            return Err(Error::invalid("invoice_not_payable", "invoice"));
        }
        let customer = self.found(&invoice.subscription)?.customer.clone();
        assert_eq!(self.payment_methods[&method].customer, Some(customer));
        self.charge(&method, invoice.amount, "invoice_payment_intent_requires_action")?;
        self.settle(id, &method);
        Ok(self.invoice_json(id, false))
    }

    /// The invoice is paid with this method.
    fn settle(&mut self, id: &str, method: &str) {
        let invoice = self.invoices.get_mut(id).unwrap();
        invoice.status = "paid";
        let subscription = invoice.subscription.clone();
        let subscription = self.found(&subscription).unwrap();
        subscription.status = "active";
        subscription.payment_method = Some(method.to_owned());
    }

    /// Somebody pays the first invoice in their browser, with what confirms it.
    pub(crate) fn confirm(&mut self, client_secret: &str, method: &str) {
        let id = client_secret.strip_prefix("pi_of_").unwrap().strip_suffix("_secret").unwrap().to_owned();
        self.charges.push(self.invoices[&id].amount);
        self.settle(&id, method);
    }

    /// Time passes, and brings what is due.
    pub(crate) fn advance(&mut self, by: TimeDelta) {
        let until = self.now + by.num_seconds();
        for index in 0..self.subscriptions.len() {
            loop {
                let Subscription { id, status, period, created, .. } = self.subscriptions[index].clone();
                let expires = created + TimeDelta::hours(23).num_seconds();
                if status == "incomplete" && expires <= until {
                    let found = &mut self.subscriptions[index];
                    (found.status, found.ended_at) = ("incomplete_expired", Some(expires));
                } else if matches!(status, "active" | "trialing") && period.1 <= until {
                    self.turn(&id);
                } else {
                    break;
                }
            }
        }
        self.now = until;
    }

    /// The period of a subscription ends, and whatever was to come comes.
    pub(crate) fn turn(&mut self, id: &str) {
        let mut subscription = self.found(id).unwrap().clone();
        self.now = subscription.period.1;
        if subscription.cancel_at_period_end || subscription.cancel_at.is_some_and(|at| at <= self.now) {
            (subscription.status, subscription.ended_at) = ("canceled", Some(self.now));
        } else {
            if let Some(schedule) = subscription.schedule.clone() {
                self.enter_next_phase(&schedule, &mut subscription);
            }
            subscription.period = (self.now, self.period_end(self.now, &subscription.price));
            let amount = self.invoice(&mut subscription);
            let method = subscription.payment_method.clone().unwrap();
            let charged = self.charge(&method, amount, "authentication_required");
            subscription.status = if charged.is_ok() { "active" } else { "past_due" };
        }
        *self.found(id).unwrap() = subscription;
    }

    /// Discounts that a request names: new ones by their coupon, which are given from then on, and old ones by their own
    /// name; none when it is empty.
    pub(super) fn take_discounts(
        &mut self,
        name: &str,
        params: &mut Params,
        from: i64,
    ) -> std::result::Result<Vec<(String, String)>, Error> {
        let named = params.take_all(name);
        if named.is_empty() {
            params.take(name);
            return Ok(Vec::new());
        }
        let mut discounts = Vec::new();
        for (kind, value) in named {
            if kind.ends_with("[coupon") {
                let coupon = self.coupons.get(&value).ok_or_else(|| Error::missing("coupon"))?;
                let end = coupon.months.map(|months| Self::after(from, months));
                let id = self.name("di");
                self.ends.extend(end.map(|end| (id.clone(), end)));
                discounts.push((id, value));
            } else {
                let mut known = self.subscriptions.iter().flat_map(|found| &found.discounts);
                let known = known.find(|(id, _)| *id == value);
                discounts.push(known.cloned().ok_or_else(|| Error::missing("discount"))?);
            }
        }
        Ok(discounts)
    }

    pub(super) fn period_end(&self, start: i64, price: &str) -> i64 {
        let months = if self.prices[price].interval == "year" { 12 } else { 1 };
        Self::after(start, months)
    }

    fn after(start: i64, months: u32) -> i64 {
        let start = DateTime::from_timestamp(start, 0).unwrap();
        start.checked_add_months(Months::new(months)).unwrap().timestamp()
    }

    fn json(&self, found: &Subscription, expands_discounts: bool, expands_invoice: bool) -> Value {
        let discount = |(id, coupon): &(String, String)| {
            let source = json!({ "type": "coupon", "coupon": self.coupon_json(coupon) });
            let discount = json!({ "id": id, "object": "discount", "end": self.ends.get(id), "source": source });
            if expands_discounts { discount } else { json!(id) }
        };
        let discounts: Vec<_> = found.discounts.iter().map(discount).collect();
        let invoice = |id: &String| if expands_invoice { self.invoice_json(id, true) } else { json!(id) };
        let invoice = found.latest_invoice.as_ref().map(invoice);
        let item = json!({
            "id": format!("si_{}", found.id), "object": "subscription_item", "quantity": 1,
            "price": self.price_json(&found.price), "current_period_start": found.period.0,
            "current_period_end": found.period.1,
        });
        json!({
            "id": found.id, "object": "subscription", "customer": found.customer, "status": found.status,
            "metadata": found.metadata, "items": list([item].into_iter()), "discounts": discounts, "livemode": false,
            "billing_mode": { "type": "flexible" }, "cancel_at_period_end": found.cancel_at_period_end,
            "cancel_at": found.cancel_at, "canceled_at": found.ended_at, "ended_at": found.ended_at,
            "created": found.created, "trial_end": found.trial_end, "schedule": found.schedule,
            "default_payment_method": found.payment_method, "latest_invoice": invoice,
        })
    }

    fn invoice_json(&self, id: &str, with_secret: bool) -> Value {
        let Invoice { subscription, price, period, full, amount, is_proration, currency, status } = &self.invoices[id];
        let details = json!({ "subscription_item": format!("si_{subscription}"), "proration": is_proration });
        let line = json!({
            "object": "line_item", "amount": full, "discount_amounts": [{ "amount": full - amount, "discount": "di" }],
            "period": { "start": period.0, "end": period.1 },
            "parent": { "type": "subscription_item_details", "subscription_item_details": details },
            "pricing": { "type": "price_details", "price_details": { "price": price } },
        });
        let secret = json!({ "type": "payment_intent", "client_secret": format!("pi_of_{id}_secret") });
        json!({
            "id": id, "object": "invoice", "status": status, "amount_due": amount, "currency": currency,
            "lines": list([line].into_iter()),
            "confirmation_secret": if with_secret && *status == "open" { secret } else { Value::Null },
        })
    }
}

impl Subscription {
    /// Others write on it; what is empty is rubbed out.
    pub(super) fn write_down(&mut self, metadata: BTreeMap<String, String>) {
        self.metadata.extend(metadata);
        self.metadata.retain(|_, value| !value.is_empty());
    }
}
