"""Asking servers that strangers name, without a login and without trusting any of them."""
