//! What `build` makes, as AWS would run it.

use std::{
    fs::{self, File, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    process::Command,
};

use tempfile::TempDir;
use zip::ZipArchive;

use crate::{events::Request, function::Function, tools::lambda_binary};

/// The processor of this machine.
const ARCHITECTURE: &str = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86-64" };

/// The zip is unpacked as Lambda does, and its program answers.
pub(crate) async fn the_zip_answers() {
    let folder = TempDir::new().unwrap();
    let built = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["build", "--arch", ARCHITECTURE, "--binary"])
        .arg(lambda_binary())
        .arg("--root")
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(built.status.success(), "{built:?}");

    let zip = folder.path().join("target/lambda").join(ARCHITECTURE).join("account-service.zip");
    let mut zip = ZipArchive::new(File::open(zip).unwrap()).unwrap();
    let mut packed = zip.by_index(0).unwrap();
    let mode = packed.unix_mode().unwrap();
    let bootstrap = folder.path().join("bootstrap");
    io::copy(&mut packed, &mut File::create(&bootstrap).unwrap()).unwrap();
    fs::set_permissions(&bootstrap, Permissions::from_mode(mode)).unwrap();

    let function = Function::start_binary(&bootstrap).await;
    let reply = function.ask(&Request::get("/account/api/v1/health")).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.json()["data"]["status"], "Healthy");
}
