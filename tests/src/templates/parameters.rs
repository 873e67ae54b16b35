//! What tests give to the templates.

use infrastructure::dynamodb::tables::Table;

/// What has no default, and code for the function.
pub fn required(folder: &str) -> Vec<(&'static str, &'static str)> {
    let mut given = vec![("Stage", "dev")];
    match folder {
        "account-service" => given.extend([
            ("CodeKey", "account.zip"),
            ("MailIdentity", "example.com"),
            ("EmailFrom", "PurposePath <no-reply@example.com>"),
            ("FrontendBaseUrl", "https://app.example.com"),
        ]),
        "domain-mapping" => given.push(("DomainName", "api.dev.example.com")),
        "ci-oidc" => given.push(("Repository", "example/account")),
        _ => {}
    }
    given
}

/// What makes everything that the template can make at once.
pub fn with_everything(folder: &str) -> Vec<(&'static str, &'static str)> {
    let mut given = required(folder);
    match folder {
        "shared-infrastructure" => given.extend([
            ("CreateUsersTable", "true"),
            ("CreateTenantsTable", "true"),
            ("CreateSubscriptionsTable", "true"),
            ("CreateBusinessDataTable", "true"),
            ("CreateSecret", "true"),
            ("CreateVpc", "true"),
            ("CreateRedis", "true"),
            ("CreateDomain", "true"),
            ("DomainName", "api.dev.example.com"),
            ("HostedZoneId", "Z0000000000000"),
            ("AlarmEmail", "operators@example.com"),
        ]),
        "account-service" => given.extend([
            ("CreateImageRepository", "true"),
            ("SubnetIds", "subnet-1,subnet-2"),
            ("SecurityGroupIds", "sg-1"),
            ("Traces", "xray"),
            ("SecretKmsKeyArn", "arn:aws:kms:us-east-1:123456789012:key/1"),
            ("BillingProvider", "stripe"),
            ("StripeSecretArn", "arn:aws:secretsmanager:us-east-1:123456789012:secret:stripe"),
            ("EventsPublisher", "sqs"),
            ("EventsDestinationArn", "arn:aws:sqs:us-east-1:123456789012:events"),
            ("EventsKmsKeyArn", "arn:aws:kms:us-east-1:123456789012:key/2"),
            ("PermissionsBoundaryArn", "arn:aws:iam::123456789012:policy/boundary"),
            ("MailConfigurationSet", "deliveries"),
        ]),
        "ci-oidc" => given.extend([
            ("CreateProvider", "true"),
            ("JwtSecretArn", "arn:aws:secretsmanager:us-east-1:123456789012:secret:tokens"),
            ("StripeSecretArn", "arn:aws:secretsmanager:us-east-1:123456789012:secret:stripe"),
            ("SecretKmsKeyArn", "arn:aws:kms:us-east-1:123456789012:key/1"),
            ("EventsDestinationArn", "arn:aws:sqs:us-east-1:123456789012:events"),
            ("EventsKmsKeyArn", "arn:aws:kms:us-east-1:123456789012:key/2"),
            ("ApiId", "ru57api222"),
        ]),
        _ => {}
    }
    given
}

/// The name of a parameter about a table: `RefreshTokensTableSource` for what ends in `Source`.
pub fn parameter_of(table: Table, end: &str) -> String {
    let words = table.base_name().split('-').map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    words.chain([format!("Table{end}")]).collect()
}
