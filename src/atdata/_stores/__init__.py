"""Where shards are put, whole and checked: S3 and folders, by one contract."""
