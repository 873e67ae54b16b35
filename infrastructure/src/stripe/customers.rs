//! Who pays, and their own page.

use application::ports::{BillingError, NewCustomer, PortalSession};
use chrono::TimeDelta;
use domain::subscription::CustomerId;

use super::{
    StripeBilling,
    client::path_of,
    form::Form,
    objects::{self, List, Named, PortalConfiguration},
    reading::{TENANT_ID, instant},
};

/// How long the address of a portal leads somewhere if nobody follows it.
const PORTAL_WORKS_FOR: TimeDelta = TimeDelta::minutes(5);
/// Under which the configuration of the portal says that it is this one. Another number makes another configuration.
const PORTAL: (&str, &str) = ("purposepath_account", "1");

impl StripeBilling {
    pub(super) async fn make_customer(&self, customer: &NewCustomer) -> Result<CustomerId, BillingError> {
        // What may be another one at the next try comes after it is made: a key stands for one request.
        let form = Form::new().with(format!("metadata[{TENANT_ID}]"), &customer.tenant_id);
        let key = format!("customer-{}", customer.tenant_id);
        let Named { id } = self.client.post("/v1/customers", &form, &key).await?;
        let form = Form::new().with("name", &customer.name).with("email", customer.email.as_str());
        self.client.set::<Named>(&path_of("customers", &id)?, &form).await?;
        Ok(CustomerId::restore(id))
    }

    pub(super) async fn portal(&self, customer: &CustomerId, return_url: &str) -> Result<PortalSession, BillingError> {
        let form = Form::new()
            .with("customer", customer)
            .with("configuration", self.portal_configuration().await?)
            .with("return_url", return_url);
        let session: objects::PortalSession = self.client.set("/v1/billing_portal/sessions", &form).await?;
        Ok(PortalSession { url: session.url, expires_at: instant(session.created)? + PORTAL_WORKS_FOR })
    }

    /// What customers can do on their page: look at receipts, change cards and the address on the invoice. What they
    /// subscribe to, they change here, where a change is announced and a promotion code is counted.
    async fn portal_configuration(&self) -> Result<String, BillingError> {
        let path = "/v1/billing_portal/configurations";
        let query = Form::new().with("active", true).with("limit", 100);
        let found: List<PortalConfiguration> = self.client.get(path, &query).await?;
        let (name, number) = PORTAL;
        let ours = |found: &PortalConfiguration| found.metadata.get(name).is_some_and(|value| value == number);
        if let Some(found) = found.data.into_iter().find(ours) {
            return Ok(found.id);
        }
        let form = Form::new()
            .with("features[invoice_history][enabled]", true)
            .with("features[payment_method_update][enabled]", true)
            .with("features[customer_update][enabled]", true)
            .with("features[customer_update][allowed_updates][0]", "name")
            .with("features[customer_update][allowed_updates][1]", "email")
            .with("features[customer_update][allowed_updates][2]", "address")
            .with("features[customer_update][allowed_updates][3]", "tax_id")
            .with(format!("metadata[{name}]"), number);
        let made: Named = self.client.post(path, &form, &format!("portal-configuration-{number}")).await?;
        Ok(made.id)
    }
}
