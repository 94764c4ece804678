//! Private keys and PKCS#10 requests, zeroised after use.
