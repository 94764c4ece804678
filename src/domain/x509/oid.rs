//! Object identifiers that several readers look for.

/// DER of `extensionRequest` (1.2.840.113549.1.9.14).
pub(super) const EXTENSION_REQUEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 14];
/// DER of `subjectAltName` (2.5.29.17).
pub(super) const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 17];
