//! What the reconciliation found, for people and for scripts.

use application::{
    billing::{Done, Drift, Finding, Side, TenantFailure, TenantReport},
    page::Cursor,
    ports::BillingProviderName,
};
use domain::{
    SubscriptionId, TenantId,
    subscription::{PlanChoice, ProviderSubscriptionId, Renewal},
};
use serde_json::{Value, json};

use crate::output;

/// What was found so far.
pub(super) struct Report {
    provider: BillingProviderName,
    is_applied: bool,
    tenants: u64,
    findings: Vec<(TenantId, Finding)>,
    failures: Vec<(TenantId, TenantFailure)>,
    /// Where to go on, while it is not done.
    pub(super) next: Option<Cursor>,
}

impl Report {
    pub(super) const fn new(provider: BillingProviderName, is_applied: bool) -> Self {
        Self { provider, is_applied, tenants: 0, findings: Vec::new(), failures: Vec::new(), next: None }
    }

    pub(super) fn add(&mut self, TenantReport { tenant_id, findings, failure }: TenantReport) {
        self.tenants += 1;
        self.findings.extend(findings.into_iter().map(|finding| (tenant_id.clone(), finding)));
        self.failures.extend(failure.map(|failure| (tenant_id, failure)));
    }

    pub(super) const fn has_failures(&self) -> bool {
        !self.failures.is_empty()
    }

    /// How many differences there still are.
    pub(super) fn differences_left(&self) -> usize {
        self.findings.len() - self.count(Done::Repaired)
    }

    fn count(&self, done: Done) -> usize {
        self.findings.iter().filter(|(_, finding)| finding.done == done).count()
    }

    /// How far it is, in a sentence.
    pub(super) fn so_far(&self) -> String {
        let tenants = if self.tenants == 1 { "1 tenant".to_owned() } else { format!("{} tenants", self.tenants) };
        let found = match self.findings.len() {
            0 => "no differences".to_owned(),
            1 => "1 difference".to_owned(),
            many => format!("{many} differences"),
        };
        let failed = match self.failures.len() {
            0 => String::new(),
            failed => format!(", {failed} failed"),
        };
        format!("{tenants} compared with {}{failed}: {found}", name(self.provider))
    }

    /// For people.
    pub(super) fn text(&self, colour: bool) -> String {
        let mut text = String::new();
        if !self.findings.is_empty() {
            let heading = ["TENANT", "FINDING", "SUBSCRIPTION", "HERE", "AT THE PROVIDER", "DONE"];
            let rows: Vec<_> = self.findings.iter().map(|(tenant_id, finding)| row(tenant_id, finding)).collect();
            text.push_str(&output::table(heading, &[], &rows, colour));
            text.push('\n');
        }
        if !self.failures.is_empty() {
            let row = |(tenant_id, failure): &(TenantId, TenantFailure)| {
                [tenant_id.to_string(), failure.code().to_owned(), failure.to_string()]
            };
            let rows: Vec<_> = self.failures.iter().map(row).collect();
            text.push_str(&output::table(["TENANT", "FAILURE", "REASON"], &[], &rows, colour));
            text.push('\n');
        }
        let counts = [Done::Repaired, Done::Repairable, Done::Left, Done::Failed].map(|done| (self.count(done), done));
        let counts = counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, done)| match done {
            Done::Repaired => format!("{count} repaired"),
            Done::Repairable => format!("{count} that --apply repairs"),
            Done::Left => format!("{count} for a person to decide"),
            Done::Failed => format!("{count} whose repair failed"),
        });
        let counts: Vec<_> = counts.collect();
        let counts = if counts.is_empty() { String::new() } else { format!(", {}", counts.join(", ")) };
        text + &self.so_far() + &counts + "\n"
    }

    /// For scripts.
    pub(super) fn json(&self) -> Value {
        let findings = self.findings.iter().map(|(tenant_id, Finding { drift, done })| {
            let (ours, theirs) = sides(drift);
            json!({
                "tenant_id": tenant_id.as_str(),
                "finding": drift.code(),
                "done": done.as_str(),
                "subscription_id": drift.subscription_id().map(SubscriptionId::as_str),
                "provider_subscription_id": drift.provider_id().map(ProviderSubscriptionId::as_str),
                "ours": ours.json(),
                "theirs": theirs.json(),
            })
        });
        let failures = self.failures.iter().map(|(tenant_id, failure)| {
            json!({ "tenant_id": tenant_id.as_str(), "failure": failure.code(), "reason": failure.to_string() })
        });
        json!({
            "provider": name(self.provider),
            "applied": self.is_applied,
            "tenants": self.tenants,
            "findings": findings.collect::<Value>(),
            "failures": failures.collect::<Value>(),
            "next": self.next.as_ref().map(Cursor::as_str),
        })
    }
}

const fn name(provider: BillingProviderName) -> &'static str {
    match provider {
        BillingProviderName::Stripe => "stripe",
        BillingProviderName::Local => "local",
        BillingProviderName::None => "none",
    }
}

/// What one side has.
enum Shown<'a> {
    Nothing,
    Text(String),
    Several(Vec<String>),
    Side(&'a Side),
}

/// What there is here, and at the provider.
fn sides(drift: &Drift) -> (Shown<'_>, Shown<'_>) {
    match drift {
        Drift::Differs { ours, theirs, .. } | Drift::OrderTaken { ours, theirs, .. } => {
            (Shown::Side(ours), Shown::Side(theirs))
        }
        Drift::AccountDiffers { ours, theirs, .. } => {
            let ours = ours.as_ref().map_or(Shown::Nothing, |ours| Shown::Text(ours.to_string()));
            (ours, Shown::Text(theirs.to_string()))
        }
        Drift::UnknownHere { theirs, .. }
        | Drift::OverHere { theirs, .. }
        | Drift::RenewsThoughClosed { theirs, .. }
        | Drift::PaidAfterAll { theirs, .. }
        | Drift::NoTenant { theirs, .. } => (Shown::Nothing, Shown::Side(theirs)),
        Drift::OrderLost { ordered_at, .. } => (Shown::Text(ordered_at.to_rfc3339()), Shown::Nothing),
        Drift::SeveralLive { ours, theirs } => {
            let ours = ours.iter().map(ToString::to_string).collect();
            (Shown::Several(ours), Shown::Several(theirs.iter().map(ToString::to_string).collect()))
        }
        Drift::UnknownThere { ours, .. } => (Shown::Side(ours), Shown::Nothing),
        Drift::CustomerUnknownThere { ours } => (Shown::Text(ours.to_string()), Shown::Nothing),
        Drift::OtherTenants { theirs, .. } => (Shown::Nothing, Shown::Text(theirs.to_string())),
        Drift::CustomerOfOther { customer_id, other } => {
            (Shown::Text(other.to_string()), Shown::Text(customer_id.to_string()))
        }
    }
}

impl Shown<'_> {
    fn json(&self) -> Value {
        match self {
            Self::Nothing => Value::Null,
            Self::Text(text) => json!(text),
            Self::Several(several) => json!(several),
            Self::Side(side) => json!({
                "status": side.status,
                "tier": side.choice.tier.as_str(),
                "frequency": side.choice.frequency.as_str(),
                "amount": side.price.minor_units(),
                "currency": side.price.currency().as_str(),
                "period_start": side.period.map(|period| period.start().to_rfc3339()),
                "period_end": side.period.map(|period| period.end().to_rfc3339()),
                "renewal": side.renewal.map(renewal),
            }),
        }
    }

    fn words(&self) -> Vec<String> {
        match self {
            Self::Nothing => Vec::new(),
            Self::Text(text) => vec![text.clone()],
            Self::Several(several) => several.clone(),
            Self::Side(side) => words(side).into_iter().filter(|word| !word.is_empty()).collect(),
        }
    }
}

fn row(tenant_id: &TenantId, Finding { drift, done }: &Finding) -> [String; 6] {
    let (ours, theirs) = sides(drift);
    // Of two sides of one subscription, only what is not the same.
    let (ours, theirs) = match (&ours, &theirs) {
        (Shown::Side(ours), Shown::Side(theirs)) => differing(ours, theirs),
        _ => (ours.words(), theirs.words()),
    };
    let subscription = drift.subscription_id().map(ToString::to_string);
    let subscription = subscription.or_else(|| drift.provider_id().map(ToString::to_string)).unwrap_or_default();
    let done = done.as_str().to_owned();
    [tenant_id.to_string(), drift.code().to_owned(), subscription, ours.join(", "), theirs.join(", "), done]
}

/// What is not the same on both sides.
fn differing(ours: &Side, theirs: &Side) -> (Vec<String>, Vec<String>) {
    let both = words(ours).into_iter().zip(words(theirs));
    both.filter(|(ours, theirs)| ours != theirs).unzip()
}

fn words(side: &Side) -> [String; 5] {
    let period = side.period.map(|period| {
        let [start, end] = [period.start(), period.end()].map(|at| at.format("%Y-%m-%dT%H:%M:%SZ"));
        format!("{start}/{end}")
    });
    [
        side.status.to_owned(),
        plan(side.choice),
        format!("{} {}", side.price.to_major(), side.price.currency().as_str()),
        period.unwrap_or_default(),
        side.renewal.map(renewal).unwrap_or_default(),
    ]
}

fn plan(PlanChoice { tier, frequency }: PlanChoice) -> String {
    format!("{} {}", tier.as_str(), frequency.as_str())
}

fn renewal(renewal: Renewal) -> String {
    match renewal {
        Renewal::Automatic => "renews".to_owned(),
        Renewal::Off => "ends".to_owned(),
        Renewal::Changing(to) => format!("becomes {}", plan(to)),
    }
}
