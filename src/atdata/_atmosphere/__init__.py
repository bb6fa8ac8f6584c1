"""The AT Protocol's network: identities, records, blobs and proofs."""
