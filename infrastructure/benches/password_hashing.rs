//! What a password hash costs in time and memory, for `docs/adr/0004-password-hashing-threads.md`.
//!
//! Run with `cargo bench -p infrastructure --bench password_hashing`. The first and
//! the last line report the memory of 600 sign-ups (Linux only); between them criterion measures
//! single hashes and sign-ins a second.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark reports to its terminal, and one that cannot run has nothing to report"
)]

use std::fmt::Debug;
use std::fs;
use std::hint::black_box;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use criterion::{Criterion, Throughput};
use futures::future::join_all;
use futures::{StreamExt, stream};
use infrastructure::crypto::hash_pool::{HashPool, HashPoolSettings};
use secrecy::SecretString;
use tokio::runtime::Runtime;

const PASSWORD: &str = "correct horse battery staple";
const SALT: [u8; 16] = [7; 16];

/// As in the requirement: 600 sign-ups, 16 at a time.
const SIGN_UPS: usize = 600;
const AT_A_TIME: usize = 16;

fn main() {
    let runtime = Runtime::new().unwrap();
    let pool = HashPool::new(&HashPoolSettings::default()).unwrap();
    report_memory("on the pool", &runtime, || pool.hash(SecretString::from(PASSWORD), SALT));

    let mut criterion = Criterion::default().configure_from_args();
    one_hash(&mut criterion);
    one_legacy_hash(&mut criterion, &runtime, &pool);
    sixteen_sign_ins(&mut criterion, &runtime, &pool);
    criterion.final_summary();

    // Last, because the allocator keeps that memory and would lend it to the measurements.
    report_memory("on spawn_blocking with fresh memory", &runtime, || {
        tokio::task::spawn_blocking(hash_in_fresh_memory)
    });
}

fn report_memory<T, E: Debug>(place: &str, runtime: &Runtime, sign_up: impl AsyncFn() -> Result<T, E>) {
    let idle = resident_mib();
    let sign_ups = stream::iter(0..SIGN_UPS).map(|_| sign_up()).buffer_unordered(AT_A_TIME);
    runtime.block_on(sign_ups.for_each(async |hash| {
        black_box(hash.unwrap());
    }));
    println!("{SIGN_UPS} sign-ups {place}: {} MiB more than before", resident_mib() - idle);
}

/// Memory of this process that is in RAM, in MiB; 0 where the system does not tell.
fn resident_mib() -> i64 {
    fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| {
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
            line.trim().strip_suffix(" kB")?.trim().parse::<i64>().ok()
        })
        .map_or(0, |kib| kib / 1024)
}

fn argon2id() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

fn hash_in_fresh_memory() -> [u8; 32] {
    let mut tag = [0; 32];
    argon2id().hash_password_into(PASSWORD.as_bytes(), &SALT, &mut tag).unwrap();
    tag
}

fn one_hash(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("Argon2id, 19 MiB, t=2, p=1");

    group.bench_function("argon2, fresh memory", |bencher| {
        bencher.iter(hash_in_fresh_memory);
    });

    let mut blocks = vec![Block::new(); Params::DEFAULT.block_count()];
    let hash_into = |blocks: &mut [Block]| {
        let mut tag = [0; 32];
        argon2id().hash_password_into_with_memory(PASSWORD.as_bytes(), &SALT, &mut tag, blocks).unwrap();
        tag
    };
    group.bench_function("argon2, kept memory", |bencher| {
        bencher.iter(|| hash_into(&mut blocks));
    });
    group.bench_function("argon2, kept memory, wiped after", |bencher| {
        bencher.iter(|| {
            let tag = hash_into(&mut blocks);
            blocks.fill(Block::new());
            tag
        });
    });

    println!("argon2-rust chose {}", argon2_rust::detected_backend());
    let other = argon2_rust::Argon2::new(
        argon2_rust::Algorithm::Argon2id,
        argon2_rust::Version::V0x13,
        argon2_rust::Params::default(),
    );
    let mut hasher = other.hasher();
    group.bench_function("argon2-rust, fresh memory", |bencher| {
        bencher.iter(|| other.hash(PASSWORD.as_bytes(), &SALT).unwrap());
    });
    group.bench_function("argon2-rust, kept memory, wiped after", |bencher| {
        bencher.iter(|| hasher.hash(PASSWORD.as_bytes(), &SALT).unwrap());
    });
    group.finish();
}

fn one_legacy_hash(criterion: &mut Criterion, runtime: &Runtime, pool: &HashPool) {
    let stored = bcrypt::hash_with_salt(PASSWORD, bcrypt::DEFAULT_COST, SALT).unwrap().to_string();
    let mut group = criterion.benchmark_group("bcrypt");
    group.sample_size(10);
    group.bench_function("cost 12", |bencher| {
        bencher.iter(|| runtime.block_on(pool.verify(SecretString::from(PASSWORD), stored.clone())).unwrap());
    });
    group.finish();
}

fn sixteen_sign_ins(criterion: &mut Criterion, runtime: &Runtime, pool: &HashPool) {
    let stored = runtime.block_on(pool.hash(SecretString::from(PASSWORD), SALT)).unwrap();
    let mut group = criterion.benchmark_group("16 sign-ins at once");
    group.throughput(Throughput::Elements(AT_A_TIME as u64));
    group.sample_size(20);

    group.bench_function("pool", |bencher| {
        bencher.iter(|| {
            let verifications = (0..AT_A_TIME).map(|_| pool.verify(SecretString::from(PASSWORD), stored.clone()));
            runtime.block_on(join_all(verifications))
        });
    });
    group.bench_function("spawn_blocking, fresh memory", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                let hashes = (0..AT_A_TIME).map(|_| tokio::task::spawn_blocking(hash_in_fresh_memory));
                join_all(hashes).await
            })
        });
    });
    group.finish();
}
