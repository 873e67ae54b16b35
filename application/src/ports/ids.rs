use uuid::Uuid;

/// Where new identifiers and secrets come from.
pub trait IdGenerator: Send + Sync {
    /// A new version 7 UUID: unique, and later ones sort after earlier ones.
    fn uuid(&self) -> Uuid;

    /// 256 bits from the operating system's cryptographic generator.
    fn secret(&self) -> [u8; 32];
}
