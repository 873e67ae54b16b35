//! What is to become of subscriptions.

use serde_json::{Value, json};

use super::{
    Error, Result,
    params::Params,
    state::{Phase, Schedule, State, Subscription},
};

impl State {
    pub(super) fn create_schedule(&mut self, params: &mut Params) -> Result {
        let subscription = params.need("from_subscription")?;
        let found = self.found(&subscription)?.clone();
        if found.schedule.is_some() {
            return Err(Error::invalid("subscription_has_schedule", "from_subscription"));
        }
        let (start, end) = found.period;
        let Subscription { price, discounts, metadata, trial_end, .. } = found;
        let phases = vec![Phase { start, end, price, discounts, metadata, trial_end }];
        let id = self.name("sub_sched");
        let schedule =
            Schedule { subscription: subscription.clone(), status: "active", end_behavior: "release", phases };
        self.schedules.insert(id.clone(), schedule);
        self.found(&subscription)?.schedule = Some(id.clone());
        self.schedule(&id, params)
    }

    pub(super) fn schedule(&self, id: &str, params: &Params) -> Result {
        let schedule = self.schedules.get(id).ok_or_else(|| Error::missing("schedule"))?;
        let expands = params.expands("phases.items.price");
        let price = |id: &str| if expands { self.price_json(id) } else { json!(id) };
        let phase = |phase: &Phase| -> Value {
            json!({
                "start_date": phase.start, "end_date": phase.end, "trial_end": phase.trial_end,
                "items": [{ "price": price(&phase.price), "quantity": 1 }],
                "discounts": phase.discounts.iter().map(|(id, _)| json!({ "discount": id })).collect::<Vec<_>>(),
            })
        };
        let is_now = |phase: &&Phase| phase.start <= self.now && self.now < phase.end;
        let current = schedule.phases.iter().find(is_now).filter(|_| schedule.status == "active");
        Ok(json!({
            "id": id, "object": "subscription_schedule", "status": schedule.status,
            "end_behavior": schedule.end_behavior, "subscription": schedule.subscription,
            "phases": schedule.phases.iter().map(phase).collect::<Vec<_>>(),
            "current_phase": current.map(|phase| json!({ "start_date": phase.start, "end_date": phase.end })),
        }))
    }

    pub(super) fn update_schedule(&mut self, id: &str, params: &mut Params) -> Result {
        let schedule = self.schedules.get(id).cloned().ok_or_else(|| Error::missing("schedule"))?;
        if schedule.status != "active" {
            return Err(Error::invalid("schedule_not_active", "schedule"));
        }
        assert_eq!(params.need("proration_behavior")?, "none");
        let now = self.found(&schedule.subscription)?.clone();
        let mut first = Phase {
            start: params.need_number("phases[0][start_date]")?,
            end: params.need_number("phases[0][end_date]")?,
            price: params.need("phases[0][items][0][price]")?,
            discounts: self.take_discounts("phases[0][discounts]", params, now.period.0)?,
            metadata: now.metadata.clone(),
            trial_end: params.take("phases[0][trial_end]").map(|end| end.parse().unwrap()),
        };
        // What is not named would end.
        assert_eq!(
            (first.start, &first.price, &first.discounts),
            (schedule.phases[0].start, &now.price, &now.discounts)
        );
        assert_eq!((first.end, first.trial_end), (now.period.1, now.trial_end));
        params.take("phases[0][items][0][quantity]");
        first.discounts.clone_from(&now.discounts);
        let ends = params.need("end_behavior")? == "cancel";
        self.found(&schedule.subscription)?.cancel_at = ends.then_some(first.end);
        if ends {
            let schedule = Schedule { phases: vec![first], end_behavior: "cancel", ..schedule };
            self.schedules.insert(id.to_owned(), schedule);
            return self.schedule(id, params);
        }
        let price = params.need("phases[1][items][0][price]")?;
        params.take("phases[1][items][0][quantity]");
        assert_eq!(params.need("phases[1][duration][interval]")?, self.prices[&price].interval);
        assert_eq!(params.need("phases[1][duration][interval_count]")?, "1");
        assert_eq!(params.need("phases[1][proration_behavior]")?, "none");
        let discounts = self.take_discounts("phases[1][discounts]", params, first.end)?;
        let (start, end) = (first.end, self.period_end(first.end, &price));
        let metadata = params.take_all("phases[1][metadata]");
        let second = Phase { start, end, price, discounts, metadata, trial_end: None };
        let schedule = Schedule { phases: vec![first, second], end_behavior: "release", ..schedule };
        self.schedules.insert(id.to_owned(), schedule);
        self.schedule(id, params)
    }

    pub(super) fn release_schedule(&mut self, id: &str) -> Result {
        let schedule = self.schedules.get_mut(id).ok_or_else(|| Error::missing("schedule"))?;
        if schedule.status != "active" {
            return Err(Error::invalid("schedule_not_active", "schedule"));
        }
        schedule.status = "released";
        let subscription = schedule.subscription.clone();
        let found = self.found(&subscription)?;
        (found.schedule, found.cancel_at) = (None, None);
        Ok(json!({ "id": id, "object": "subscription_schedule", "status": "released" }))
    }

    /// The next phase begins; with its own end, which is the last, the schedule is over.
    pub(super) fn enter_next_phase(&mut self, id: &str, subscription: &mut Subscription) {
        let schedule = self.schedules.get_mut(id).unwrap();
        if let Some(next) = schedule.phases.iter().find(|phase| phase.start == self.now) {
            subscription.price.clone_from(&next.price);
            subscription.discounts.clone_from(&next.discounts);
            subscription.write_down(next.metadata.clone());
        } else {
            (schedule.status, subscription.schedule) = ("released", None);
        }
    }
}
