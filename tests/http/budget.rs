//! What a request costs in calls to DynamoDB.

use axum::http::Method;
use serde_json::json;
use tests::{Answer, App, Call, Registration, Tally, Tokens};

use crate::team::Team;

/// What a request may cost: its name, round trips, and calls by operation.
type Line = (&'static str, usize, &'static [(&'static str, usize)]);

/// `docs/performance.md` shows this table.
const BUDGET: &[Line] = &[
    ("register", 2, &[("GetItem", 1), ("Query", 1), ("TransactWriteItems", 1)]),
    ("register with `Idempotency-Key`", 2, &[("GetItem", 2), ("Query", 1), ("TransactWriteItems", 1)]),
    ("register once more with the same key", 1, &[("GetItem", 2), ("Query", 1)]),
    ("look at a confirmation link", 2, &[("BatchGetItem", 1), ("GetItem", 1), ("Query", 1)]),
    ("confirm", 3, &[("BatchGetItem", 1), ("GetItem", 1), ("Query", 1), ("TransactWriteItems", 1)]),
    ("resend the confirmation", 3, &[("BatchGetItem", 1), ("GetItem", 1), ("Query", 2), ("TransactWriteItems", 1)]),
    ("log in", 3, &[("BatchGetItem", 1), ("GetItem", 3), ("PutItem", 1), ("Query", 2), ("TransactWriteItems", 1)]),
    (
        "log in with a wrong password",
        3,
        &[("BatchGetItem", 1), ("GetItem", 3), ("PutItem", 1), ("Query", 2), ("UpdateItem", 1)],
    ),
    (
        "log in, unknown address",
        3,
        &[("BatchGetItem", 1), ("GetItem", 3), ("PutItem", 1), ("Query", 2), ("UpdateItem", 1)],
    ),
    ("log in, told to wait", 1, &[("GetItem", 3), ("Query", 1)]),
    ("read the profile", 1, &[("BatchGetItem", 1)]),
    ("change the profile", 3, &[("BatchGetItem", 2), ("Query", 1), ("TransactWriteItems", 1)]),
    ("change preferences", 4, &[("BatchGetItem", 2), ("GetItem", 1), ("Query", 1), ("TransactWriteItems", 1)]),
    ("refresh", 2, &[("BatchGetItem", 1), ("Query", 1), ("TransactWriteItems", 1)]),
    ("refresh, a lost answer", 1, &[("BatchGetItem", 1), ("Query", 1)]),
    ("log out", 2, &[("BatchGetItem", 1), ("Query", 1), ("TransactWriteItems", 1)]),
    ("ask for a reset", 3, &[("BatchGetItem", 1), ("GetItem", 1), ("Query", 2), ("TransactWriteItems", 1)]),
    ("reset the password", 5, &[("BatchGetItem", 2), ("GetItem", 2), ("Query", 2), ("TransactWriteItems", 1)]),
    ("list members", 2, &[("BatchGetItem", 1), ("Query", 1)]),
    ("find a member", 2, &[("BatchGetItem", 2)]),
    ("change a role", 3, &[("BatchGetItem", 2), ("TransactWriteItems", 1)]),
    ("deactivate a member", 3, &[("BatchGetItem", 2), ("GetItem", 1), ("Query", 1), ("TransactWriteItems", 1)]),
    ("remove a member", 4, &[("BatchGetItem", 2), ("GetItem", 2), ("Query", 5), ("TransactWriteItems", 1)]),
    ("hand the tenant over", 3, &[("BatchGetItem", 3), ("TransactWriteItems", 1)]),
    ("list sessions", 2, &[("BatchGetItem", 1), ("Query", 1)]),
    ("invite", 4, &[("BatchGetItem", 1), ("GetItem", 4), ("Query", 5), ("TransactWriteItems", 1)]),
    ("list invitations", 2, &[("BatchGetItem", 1), ("Query", 1)]),
    ("look at an invitation", 2, &[("GetItem", 3), ("Query", 1)]),
    ("resend an invitation", 3, &[("BatchGetItem", 1), ("GetItem", 1), ("TransactWriteItems", 1)]),
    ("accept an invitation, new person", 7, &[("GetItem", 9), ("Query", 5), ("TransactWriteItems", 2)]),
    ("read the tenant", 2, &[("BatchGetItem", 2), ("GetItem", 1), ("Query", 1)]),
    ("rename the tenant", 3, &[("BatchGetItem", 2), ("GetItem", 1), ("Query", 1), ("TransactWriteItems", 1)]),
    ("read the limits", 2, &[("BatchGetItem", 1), ("GetItem", 1), ("Query", 2)]),
    ("read onboarding", 2, &[("BatchGetItem", 1), ("GetItem", 1)]),
    ("fill in onboarding", 3, &[("BatchGetItem", 1), ("GetItem", 1), ("TransactWriteItems", 1)]),
    ("read the subscription", 3, &[("BatchGetItem", 1), ("GetItem", 2), ("Query", 1)]),
    ("subscribe", 13, &[("BatchGetItem", 1), ("GetItem", 8), ("Query", 6), ("TransactWriteItems", 4)]),
    ("an event of the provider", 4, &[("GetItem", 3), ("Query", 1), ("TransactWriteItems", 1)]),
    ("create a discount code", 3, &[("BatchGetItem", 1), ("TransactWriteItems", 2)]),
    ("read a discount code", 3, &[("BatchGetItem", 1), ("GetItem", 1), ("TransactWriteItems", 1)]),
    ("change a discount code", 4, &[("BatchGetItem", 1), ("GetItem", 1), ("TransactWriteItems", 2)]),
    ("list discount codes", 3, &[("BatchGetItem", 1), ("Scan", 1), ("TransactWriteItems", 1)]),
    ("list who redeemed a code", 4, &[("BatchGetItem", 1), ("GetItem", 1), ("Query", 1), ("TransactWriteItems", 1)]),
    ("ask what a code takes off, first in a minute", 1, &[("GetItem", 2)]),
    ("ask what a code takes off", 1, &[("GetItem", 1)]),
    ("start a trial", 3, &[("BatchGetItem", 1), ("GetItem", 1), ("Query", 1), ("TransactWriteItems", 1)]),
    ("extend a trial", 6, &[("BatchGetItem", 1), ("GetItem", 3), ("Query", 1), ("TransactWriteItems", 2)]),
    (
        "list how a trial was extended",
        5,
        &[("BatchGetItem", 1), ("GetItem", 3), ("Query", 1), ("TransactWriteItems", 1)],
    ),
    ("list subscriptions", 3, &[("BatchGetItem", 1), ("Scan", 1), ("TransactWriteItems", 1)]),
    (
        "order with a code, to pay in the browser",
        16,
        &[("BatchGetItem", 1), ("GetItem", 13), ("Query", 5), ("TransactWriteItems", 3)],
    ),
    ("pay for what is ordered", 14, &[("BatchGetItem", 1), ("GetItem", 17), ("Query", 5), ("TransactWriteItems", 1)]),
    ("change to more at once", 9, &[("BatchGetItem", 1), ("GetItem", 7), ("Query", 2), ("TransactWriteItems", 1)]),
    (
        "change to less with the period",
        8,
        &[("BatchGetItem", 1), ("GetItem", 6), ("Query", 2), ("TransactWriteItems", 1)],
    ),
    ("switch the renewal off", 6, &[("BatchGetItem", 1), ("GetItem", 4), ("Query", 2), ("TransactWriteItems", 1)]),
    (
        "end the subscription at once",
        11,
        &[("BatchGetItem", 1), ("GetItem", 8), ("Query", 4), ("TransactWriteItems", 2)],
    ),
    ("open the portal", 3, &[("BatchGetItem", 1), ("GetItem", 2), ("Query", 1)]),
    ("use something, first", 3, &[("BatchGetItem", 1), ("GetItem", 3), ("Query", 3), ("TransactWriteItems", 1)]),
    ("use something", 3, &[("BatchGetItem", 1), ("GetItem", 2), ("Query", 2), ("TransactWriteItems", 1)]),
    ("give something back", 3, &[("BatchGetItem", 1), ("GetItem", 2), ("Query", 2), ("TransactWriteItems", 1)]),
    ("read the usage", 3, &[("BatchGetItem", 1), ("GetItem", 2), ("Query", 5)]),
    ("close the tenant", 6, &[("BatchGetItem", 1), ("GetItem", 2), ("PutItem", 1), ("TransactWriteItems", 2)]),
    ("open the tenant again", 4, &[("GetItem", 3), ("Query", 1), ("TransactWriteItems", 1)]),
    ("read the audit trail", 2, &[("BatchGetItem", 1), ("Query", 1)]),
];

/// Measures a request against its line of the budget.
async fn within(app: &App, name: &str, request: impl Future<Output = Answer>) -> Answer {
    let (_, round_trips, calls) = BUDGET.iter().find(|(found, ..)| *found == name).unwrap();
    let expected =
        Tally { round_trips: *round_trips, calls: calls.iter().map(|(call, n)| ((*call).to_owned(), *n)).collect() };
    let (answer, tally) = app.probe.measure(request).await;
    assert_eq!(tally, expected, "{name} costs {tally}; allowed are {expected}");
    answer
}

#[tokio::test]
async fn every_request_stays_within_its_budget() {
    let app = App::start().await;
    let email = app.address("budget");
    let body = json!({ "email": email });
    within(&app, "register", app.register(&Registration::of(&email))).await.succeeded();
    app.mail_to(&email).await;
    let resend = app.client.post("/auth/resend-confirmation", &body).send();
    within(&app, "resend the confirmation", resend).await.succeeded();
    let token = tests::token_in(&app.mail_to(&email).await);
    let look = app.client.get(&format!("/auth/confirm-email/validate?token={token}")).send();
    within(&app, "look at a confirmation link", look).await.succeeded();
    within(&app, "confirm", app.confirm(&token)).await.succeeded();

    let tokens = Tokens::of(&within(&app, "log in", app.login(&email, tests::PASSWORD)).await);
    within(&app, "log in with a wrong password", app.login(&email, "not the password")).await;
    within(&app, "log in, unknown address", app.login("nobody@example.com", tests::PASSWORD)).await;
    for _ in 1..5 {
        app.login("nobody@example.com", tests::PASSWORD).await.refused(401, "INVALID_CREDENTIALS");
    }
    within(&app, "log in, told to wait", app.login("nobody@example.com", tests::PASSWORD)).await;
    within(&app, "read the profile", app.profile(&tokens.access)).await.succeeded();
    let change = app.client.put("/user/profile", &json!({ "first_name": "Annabel" })).bearer(&tokens.access);
    within(&app, "change the profile", change.send()).await.succeeded();
    let change = app.client.put("/user/preferences", &json!({ "theme": "dark" })).bearer(&tokens.access);
    within(&app, "change preferences", change.send()).await.succeeded();
    let next = Tokens::of(&within(&app, "refresh", app.refresh(&tokens.refresh)).await);
    within(&app, "refresh, a lost answer", app.refresh(&tokens.refresh)).await.succeeded();
    within(&app, "log out", app.logout(&next.refresh)).await.succeeded();

    let forgot = app.client.post("/auth/forgot-password", &body).send();
    within(&app, "ask for a reset", forgot).await.succeeded();
    let token = tests::token_in(&app.mail_to(&email).await);
    within(&app, "reset the password", app.reset(&token, "velvet-tundra-mosaic-61")).await.succeeded();
    app.mail_to(&email).await;
    app.finish().await;
}

#[tokio::test]
async fn every_request_of_a_team_stays_within_its_budget() {
    let team = Team::start().await;
    let (owner, ben, carl) = (&team.owner, team.hire("ben", "member").await, team.hire("carl", "member").await);
    // Python's rows have no seats on record: the first count puts them there.
    team.get(owner, "/users/count").send().await.succeeded();
    within(&team.app, "list members", team.get(owner, "/users").send()).await.succeeded();
    within(&team.app, "find a member", team.get(owner, &format!("/users/{}", ben.user_id)).send()).await.succeeded();
    within(&team.app, "list sessions", team.get(owner, "/user/sessions").send()).await.succeeded();
    within(&team.app, "change a role", team.put_into(owner, &ben, "admin")).await.succeeded();
    within(&team.app, "deactivate a member", team.deactivate(owner, &carl)).await.succeeded();
    within(&team.app, "remove a member", team.remove(owner, &carl)).await.succeeded();

    let email = team.app.address("invited");
    let invitation = json!({ "email": email, "role": "member" });
    let invited = within(&team.app, "invite", team.post(owner, "/invitations", &invitation).send()).await.created();
    team.app.mail_to(&email).await;
    within(&team.app, "list invitations", team.get(owner, "/invitations").send()).await.succeeded();
    let resend = format!("/invitations/{}/resend", invited["invitation_id"].as_str().unwrap());
    within(&team.app, "resend an invitation", team.post(owner, &resend, &json!({})).send()).await.succeeded();
    let token = tests::token_in(&team.app.mail_to(&email).await);
    let look = team.app.client.get(&format!("/invitations/validate/{token}")).send();
    within(&team.app, "look at an invitation", look).await.succeeded();
    let accept = json!({
        "token": token, "password": tests::PASSWORD, "first_name": "Dora", "last_name": "Lee",
    });
    let accept = team.app.client.post("/invitations/activate", &accept).send();
    within(&team.app, "accept an invitation, new person", accept).await.succeeded();

    within(&team.app, "read the tenant", team.get(owner, "/tenants/current").send()).await.succeeded();
    let rename = team.app.client.put("/tenants/current", &json!({ "name": "Harbour Lights" }));
    let rename = rename.bearer(&owner.access_token(&team.app));
    within(&team.app, "rename the tenant", rename.send()).await.succeeded();
    within(&team.app, "read the limits", team.get(owner, "/user/limits").send()).await.succeeded();
    within(&team.app, "read onboarding", team.get(owner, "/onboarding").send()).await.succeeded();
    let fill_in = team.app.client.put("/onboarding", &json!({ "business_name": "Lee & Co" }));
    within(&team.app, "fill in onboarding", fill_in.bearer(&owner.access_token(&team.app)).send()).await.succeeded();
    within(&team.app, "read the audit trail", team.get(owner, "/tenants/current/audit").send()).await.succeeded();
    let order = json!({ "tier_id": "starter", "frequency": "monthly", "payment_method_id": "pm_card_visa" });
    let subscribe = team.post(owner, "/user/subscription", &order).send();
    within(&team.app, "subscribe", subscribe).await.succeeded();
    within(&team.app, "read the subscription", team.get(owner, "/user/subscription").send()).await.succeeded();
    for (place, event) in team.app.billing().take_events().await.unwrap().iter().enumerate() {
        let signed = team.app.billing().sign(event);
        let sent = team.app.client.post("/billing/webhook/stripe", &json!({}));
        let sent = sent.body("application/json; charset=utf-8", signed.body);
        let sent = sent.header("stripe-signature", &signed.signature).send();
        if event.kind == "customer.subscription.updated" && place > 0 {
            within(&team.app, "an event of the provider", sent).await.succeeded();
        } else {
            sent.await.succeeded();
        }
    }
    within(&team.app, "hand the tenant over", team.hand_over(owner, &ben)).await.succeeded();
    team.app.finish().await;
}

/// A call to a route whose last part may be anything, as the document names it.
fn of_code(call: Call) -> Call {
    call.documented_as("/api/v1/admin/discount-codes/{id}")
}

#[tokio::test]
async fn every_request_about_what_is_paid_for_stays_within_its_budget() {
    let team = Team::start().await;
    let (app, owner) = (&team.app, &team.owner);
    let admin = app.platform_admin().await.tokens.access;
    let code = json!({ "code": "BUDGET", "type": "percentage", "value": 50, "duration_in_cycles": null });
    let create = app.client.post("/admin/discount-codes", &code).bearer(&admin).send();
    within(app, "create a discount code", create).await.created();
    let wish = json!({ "promo_code": "BUDGET", "tier_id": "starter", "frequency": "monthly" });
    let ask = || app.client.post("/subscription/promo/validate", &wish).send();
    within(app, "ask what a code takes off, first in a minute", ask()).await.succeeded();
    within(app, "ask what a code takes off", ask()).await.succeeded();
    let trial = team.post(owner, "/subscription/trial/start", &json!({ "tier_id": "starter" })).send();
    within(app, "start a trial", trial).await.succeeded();

    let order = json!({ "tier_id": "starter", "frequency": "monthly", "promo_code": "BUDGET" });
    let intent = team.post(owner, "/billing/payment-intent", &order).send();
    within(app, "order with a code, to pay in the browser", intent).await.succeeded();
    let paid = json!({
        "tier_id": "starter", "frequency": "monthly", "promo_code": "BUDGET", "payment_method_id": "pm_card_visa",
    });
    within(app, "pay for what is ordered", team.post(owner, "/user/subscription", &paid).send()).await.succeeded();
    let token = owner.access_token(app);
    let put = |path: &str, body| app.client.put(path, &body).bearer(&token).send();
    let more = put("/user/subscription", json!({ "tier": "professional" }));
    within(app, "change to more at once", more).await.succeeded();
    let less = put("/user/subscription", json!({ "tier": "starter" }));
    within(app, "change to less with the period", less).await.succeeded();
    let off = put("/user/subscription/auto-renewal", json!({ "auto_renewal": false }));
    within(app, "switch the renewal off", off).await.succeeded();
    within(app, "open the portal", team.post(owner, "/billing/portal", &json!({})).send()).await.succeeded();
    let end = json!({ "reason": "too dear", "cancel_at_period_end": false });
    let end = app.client.delete("/user/subscription").json(&end).bearer(&token).send();
    within(app, "end the subscription at once", end).await.succeeded();

    let one = "/admin/discount-codes/BUDGET";
    let read = of_code(app.client.get(one)).bearer(&admin).send();
    within(app, "read a discount code", read).await.succeeded();
    let change = app.client.call(Method::PATCH, one).json(&json!({ "max_redemptions": 9 }));
    within(app, "change a discount code", of_code(change).bearer(&admin).send()).await.succeeded();
    let list = app.client.get("/admin/discount-codes").bearer(&admin).send();
    within(app, "list discount codes", list).await.succeeded();
    let redeemed = app.client.get(&format!("{one}/usage")).documented_as("/api/v1/admin/discount-codes/{id}/usage");
    within(app, "list who redeemed a code", redeemed.bearer(&admin).send()).await.succeeded();
    team.app.finish().await;
}

#[tokio::test]
async fn every_request_about_usage_and_trials_stays_within_its_budget() {
    let team = Team::start().await;
    let (app, owner) = (&team.app, &team.owner);
    let admin = app.platform_admin().await.tokens.access;
    let amount = json!({ "amount": 2 });
    within(app, "use something, first", team.post(owner, "/user/usage/goals", &amount).send()).await.succeeded();
    within(app, "use something", team.post(owner, "/user/usage/goals", &amount).send()).await.succeeded();
    within(app, "give something back", team.post(owner, "/user/usage/goals/release", &amount).send()).await.succeeded();
    within(app, "read the usage", team.get(owner, "/user/usage").send()).await.succeeded();

    team.post(owner, "/subscription/trial/start", &json!({ "tier_id": "starter" })).send().await.succeeded();
    let trial = format!("/admin/users/{}/subscription/trial", owner.user_id);
    let until = app.now() + chrono::TimeDelta::days(20);
    let extension = json!({ "new_expiration_date": until, "reason": "Late data" });
    let extend = app.client.put(&format!("{trial}/extend"), &extension).bearer(&admin).send();
    within(app, "extend a trial", extend).await.succeeded();
    let history = app.client.get(&format!("{trial}/history")).bearer(&admin).send();
    within(app, "list how a trial was extended", history).await.succeeded();
    let list = app.client.get("/admin/subscriptions").bearer(&admin).send();
    within(app, "list subscriptions", list).await.succeeded();

    let close = app.client.delete("/tenants/current").json(&json!({ "password": tests::python::PASSWORD }));
    app.clock.advance(chrono::TimeDelta::seconds(1));
    within(app, "close the tenant", close.bearer(&owner.access_token(app)).send()).await.succeeded();
    let token = tests::token_in(&app.mail_to(&owner.email).await);
    let reopen = app.client.post("/tenants/reopen", &json!({ "token": token })).send();
    within(app, "open the tenant again", reopen).await.succeeded();
    team.app.finish().await;
}

/// The key is looked up beside the address, not before it.
#[tokio::test]
async fn an_idempotency_key_costs_no_round_trip() {
    let app = App::start().await;
    let registration = Registration::of(&app.address("key"));
    let register = || app.client.post("/auth/register", &registration.0).header("idempotency-key", "k").send();
    within(&app, "register with `Idempotency-Key`", register()).await.succeeded();
    within(&app, "register once more with the same key", register()).await.succeeded();
    app.deliver_mail().await;
    app.finish().await;
}

#[tokio::test]
async fn what_is_refused_by_its_form_costs_nothing() {
    let app = App::start().await;
    for (path, body) in [
        ("/auth/register", json!({})),
        ("/auth/login", json!({ "email": "anna" })),
        ("/auth/refresh", json!({ "refresh_token": "x.y.z" })),
        ("/auth/logout", json!({ "refresh_token": "x.y.z" })),
    ] {
        let (_, tally) = app.probe.measure(app.client.post(path, &body).send()).await;
        assert_eq!(tally.total(), 0, "{path}");
    }
    let (_, tally) = app.probe.measure(app.profile("x.y.z")).await;
    assert_eq!(tally.total(), 0);
    app.finish().await;
}

#[test]
fn the_documentation_shows_this_budget() {
    let document = include_str!("../../docs/performance.md");
    let documented: Vec<_> =
        document.lines().filter(|line| line.starts_with("| ") && line.contains("GetItem`")).collect();
    let expected: Vec<_> = BUDGET
        .iter()
        .map(|(name, round_trips, calls)| {
            let calls: Vec<_> = calls
                .iter()
                .map(|(call, count)| if *count == 1 { format!("`{call}`") } else { format!("{count} `{call}`") })
                .collect();
            format!("| {name} | {round_trips} | {} |", calls.join(", "))
        })
        .collect();
    assert_eq!(documented, expected);
}
