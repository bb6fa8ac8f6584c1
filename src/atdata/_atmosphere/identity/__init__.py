"""Who somebody is: from a handle or a DID to the server and the key of a repository."""
