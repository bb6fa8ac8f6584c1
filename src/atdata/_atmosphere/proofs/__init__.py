"""Proofs that a record stands in a repository: hashes, the tree, and the owner's signature."""
