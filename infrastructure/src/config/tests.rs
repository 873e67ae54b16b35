use super::*;

fn read(host: Host, settings: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let settings: Vec<(String, String)> = settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Config::read(host, &move |name| settings.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()))
}

const LAMBDA: [(&str, &str); 5] = [
    ("STAGE", "prod"),
    ("JWT_SECRET_ARN", "arn:aws:secretsmanager:us-east-1:000000000000:secret:jwt"),
    ("EMAIL_FROM", "PurposePath <no-reply@example.com>"),
    ("FRONTEND_BASE_URL", "https://app.example.com"),
    ("CORS_ORIGINS", r#"["https://app.example.com"]"#),
];

#[test]
fn the_local_host_starts_with_nothing_set() {
    let config = read(Host::Local, &[]).unwrap();
    assert_eq!(config.stage, Stage::Local);
    assert!(matches!(config.tokens.secret, JwtSecret::Kept));
    assert!(matches!(config.mail.transport, MailTransport::Mailbox));
    assert_eq!(config.http.rate_limit_per_minute, None);
}

#[test]
fn the_lambda_starts_with_what_its_template_sets() {
    let config = read(Host::Lambda, &LAMBDA).unwrap();
    assert_eq!(config.stage, Stage::Prod);
    assert!(matches!(config.mail.transport, MailTransport::Ses));
    assert!(config.http.rate_limit_per_minute.is_some(), "throttling is on by default (rule 7)");
}

#[test]
fn every_problem_is_reported_at_once() {
    let settings = [
        ("STAGE", "production"),
        ("PORT", "ignored here"),
        ("JWT_ACCESS_TOKEN_EXPIRES_MINUTES", "soon"),
        ("PASSWORD_MIN_LENGTH", "6"),
        ("ARGON2_MEMORY_KIB", "64"),
        ("CORS_ORIGINS", "https://app.example.com"),
        ("REQUIRE_EMAIL_VERIFICATION", "maybe"),
        ("AWS_ENDPOINT_URL_DYNAMODB", "localhost:8000"),
    ];
    let error = read(Host::Lambda, &settings).unwrap_err();
    let names: Vec<_> = error.problems.iter().map(|problem| problem.name.as_str()).collect();
    let expected = [
        "STAGE",
        "JWT_SECRET_ARN",
        "JWT_ACCESS_TOKEN_EXPIRES_MINUTES",
        "PASSWORD_MIN_LENGTH",
        "ARGON2_MEMORY_KIB",
        "CORS_ORIGINS",
        "REQUIRE_EMAIL_VERIFICATION",
        "AWS_ENDPOINT_URL_DYNAMODB",
        "EMAIL_FROM",
        "FRONTEND_BASE_URL",
    ];
    for name in expected {
        assert!(names.contains(&name), "{name} is missing in {names:?}");
    }
}

#[test]
fn rule_23_any_origin_is_for_development_only() {
    let any = [("STAGE", "dev"), ("CORS_ORIGINS", r#"["*"]"#)];
    assert!(read(Host::Local, &any).is_ok());
    let any = [("STAGE", "prod"), ("CORS_ORIGINS", r#"["*"]"#)];
    assert_eq!(read(Host::Local, &any).unwrap_err().problems.first().map(|p| p.name.as_str()), Some("CORS_ORIGINS"));
}

#[test]
fn a_problem_shows_no_value() {
    let error = read(Host::Local, &[("JWT_SIGNER", "hunter2"), ("SMTP_URL", "smtp://u:hunter2@h")]).unwrap_err();
    assert!(!error.to_string().contains("hunter2"));
}

#[test]
fn a_config_shows_no_secret() {
    let secret = "0123456789abcdef0123456789abcdef";
    let config = read(
        Host::Local,
        &[("JWT_SECRET", secret), ("MAIL_TRANSPORT", "smtp"), ("SMTP_URL", "smtp://u:hunter2@mail:25")],
    );
    let shown = format!("{:?}", config.unwrap());
    assert!(!shown.contains(secret) && !shown.contains("hunter2"));
}

#[test]
fn mails_of_the_lambda_link_to_https_only() {
    let mut settings = LAMBDA.to_vec();
    settings.push(("FRONTEND_BASE_URLS", r#"["http://app.example.com"]"#));
    let error = read(Host::Lambda, &settings).unwrap_err();
    assert_eq!(error.problems.first().map(|p| p.name.as_str()), Some("FRONTEND_BASE_URLS"));
}

#[test]
fn nobody_administers_the_platform_unless_the_settings_say_so() {
    assert_eq!(read(Host::Local, &[]).unwrap().platform_admins, []);
    let listed = [("PLATFORM_ADMIN_USER_IDS", r#"["user_3f2a9c0d1b2e"]"#)];
    assert_eq!(read(Host::Local, &listed).unwrap().platform_admins, [UserId::restore("user_3f2a9c0d1b2e")]);
    for bad in ["user_3f2a9c0d1b2e", r#"["anna@example.com"]"#, r#"[""]"#] {
        let error = read(Host::Local, &[("PLATFORM_ADMIN_USER_IDS", bad)]).unwrap_err();
        assert_eq!(error.problems.first().map(|p| p.name.as_str()), Some("PLATFORM_ADMIN_USER_IDS"), "{bad}");
    }
}
