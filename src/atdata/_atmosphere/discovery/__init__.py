"""What many accounts have published, found without knowing them before."""
