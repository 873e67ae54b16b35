//! The secret of Stripe.

use super::*;

const STRIPE_ARN: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:stripe-a1b2c3";

/// A stage whose parameters say that Stripe takes the money, and where its secret is.
fn bench_with_stripe(stage: Stage, arn: Option<&str>, secret: Option<&str>) -> Bench {
    let mut world = if stage == Stage::Dev { world::before_us() } else { World::default() };
    let call = format!("aws secretsmanager get-secret-value --secret-id {STRIPE_ARN} --version-stage AWSCURRENT");
    match secret {
        Some(text) => world.set(&call, &world::secret(text)),
        None => world.refuse(&call, "ResourceNotFoundException", "Secrets Manager can't find the specified secret."),
    };
    let mut bench = Bench::new(world);
    bench.stage = stage;
    let arn = arn.map(|arn| format!("StripeSecretArn = \"{arn}\"")).unwrap_or_default();
    bench.put(
        "deployment/account-service/samconfig.toml",
        &format!(
            "[{stage}.deploy.parameters]\nstack_name = \"x\"\n[{stage}.deploy.parameters.parameter_overrides]\n\
             BillingProvider = \"stripe\"\n{arn}\n"
        ),
    );
    bench
}

fn document(key: &str, webhook_secrets: &[&str]) -> String {
    json!({ "secret_key": key, "webhook_secrets": webhook_secrets }).to_string()
}

const WEBHOOK_SECRET: &str = "whsec_0123456789abcdef";

#[test]
fn the_secret_of_stripe_is_looked_at_where_stripe_takes_the_money_and_not_shown() {
    let bench = bench_with_stripe(Stage::Dev, Some(STRIPE_ARN), Some(&document("rk_test_0123", &[WEBHOOK_SECRET; 2])));
    let report = run(&bench.context(), DOMAIN).unwrap();
    assert_eq!(report.failure, None);
    assert_eq!(report.result()["stripe"], json!({ "mode": "test", "webhook_secrets": 2, "problems": [] }));
    let shown = report.text() + &report.result().to_string() + &bench.read(FILE).unwrap();
    assert!(shown.contains("secrets of webhooks: 2"), "{shown}");
    for hidden in ["0123", "whsec_"] {
        assert!(!shown.contains(hidden), "{hidden} is in {shown}");
    }
    // Where somebody else takes the money, or nobody, it is not asked for.
    let without = Bench::new(world::before_us());
    assert_eq!(run(&without.context(), DOMAIN).unwrap().result()["stripe"], Value::Null);
}

#[test]
fn a_secret_of_stripe_that_cannot_be_used_is_a_problem_whatever_is_wrong_with_it() {
    let live = document("sk_live_0123", &[WEBHOOK_SECRET]);
    let cases = [
        (None, Some(live.clone()), "StripeSecretArn is not set"),
        (Some(STRIPE_ARN), None, "the secret is not there"),
        (Some(STRIPE_ARN), Some("sk_test_0123".to_owned()), "must be JSON such as"),
        (Some(STRIPE_ARN), Some(json!({ "secret_key": "sk_test_0123" }).to_string()), "must be JSON such as"),
        (Some(STRIPE_ARN), Some(live), "of Stripe's test mode"),
        (Some(STRIPE_ARN), Some(document("sk_test_0123", &[])), "each secret of the webhook"),
        (Some(STRIPE_ARN), Some(document("sk_test_0123", &["hunter2"])), "each secret of the webhook"),
    ];
    for (arn, secret, expected) in cases {
        let bench = bench_with_stripe(Stage::Dev, arn, secret.as_deref());
        let report = run(&bench.context(), DOMAIN).unwrap();
        assert_eq!(report.failure.as_ref().map(|failure| failure.code), Some(Code::PreflightFailed), "{expected}");
        let shown = report.text() + &report.result().to_string();
        assert!(shown.contains("the secret of Stripe: ") && shown.contains(expected), "{expected}: {shown}");
        assert!(!shown.contains("0123") && !shown.contains("hunter2"), "{shown}");
        assert_eq!(bench.read(FILE), None);
    }
}

#[test]
fn money_moves_in_production_and_nowhere_else() {
    for (stage, key, fits) in [
        (Stage::Dev, "sk_live_0123", false),
        (Stage::Staging, "rk_live_0123", false),
        (Stage::Staging, "sk_test_0123", true),
        (Stage::Prod, "sk_test_0123", false),
        (Stage::Prod, "rk_live_0123", true),
    ] {
        let bench = bench_with_stripe(stage, Some(STRIPE_ARN), Some(&document(key, &[WEBHOOK_SECRET])));
        let context = bench.context();
        let inspected = stripe::inspect(&context, &fixed_for_account(&context).unwrap()).unwrap().unwrap();
        assert_eq!(inspected.problems.is_empty(), fits, "{stage} {key}: {:?}", inspected.problems);
    }
}
