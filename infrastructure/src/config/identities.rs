//! Reads which identity providers people may sign in with.

use domain::IdentityProvider;

use super::{Stage, read::read_https, reader::Reader};
use crate::oidc::ProviderSettings;

/// The names of the settings of one provider, and what holds where they say nothing.
struct Names {
    provider: IdentityProvider,
    client_id: &'static str,
    client_ids: &'static str,
    issuer: (&'static str, &'static str),
    keys_url: (&'static str, &'static str),
}

const GOOGLE: Names = Names {
    provider: IdentityProvider::Google,
    client_id: "GOOGLE_CLIENT_ID",
    client_ids: "GOOGLE_CLIENT_IDS",
    issuer: ("GOOGLE_ISSUER", "https://accounts.google.com"),
    keys_url: ("GOOGLE_JWKS_URL", "https://www.googleapis.com/oauth2/v3/certs"),
};

const MICROSOFT: Names = Names {
    provider: IdentityProvider::Microsoft,
    client_id: "MICROSOFT_CLIENT_ID",
    client_ids: "MICROSOFT_CLIENT_IDS",
    issuer: ("MICROSOFT_ISSUER", "https://login.microsoftonline.com/{tenantid}/v2.0"),
    keys_url: ("MICROSOFT_JWKS_URL", "https://login.microsoftonline.com/common/discovery/v2.0/keys"),
};

/// The tenants whose tokens are taken.
const TENANTS: &str = "MICROSOFT_TENANTS";
/// Every one, as Microsoft writes it.
const EVERY_TENANT: &str = "common";

/// A provider is set up by its client id; without one, nobody can sign in with it.
pub(super) fn read_identities(reader: &mut Reader<'_>, stage: Stage) -> Vec<(IdentityProvider, ProviderSettings)> {
    let tenants = read_tenants(reader);
    [(GOOGLE, Vec::new()), (MICROSOFT, tenants)]
        .into_iter()
        .filter_map(|(names, tenants)| read_provider(reader, stage, &names, tenants))
        .collect()
}

fn read_provider(
    reader: &mut Reader<'_>,
    stage: Stage,
    names: &Names,
    tenants: Vec<String>,
) -> Option<(IdentityProvider, ProviderSettings)> {
    let mut client_ids = reader.list(names.client_ids);
    client_ids.extend(reader.text(names.client_id));
    let issuer = reader.text_or(names.issuer.0, names.issuer.1);
    if !issuer.starts_with("https://") {
        reader.problem(names.issuer.0, "must be an https URL");
    }
    let keys_url = reader.text_or(names.keys_url.0, names.keys_url.1);
    // Whoever can change the keys on their way can be anybody.
    let keys_url = read_https(&keys_url, stage).map_err(|why| reader.problem(names.keys_url.0, why)).ok()?;
    let settings = ProviderSettings { client_ids, issuer, tenants, keys_url };
    (!settings.client_ids.is_empty()).then_some((names.provider, settings))
}

fn read_tenants(reader: &mut Reader<'_>) -> Vec<String> {
    let tenants = reader.list(TENANTS);
    if tenants.iter().any(|tenant| tenant == EVERY_TENANT) {
        return Vec::new();
    }
    if tenants.iter().any(|tenant| uuid::Uuid::try_parse(tenant).is_err()) {
        reader.problem(TENANTS, r#"must hold the ids of tenants, or be ["common"]"#);
    }
    tenants.iter().map(|tenant| tenant.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(stage: Stage, settings: &[(&str, &str)]) -> (Vec<(IdentityProvider, ProviderSettings)>, Vec<String>) {
        let lookup = |name: &str| settings.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let mut reader = Reader::new(&lookup);
        let identities = read_identities(&mut reader, stage);
        let problems = reader.finish::<()>(None).unwrap_err().problems;
        (identities, problems.into_iter().map(|problem| problem.name).collect())
    }

    #[test]
    fn a_provider_is_set_up_by_its_client_id() {
        assert!(read(Stage::Prod, &[]).0.is_empty());
        let (identities, problems) = read(
            Stage::Prod,
            &[("GOOGLE_CLIENT_ID", "web"), ("GOOGLE_CLIENT_IDS", r#"["phone"]"#), ("MICROSOFT_CLIENT_ID", "web")],
        );
        assert_eq!(problems, Vec::<String>::new());
        let [(IdentityProvider::Google, google), (IdentityProvider::Microsoft, microsoft)] = identities.as_slice()
        else {
            panic!("{identities:?}")
        };
        assert_eq!(google.client_ids, ["phone", "web"]);
        assert_eq!(google.keys_url.as_str(), "https://www.googleapis.com/oauth2/v3/certs");
        assert_eq!(microsoft.issuer, "https://login.microsoftonline.com/{tenantid}/v2.0");
        assert!(microsoft.tenants.is_empty(), "every one");
    }

    #[test]
    fn the_tenants_of_microsoft_are_a_list_of_ids_or_all() {
        let tenants = |list| {
            let (mut identities, problems) =
                read(Stage::Prod, &[("MICROSOFT_CLIENT_ID", "web"), ("MICROSOFT_TENANTS", list)]);
            (identities.remove(0).1.tenants, problems)
        };
        let id = "9188040d-6c67-4c5b-b112-36a304b66dad";
        assert_eq!(tenants(r#"["9188040D-6C67-4C5B-B112-36A304B66DAD"]"#).0, [id]);
        assert_eq!(tenants(r#"["common"]"#), (vec![], vec![]));
        assert_eq!(tenants(r#"["contoso.com"]"#).1, ["MICROSOFT_TENANTS"]);
        assert_eq!(tenants("common").1, ["MICROSOFT_TENANTS"]);
    }

    #[test]
    fn keys_come_over_tls_but_from_a_developers_own_machine() {
        let problems = |stage, url| read(stage, &[("GOOGLE_CLIENT_ID", "web"), ("GOOGLE_JWKS_URL", url)]).1;
        for own in ["http://127.0.0.1:9/keys", "http://[::1]:9/keys", "http://localhost:9/keys"] {
            assert_eq!(problems(Stage::Local, own), Vec::<String>::new());
            assert_eq!(problems(Stage::Dev, own), ["GOOGLE_JWKS_URL"]);
        }
        for wrong in ["http://keys.example.com/", "http://127.0.0.1.example.com/", "file:///keys", "keys"] {
            assert_eq!(problems(Stage::Local, wrong), ["GOOGLE_JWKS_URL"], "{wrong}");
        }
        assert_eq!(problems(Stage::Prod, "https://keys.example.com/jwks"), Vec::<String>::new());
    }
}
