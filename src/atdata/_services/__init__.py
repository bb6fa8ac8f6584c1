"""Redis and an S3 server on this machine for development: started, looked at and stopped."""
